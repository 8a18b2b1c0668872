package people

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates the tables of this package in a service's database.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "people", files)
}

// Waiting is the sealed identity of one fact.
type Waiting struct {
	Seq    int64
	Sealed []byte
}

// Sealed is the table of identities that wait to be resolved, in the database of
// the service that holds their facts.
type Sealed struct{ db *sqldb.DB }

// NewSealed returns the table in db. Migrate must have run.
func NewSealed(db *sqldb.DB) *Sealed { return &Sealed{db} }

// Put keeps the identities of facts, in the transaction that writes the facts.
func (s *Sealed) Put(ctx context.Context, tx *sqldb.Tx, brand string, waiting []Waiting) error {
	if len(waiting) == 0 {
		return nil
	}
	seqs, sealed := make([]int64, len(waiting)), make([][]byte, len(waiting))
	for i, w := range waiting {
		seqs[i], sealed[i] = w.Seq, w.Sealed
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "sealed_identity", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "seq", Data: seqs}, {Name: "sealed", Data: sealed},
	}})
	if err != nil {
		return fmt.Errorf("keep sealed identities: %w", err)
	}
	return nil
}

// Pending returns up to limit identities of facts behind after, in order.
func (s *Sealed) Pending(ctx context.Context, brand string, after int64, limit int) ([]Waiting, error) {
	rows, err := s.db.Query(ctx, "SELECT seq, sealed FROM sealed_identity WHERE brand = $1 AND seq > $2 ORDER BY seq LIMIT $3",
		brand, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read sealed identities: %w", err)
	}
	defer rows.Close()
	var out []Waiting
	for rows.Next() {
		var w Waiting
		if err := rows.Scan(&w.Seq, &w.Sealed); err != nil {
			return nil, fmt.Errorf("read sealed identities: %w", err)
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

// Delete forgets the identities of facts and tells how many were there.
func (s *Sealed) Delete(ctx context.Context, tx *sqldb.Tx, brand string, seqs ...int64) (int, error) {
	var gone int64
	for len(seqs) > 0 {
		n := min(len(seqs), atOnce)
		list, args := sqldb.In(2, seqs[:n])
		m, err := tx.Exec(ctx, "DELETE FROM sealed_identity WHERE brand = $1 AND seq IN ("+list+")", append([]any{brand}, args...)...)
		if err != nil {
			return 0, fmt.Errorf("forget sealed identities: %w", err)
		}
		gone, seqs = gone+m, seqs[n:]
	}
	return int(gone), nil
}

// Count is how many identities wait.
func (s *Sealed) Count(ctx context.Context, brand string) (n int64, err error) {
	err = s.db.QueryRow(ctx, "SELECT count(*) FROM sealed_identity WHERE brand = $1", brand).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count sealed identities: %w", err)
	}
	return n, nil
}

// done is what was blanked of one number for an erasure.
type done struct{ erasure, customer, records int64 }

// putDone keeps what is to be reported, in the transaction that blanked it.
func putDone(ctx context.Context, tx *sqldb.Tx, brand string, d done) error {
	_, err := tx.Exec(ctx, `INSERT INTO erased_customer (brand, erasure, customer, records) VALUES ($1, $2, $3, $4)
ON CONFLICT (brand, erasure, customer) DO UPDATE SET records = erased_customer.records + $4`, brand, d.erasure, d.customer, d.records)
	if err != nil {
		return fmt.Errorf("note erasure %d: %w", d.erasure, err)
	}
	return nil
}

// unreported returns what is to be reported, by erasure and number.
func unreported(ctx context.Context, q sqldb.Querier, brand string) ([]done, error) {
	rows, err := q.Query(ctx, "SELECT erasure, customer, records FROM erased_customer WHERE brand = $1 ORDER BY erasure, customer", brand)
	if err != nil {
		return nil, fmt.Errorf("read erasures to report: %w", err)
	}
	defer rows.Close()
	var out []done
	for rows.Next() {
		var d done
		if err := rows.Scan(&d.erasure, &d.customer, &d.records); err != nil {
			return nil, fmt.Errorf("read erasures to report: %w", err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// dropReported forgets an erasure that was reported.
func dropReported(ctx context.Context, tx *sqldb.Tx, brand string, erasure int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM erased_customer WHERE brand = $1 AND erasure = $2", brand, erasure)
	if err != nil {
		return fmt.Errorf("forget report of erasure %d: %w", erasure, err)
	}
	return nil
}
