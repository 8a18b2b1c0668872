package ledger

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

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

// union asks the same of many numbers, in one statement: one is a select in which $1 is
// the brand and $2 the number. Written as customer IN (…) it reads the whole brand, under
// plans of a young table and in SQLite always, since both take equal brands to be few; a
// select a number is a probe of the index under any plan. Lists of any length make few
// different texts, and stay prepared.
func (s store) union(keys []int64, selects ...string) (string, []any) {
	n := 1
	for n < len(keys) {
		n *= 2
	}
	var w strings.Builder
	args := append(make([]any, 0, n+1), s.brand)
	for i := range n {
		place := "$" + strconv.Itoa(i+2)
		for _, one := range selects {
			if w.Len() > 0 {
				w.WriteString(" UNION ALL ")
			}
			w.WriteString(strings.ReplaceAll(one, "$2", place))
		}
		key := int64(-1) // nobody's
		if i < len(keys) {
			key = keys[i]
		}
		args = append(args, key)
	}
	return w.String(), args
}

// unionOf bounds the numbers of one such statement: SQLite takes 500 selects.
const unionOf = 64

// packed is a number with its accounts and lots, packed: what a list of it asks per
// number is a probe of an index under any plan, while a join, or IN (…), reads the whole
// brand under plans of a young table. The derived table reads no more than it must of
// those who have very many lots.
const packed = `SELECT v.customer,
(SELECT string_agg(a.programme || ' ' || a.available || ' ' || a.held || ' ' || a.pending || ' ' || a.owed || ' ' || a.lots || ' ' || a.clock, ',')
 FROM account a WHERE a.brand = $1 AND a.customer = v.customer),
(SELECT string_agg(o.programme || ' ' || o.id || ' ' || o.points || ' ' || o.earned_at || ' ' || o.expires_at || ' ' || o.active_at, ',')
 FROM (SELECT l.programme, l.id, l.points, l.earned_at, l.expires_at, l.active_at FROM lot l
  WHERE l.brand = $1 AND l.customer = v.customer ORDER BY l.programme, l.active_at, l.expires_at, l.id LIMIT $2) o) FROM v`

// members reads the accounts of some numbers, in all programmes. Of who has more than
// small lots in all, lots are left out.
func (s store) members(ctx context.Context, customers []int64, small int, fn func(customer int64, accounts []*Account, lots []lotRow)) error {
	for some := range slices.Chunk(customers, atOnce) {
		list, args := sqldb.Values(3, some, "(CAST($%d AS BIGINT))")
		query := "WITH v (customer) AS (VALUES " + list + ") " + packed
		err := s.each(ctx, "accounts", query, append([]any{s.brand, small + 1}, args...), func(scan func(...any) error) error {
			var customer int64
			var accounts, lots *string // nil: there is none
			if err := scan(&customer, &accounts, &lots); err != nil {
				return err
			}
			found, err := readAccounts(customer, accounts)
			if err != nil {
				return err
			}
			rows, err := readLots(customer, lots)
			if len(rows) > small {
				rows = nil
			}
			fn(customer, found, rows)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
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
		r.storedActiveAt = r.ActiveAt
		out = append(out, r)
		return err
	})
	return out, err
}

// pendingOf reads all lots of an account that may not be spent yet.
func (s store) pendingOf(ctx context.Context, a *Account) ([]lotRow, error) {
	return s.lots(ctx, "SELECT "+lotColumns+` FROM lot WHERE brand = $1 AND customer = $2 AND programme = $3 AND active_at > 0
ORDER BY active_at, id`, s.brand, a.Customer, a.Programme)
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
	const own = "SELECT " + holdColumns + " FROM hold WHERE brand = $1 AND owner = $2"
	out, err := s.holdsBy(ctx, owners, own)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(out))
	for i, r := range out {
		ids[i] = r.ID
	}
	slices.Sort(ids)
	return s.holdsBy(ctx, slices.Compact(ids), byHold)
}

const byHold = "SELECT " + holdColumns + " FROM hold WHERE brand = $1 AND id = $2"

func (s store) holdsBy(ctx context.Context, keys []int64, one string) (out []holdRow, err error) {
	for some := range slices.Chunk(keys, unionOf) {
		query, args := s.union(some, one)
		found, err := s.holds(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, func(a, b holdRow) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.owner, b.owner)) })
	return out, nil
}

// holdersOf are the numbers whose points some holds hold.
func (s store) holdersOf(ctx context.Context, ids []int64) ([]int64, error) {
	rows, err := s.holdsBy(ctx, ids, byHold)
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

// othersAfter are the movements above after that touch a number beside their own.
func (s store) othersAfter(ctx context.Context, customer, after int64) ([]int64, error) {
	return s.seqs(ctx, "SELECT seq FROM other_entry WHERE brand = $1 AND customer = $2 AND seq > $3 ORDER BY seq", s.brand, customer, after)
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
