package purchase

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates or updates the tables of purchases.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "purchase", files)
}

// maxListed is how many numbers one statement takes.
const maxListed = 1024

func scanAll(rows *sql.Rows, fn func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Histories reads those of some customers; who bought nothing has none.
//
// Written as customer IN (…) it would read the whole brand while an import makes the
// table grow from nothing. A subquery a customer is a probe of the key under any plan.
func Histories(ctx context.Context, q sqldb.Querier, brand string, ids []int64) (map[int64]*History, error) {
	found := make(map[int64]*History, len(ids))
	for some := range slices.Chunk(ids, maxListed) {
		list, args := sqldb.Values(2, some, "(CAST($%d AS BIGINT))")
		rows, err := q.Query(ctx, "WITH v (customer) AS (VALUES "+list+`) SELECT v.customer,
(SELECT p.history FROM purchase p WHERE p.brand = $1 AND p.customer = v.customer) FROM v`, append([]any{brand}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("read purchases: %w", err)
		}
		err = scanAll(rows, func(rows *sql.Rows) error {
			var id int64
			var b []byte // nil: bought nothing
			if err := rows.Scan(&id, &b); err != nil || b == nil {
				return err
			}
			h, err := Parse(b)
			if err != nil {
				return fmt.Errorf("customer %d: %w", id, err)
			}
			found[id] = h
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read purchases: %w", err)
		}
	}
	return found, nil
}

// Read sums the facts of one person's numbers.
func Read(ctx context.Context, q sqldb.Querier, brand string, ids []int64) (sum Facts, err error) {
	for _, id := range ids {
		var f Facts
		err := q.QueryRow(ctx, `SELECT first_day, last_day, purchases, returns, spent, returned FROM purchase
WHERE brand = $1 AND customer = $2`, brand, id).Scan(&f.First, &f.Last, &f.Purchases, &f.Returns, &f.Spent, &f.Returned)
		if errors.Is(err, sqldb.ErrNoRows) {
			continue
		}
		if err != nil {
			return sum, fmt.Errorf("read purchases of %d: %w", id, err)
		}
		sum = Join(sum, f)
	}
	return sum, nil
}

// Head is of a brand's purchases as a whole.
type Head struct {
	// AsOf is up to when Journey's log was followed, in Unix microseconds; 0 if it
	// never was.
	AsOf int64
	// Rebuilt is how often the rows were counted anew.
	Rebuilt int64
}

// HeadOf reads a brand's.
func HeadOf(ctx context.Context, q sqldb.Querier, brand string) (h Head, err error) {
	err = q.QueryRow(ctx, "SELECT as_of, rebuilt FROM purchase_head WHERE brand = $1", brand).Scan(&h.AsOf, &h.Rebuilt)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return h, fmt.Errorf("read head of purchases: %w", err)
	}
	return h, nil
}

// AsOf is up to when Journey's log was followed.
func AsOf(ctx context.Context, q sqldb.Querier, brand string) (asOf int64, err error) {
	h, err := HeadOf(ctx, q, brand)
	return h.AsOf, err
}

// rebuilt notes that a brand's rows were counted anew.
func rebuilt(ctx context.Context, tx *sqldb.Tx, brand string) error {
	_, err := tx.Exec(ctx, `INSERT INTO purchase_head (brand, as_of, rebuilt) VALUES ($1, 0, 1)
ON CONFLICT (brand) DO UPDATE SET rebuilt = purchase_head.rebuilt + 1`, brand)
	if err != nil {
		return fmt.Errorf("note that purchases were counted anew: %w", err)
	}
	return nil
}

func setAsOf(ctx context.Context, tx *sqldb.Tx, brand string, asOf int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO purchase_head (brand, as_of) VALUES ($1, $2)
ON CONFLICT (brand) DO UPDATE SET as_of = excluded.as_of WHERE purchase_head.as_of < excluded.as_of`, brand, asOf)
	if err != nil {
		return fmt.Errorf("move head of purchases: %w", err)
	}
	return nil
}

// save replaces the rows of customers, given in ascending order; who has nothing
// any more has no row.
func save(ctx context.Context, tx *sqldb.Tx, brand string, ids []int64, all map[int64]*History) error {
	var gone, id, purchases, returns, spent, returned []int64
	var first, last []int32
	var packed [][]byte
	for _, one := range ids {
		h := all[one]
		if h.Empty() {
			gone = append(gone, one)
			continue
		}
		f := h.Facts()
		id, first, last = append(id, one), append(first, int32(f.First)), append(last, int32(f.Last))
		purchases, returns = append(purchases, f.Purchases), append(returns, f.Returns)
		spent, returned = append(spent, f.Spent), append(returned, f.Returned)
		packed = append(packed, h.Pack())
	}
	if err := remove(ctx, tx, brand, gone); err != nil {
		return err
	}
	if len(id) == 0 {
		return nil
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "purchase", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "customer", Data: id}, {Name: "first_day", Data: first}, {Name: "last_day", Data: last},
		{Name: "purchases", Data: purchases}, {Name: "returns", Data: returns}, {Name: "spent", Data: spent},
		{Name: "returned", Data: returned}, {Name: "history", Data: packed},
	}, OnConflict: `ON CONFLICT (brand, customer) DO UPDATE SET first_day = excluded.first_day, last_day = excluded.last_day,
purchases = excluded.purchases, returns = excluded.returns, spent = excluded.spent, returned = excluded.returned,
history = excluded.history`})
	if err != nil {
		return fmt.Errorf("save purchases of %d customers: %w", len(id), err)
	}
	return nil
}

func remove(ctx context.Context, tx *sqldb.Tx, brand string, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	in, args := sqldb.In(2, ids)
	_, err := tx.Exec(ctx, "DELETE FROM purchase WHERE brand = $1 AND customer IN ("+in+")", append([]any{brand}, args...)...)
	if err != nil {
		return fmt.Errorf("remove purchases: %w", err)
	}
	return nil
}

// removeAll clears a brand's table.
func removeAll(ctx context.Context, tx *sqldb.Tx, brand string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM purchase WHERE brand = $1", brand); err != nil {
		return fmt.Errorf("remove all purchases: %w", err)
	}
	return nil
}

// page reads stored rows behind a customer, whole.
func page(ctx context.Context, q sqldb.Querier, brand string, after int64, fn func(id int64, f Facts, history []byte) error) error {
	rows, err := q.Query(ctx, `SELECT customer, first_day, last_day, purchases, returns, spent, returned, history
FROM purchase WHERE brand = $1 AND customer > $2 ORDER BY customer LIMIT 1000`, brand, after)
	if err != nil {
		return fmt.Errorf("page purchases: %w", err)
	}
	return scanAll(rows, func(rows *sql.Rows) error {
		var id int64
		var f Facts
		var history []byte
		if err := rows.Scan(&id, &f.First, &f.Last, &f.Purchases, &f.Returns, &f.Spent, &f.Returned, &history); err != nil {
			return err
		}
		return fn(id, f, history)
	})
}
