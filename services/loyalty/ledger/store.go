package ledger

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates or updates the ledger's tables, behind those of the log.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "ledger", files)
}

// store reads and writes the tables of one brand through a transaction, or beside all.
type store struct {
	q     sqldb.Querier
	brand string
}

// each runs a query and calls scan for every row.
func (s store) each(ctx context.Context, what, query string, args []any, scan func(scan func(...any) error) error) error {
	rows, err := s.q.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// in is a list of values for a query whose first argument is the brand.
func (s store) in(values []int64) (string, []any) {
	list, args := sqldb.In(2, values)
	return list, append([]any{s.brand}, args...)
}

// accounts reads those of some numbers, in all programmes.
func (s store) accounts(ctx context.Context, customers []int64, fn func(*Account)) error {
	if len(customers) == 0 {
		return nil
	}
	list, args := s.in(customers)
	return s.each(ctx, "accounts", `SELECT programme, customer, available, held, pending, owed, lots FROM account
WHERE brand = $1 AND customer IN (`+list+")", args, func(scan func(...any) error) error {
		a := NewAccount("", 0)
		a.stored = true
		err := scan(&a.Programme, &a.Customer, &a.Available, &a.Held, &a.Pending, &a.Owed, &a.Lots)
		fn(a)
		return err
	})
}

// lotRow is a lot and where it belongs.
type lotRow struct {
	Place
	*Lot
}

const lotColumns = "id, customer, programme, points, earned_at, expires_at, active_at"

func (s store) lots(ctx context.Context, query string, args ...any) ([]lotRow, error) {
	var out []lotRow
	err := s.each(ctx, "lots", query, args, func(scan func(...any) error) error {
		r := lotRow{Lot: &Lot{stored: true}}
		err := scan(&r.ID, &r.Customer, &r.Programme, &r.Points, &r.EarnedAt, &r.ExpiresAt, &r.ActiveAt)
		out = append(out, r)
		return err
	})
	return out, err
}

// activeOf reads all lots of some numbers that may be spent, pendingOf those that may not.
func (s store) activeOf(ctx context.Context, customers []int64) ([]lotRow, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	list, args := s.in(customers)
	return s.lots(ctx, "SELECT "+lotColumns+" FROM lot WHERE brand = $1 AND active_at = 0 AND customer IN ("+list+
		") ORDER BY customer, programme, expires_at, id", args...)
}

func (s store) pendingOf(ctx context.Context, customers []int64) ([]lotRow, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	list, args := s.in(customers)
	return s.lots(ctx, "SELECT "+lotColumns+" FROM lot WHERE brand = $1 AND active_at <> 0 AND customer IN ("+list+
		") ORDER BY active_at, id", args...)
}

// activeAfter reads the next lots of one account.
func (s store) activeAfter(ctx context.Context, a *Account, limit int) ([]lotRow, error) {
	return s.lots(ctx, "SELECT "+lotColumns+` FROM lot WHERE brand = $1 AND customer = $2 AND programme = $3 AND active_at = 0
AND (expires_at, id) > ($4, $5) ORDER BY expires_at, id LIMIT $6`, s.brand, a.Customer, a.Programme, a.edge.ExpiresAt, int64(a.edge.ID), limit)
}

// lot reads one lot; none if it has no points.
func (s store) lot(ctx context.Context, id LotID) ([]lotRow, error) {
	return s.lots(ctx, "SELECT "+lotColumns+" FROM lot WHERE brand = $1 AND id = $2", s.brand, int64(id))
}

// expiring reads lots that have expired, ripe ones that may be spent from now on.
func (s store) expiring(ctx context.Context, now int64, limit int) ([]lotRow, error) {
	return s.lots(ctx, "SELECT "+lotColumns+" FROM lot WHERE brand = $1 AND expires_at <= $2 ORDER BY expires_at, id LIMIT $3", s.brand, now, limit)
}

func (s store) ripe(ctx context.Context, now int64, limit int) ([]lotRow, error) {
	return s.lots(ctx, "SELECT "+lotColumns+` FROM lot WHERE brand = $1 AND active_at <> 0 AND active_at <= $2 AND expires_at > $2
ORDER BY active_at, id LIMIT $3`, s.brand, now, limit)
}

// holdRow is the part of a hold that is of one number.
type holdRow struct {
	owner int64
	*Hold
}

const holdColumns = "id, owner, programme, customer, ends_at, parts, origin"

func (s store) holds(ctx context.Context, query string, args ...any) ([]holdRow, error) {
	var out []holdRow
	err := s.each(ctx, "holds", query, args, func(scan func(...any) error) error {
		r := holdRow{Hold: &Hold{stored: true}}
		var parts []byte
		if err := scan(&r.ID, &r.owner, &r.Programme, &r.Customer, &r.EndsAt, &parts, &r.Origin); err != nil {
			return err
		}
		var err error
		r.Parts, err = parseParts(parts, r.owner)
		out = append(out, r)
		return err
	})
	return out, err
}

// holdsOf reads whole holds that hold anything of some numbers.
func (s store) holdsOf(ctx context.Context, owners []int64) ([]holdRow, error) {
	if len(owners) == 0 {
		return nil, nil
	}
	list, args := s.in(owners)
	return s.holds(ctx, "SELECT "+holdColumns+` FROM hold WHERE brand = $1 AND id IN
(SELECT o.id FROM hold o WHERE o.brand = $1 AND o.owner IN (`+list+")) ORDER BY id, owner", args...)
}

// holdersOf are the numbers whose points some holds hold.
func (s store) holdersOf(ctx context.Context, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, args := s.in(ids)
	rows, err := s.holds(ctx, "SELECT "+holdColumns+" FROM hold WHERE brand = $1 AND id IN ("+list+")", args...)
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r.owner
	}
	return out, err
}

// ended reads holds whose time is over.
func (s store) ended(ctx context.Context, now int64, limit int) ([]holdRow, error) {
	return s.holds(ctx, "SELECT "+holdColumns+" FROM hold WHERE brand = $1 AND ends_at <= $2 ORDER BY ends_at, id, owner LIMIT $3", s.brand, now, limit)
}

// ofOrder are the numbers of an order's movements, oldest first.
func (s store) ofOrder(ctx context.Context, order string) ([]int64, error) {
	return s.seqs(ctx, "SELECT seq FROM order_entry WHERE brand = $1 AND order_id = $2 ORDER BY seq", s.brand, order)
}

// others are the movements below before that touch a number beside their own, newest first.
func (s store) others(ctx context.Context, customer, before int64, limit int) ([]int64, error) {
	return s.seqs(ctx, "SELECT seq FROM other_entry WHERE brand = $1 AND customer = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4",
		s.brand, customer, before, limit)
}

func (s store) seqs(ctx context.Context, query string, args ...any) (out []int64, err error) {
	err = s.each(ctx, "entries", query, args, func(scan func(...any) error) error {
		var seq int64
		err := scan(&seq)
		out = append(out, seq)
		return err
	})
	return out, err
}
