package rfm

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

// Migrate creates or updates the table of runs.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "rfm", files)
}

// Save writes a run's rows, ascending by person.
func Save(ctx context.Context, tx *sqldb.Tx, brand string, run int64, rows []Row) error {
	var firsts []int64
	var bodies [][]byte
	for block := range slices.Chunk(rows, blockRows) {
		firsts = append(firsts, block[0].Person)
		bodies = append(bodies, pack(block))
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "rfm_block", Args: []any{brand, run}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "run", Expr: "CAST($2 AS BIGINT)"}, {Name: "first_person", Data: firsts}, {Name: "body", Data: bodies},
	}})
	if err != nil {
		return fmt.Errorf("save %d persons of RFM run %d: %w", len(rows), run, err)
	}
	return nil
}

// Each calls fn for every row of a run, ascending by person. fn must not keep the
// row, nor ask the same transaction.
func Each(ctx context.Context, q sqldb.Querier, brand string, run int64, fn func(*Row)) error {
	rows, err := q.Query(ctx, "SELECT body FROM rfm_block WHERE brand = $1 AND run = $2 ORDER BY first_person", brand, run)
	if err != nil {
		return fmt.Errorf("read RFM run %d: %w", run, err)
	}
	defer rows.Close()
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return fmt.Errorf("read RFM run %d: %w", run, err)
		}
		if err := unpack(body, func(r *Row) bool { fn(r); return true }); err != nil {
			return fmt.Errorf("read RFM run %d: %w", run, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read RFM run %d: %w", run, err)
	}
	return nil
}

// Find reads a run's row of a person, given all its numbers; nil if there is none. A
// person merged since the run may have several: its own number's counts, or else the
// lowest one's. Nothing is added up: a run stays what it was.
func Find(ctx context.Context, q sqldb.Querier, brand string, run, person int64, members []int64) (*Row, error) {
	r, err := find(ctx, q, brand, run, person)
	for i := 0; i < len(members) && r == nil && err == nil; i++ {
		r, err = find(ctx, q, brand, run, members[i])
	}
	return r, err
}

func find(ctx context.Context, q sqldb.Querier, brand string, run, person int64) (found *Row, err error) {
	var body []byte
	err = q.QueryRow(ctx, `SELECT body FROM rfm_block WHERE brand = $1 AND run = $2 AND first_person <= $3
ORDER BY first_person DESC LIMIT 1`, brand, run, person).Scan(&body)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = unpack(body, func(r *Row) bool {
			if r.Person == person {
				one := *r
				found = &one
			}
			return r.Person < person
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read person %d of RFM run %d: %w", person, run, err)
	}
	return found, nil
}

// stored are the numbers of all runs that have rows.
func stored(ctx context.Context, q sqldb.Querier, brand string) (runs []int64, err error) {
	rows, err := q.Query(ctx, "SELECT DISTINCT run FROM rfm_block WHERE brand = $1 ORDER BY run", brand)
	if err != nil {
		return nil, fmt.Errorf("list RFM runs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var run int64
		if err := rows.Scan(&run); err != nil {
			return nil, fmt.Errorf("list RFM runs: %w", err)
		}
		runs = append(runs, run)
	}
	return runs, rows.Err()
}
