package answer

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates or updates the table of answers.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "answer", files)
}

// maxListed is how many numbers one statement takes.
const maxListed = 1024

// each reads rows of a number and its history; one without is passed over.
func each(rows *sql.Rows, fn func(id int64, history []byte) error) error {
	defer rows.Close()
	for rows.Next() {
		var id int64
		var b []byte
		if err := rows.Scan(&id, &b); err != nil {
			return err
		}
		if b == nil {
			continue
		}
		if err := fn(id, b); err != nil {
			return err
		}
	}
	return rows.Err()
}

// parsed puts histories into a map.
func parsed(into map[int64]*History) func(int64, []byte) error {
	return func(id int64, b []byte) (err error) {
		if into[id], err = Parse(b); err != nil {
			return fmt.Errorf("customer %d: %w", id, err)
		}
		return nil
	}
}

// Histories reads those of some customers; who answered nothing has none. As with
// purchases a probe of the key for each is sure not to read the whole brand.
func Histories(ctx context.Context, q sqldb.Querier, brand string, ids []int64) (map[int64]*History, error) {
	found := map[int64]*History{}
	for some := range slices.Chunk(ids, maxListed) {
		list, args := sqldb.Values(2, some, "(CAST($%d AS BIGINT))")
		rows, err := q.Query(ctx, "WITH v (customer) AS (VALUES "+list+`) SELECT v.customer,
(SELECT a.history FROM answer a WHERE a.brand = $1 AND a.customer = v.customer) FROM v`, append([]any{brand}, args...)...)
		if err == nil {
			err = each(rows, parsed(found))
		}
		if err != nil {
			return nil, fmt.Errorf("read answers: %w", err)
		}
	}
	return found, nil
}

// HistoriesWithin reads those of a run of customers, both ends included.
func HistoriesWithin(ctx context.Context, q sqldb.Querier, brand string, first, last int64) (map[int64]*History, error) {
	found := map[int64]*History{}
	rows, err := q.Query(ctx, `SELECT customer, history FROM answer
WHERE brand = $1 AND customer >= $2 AND customer <= $3 ORDER BY customer`, brand, first, last)
	if err == nil {
		err = each(rows, parsed(found))
	}
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	return found, nil
}

// save replaces the rows of customers, given in ascending order; who has nothing any
// more has no row.
func save(ctx context.Context, tx *sqldb.Tx, brand string, ids []int64, all map[int64]*History) error {
	var gone, id []int64
	var history [][]byte
	for _, one := range ids {
		if h := all[one]; h.Empty() {
			gone = append(gone, one)
		} else {
			id, history = append(id, one), append(history, h.Pack())
		}
	}
	for some := range slices.Chunk(gone, maxListed) {
		in, args := sqldb.In(2, some)
		_, err := tx.Exec(ctx, "DELETE FROM answer WHERE brand = $1 AND customer IN ("+in+")", append([]any{brand}, args...)...)
		if err != nil {
			return fmt.Errorf("remove answers: %w", err)
		}
	}
	if len(id) == 0 {
		return nil
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "answer", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "customer", Data: id}, {Name: "history", Data: history},
	}, OnConflict: "ON CONFLICT (brand, customer) DO UPDATE SET history = excluded.history"})
	if err != nil {
		return fmt.Errorf("save answers of %d customers: %w", len(id), err)
	}
	return nil
}

// removeAll clears a brand's table.
func removeAll(ctx context.Context, tx *sqldb.Tx, brand string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM answer WHERE brand = $1", brand); err != nil {
		return fmt.Errorf("remove all answers: %w", err)
	}
	return nil
}

// page reads stored rows behind a customer.
func page(ctx context.Context, q sqldb.Querier, brand string, after int64, fn func(id int64, history []byte) error) error {
	rows, err := q.Query(ctx, `SELECT customer, history FROM answer
WHERE brand = $1 AND customer > $2 ORDER BY customer LIMIT 1000`, brand, after)
	if err == nil {
		err = each(rows, fn)
	}
	if err != nil {
		return fmt.Errorf("page answers: %w", err)
	}
	return nil
}
