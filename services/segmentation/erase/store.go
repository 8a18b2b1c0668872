// Package erase keeps who was erased when, and how far each service is with
// forgetting them. It holds numbers alone.
package erase

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates the tables.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "erasure", files)
}

// Next is the number of the brand's next erasure. The brand's log must be locked.
func Next(ctx context.Context, tx *sqldb.Tx, brand string) (id int64, err error) {
	err = tx.QueryRow(ctx, "SELECT coalesce(max(id), 0) + 1 FROM erasure WHERE brand = $1", brand).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("number erasure: %w", err)
	}
	return id, nil
}

// Begin keeps an erasure of some numbers that the services have yet to do.
func Begin(ctx context.Context, tx *sqldb.Tx, brand string, id int64, at time.Time, reason string, customers []int64, services []string) error {
	_, err := tx.Exec(ctx, "INSERT INTO erasure (brand, id, erased_at, reason) VALUES ($1, $2, $3, $4)",
		brand, id, at.UnixMicro(), reason)
	if err == nil {
		_, err = tx.Insert(ctx, sqldb.Insert{Into: "erasure_customer", Args: []any{brand, id}, Columns: []sqldb.Column{
			{Name: "brand", Expr: "$1"}, {Name: "erasure", Expr: "CAST($2 AS BIGINT)"}, {Name: "customer", Data: customers},
		}})
	}
	for _, service := range services {
		if err == nil {
			_, err = tx.Exec(ctx, `INSERT INTO erasure_part (brand, erasure, service, completed_at, records)
VALUES ($1, $2, $3, 0, 0)`, brand, id, service)
		}
	}
	if err != nil {
		return fmt.Errorf("begin erasure %d: %w", id, err)
	}
	return nil
}

// Complete says that a service has done its part. Its first word counts, also
// where nobody waited for it.
func Complete(ctx context.Context, tx *sqldb.Tx, brand string, id int64, service string, at time.Time, records int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO erasure_part (brand, erasure, service, completed_at, records) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (brand, erasure, service) DO UPDATE SET completed_at = $4, records = $5 WHERE erasure_part.completed_at = 0`,
		brand, id, service, at.UnixMicro(), records)
	if err != nil {
		return fmt.Errorf("complete erasure %d: %w", id, err)
	}
	return nil
}

// Load reads an erasure; nil if there is none.
func Load(ctx context.Context, q sqldb.Querier, brand string, id int64) (*segmentationv1.Erasure, error) {
	var at int64
	err := q.QueryRow(ctx, "SELECT erased_at FROM erasure WHERE brand = $1 AND id = $2", brand, id).Scan(&at)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read erasure %d: %w", id, err)
	}
	out := &segmentationv1.Erasure{Id: id, ErasedAt: timestamppb.New(time.UnixMicro(at)), Complete: true}
	if out.CustomerIds, err = customers(ctx, q, brand, id); err != nil {
		return nil, fmt.Errorf("read erasure %d: %w", id, err)
	}
	if out.Parts, err = parts(ctx, q, brand, id); err != nil {
		return nil, fmt.Errorf("read erasure %d: %w", id, err)
	}
	for _, p := range out.GetParts() {
		out.Complete = out.GetComplete() && p.GetCompletedAt() != nil
	}
	return out, nil
}

func customers(ctx context.Context, q sqldb.Querier, brand string, id int64) (all []int64, err error) {
	rows, err := q.Query(ctx, "SELECT customer FROM erasure_customer WHERE brand = $1 AND erasure = $2 ORDER BY customer", brand, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var customer int64
		if err := rows.Scan(&customer); err != nil {
			return nil, err
		}
		all = append(all, customer)
	}
	return all, rows.Err()
}

func parts(ctx context.Context, q sqldb.Querier, brand string, id int64) (all []*segmentationv1.ErasurePart, err error) {
	rows, err := q.Query(ctx, `SELECT service, completed_at, records FROM erasure_part
WHERE brand = $1 AND erasure = $2 ORDER BY service`, brand, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		p, at := &segmentationv1.ErasurePart{}, int64(0)
		if err := rows.Scan(&p.Service, &at, &p.Records); err != nil {
			return nil, err
		}
		if at != 0 {
			p.CompletedAt = timestamppb.New(time.UnixMicro(at))
		}
		all = append(all, p)
	}
	return all, rows.Err()
}
