package contact

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Told is one answer as it was given.
type Told struct {
	// Kind is contact, contact.released or contact.refused.
	Kind    string
	Request string
	// Contact has the customer's number and the time it was for.
	Contact *segmentationv1.ContactRequest
}

var kinds = map[int32]string{counts: "contact", released: "contact.released", refused: "contact.refused"}

// All reads every answer about some numbers, oldest first.
func All(ctx context.Context, q sqldb.Querier, brand string, ids []int64) ([]Told, error) {
	var found []*row
	size, err := lastID(ctx, q, brand)
	if err != nil {
		return nil, err
	}
	err = listed(ctx, q, size, func(in string) string {
		return "SELECT " + columns + " FROM contact WHERE brand = $1 AND customer IN (" + in + ")"
	}, brand, ids, nil, func(rows *sql.Rows) error {
		r := &row{}
		found = append(found, r)
		return r.scan(rows)
	})
	if err != nil {
		return nil, fmt.Errorf("read answers to contacts: %w", err)
	}
	slices.SortFunc(found, func(a, b *row) int { return cmp.Compare(a.id, b.id) })
	all := make([]Told, len(found))
	for i, r := range found {
		r.asked.At = timestamppb.New(time.UnixMicro(r.at))
		all[i] = Told{Kind: kinds[r.state], Request: r.request, Contact: r.asked}
	}
	return all, nil
}

// pageOf reads rows behind a number.
func pageOf(ctx context.Context, q sqldb.Querier, brand string, after int64, fn func(id int64, has told)) error {
	rows, err := q.Query(ctx, `SELECT id, customer, purpose, at, state FROM contact
WHERE brand = $1 AND id > $2 ORDER BY id LIMIT 1000`, brand, after)
	if err != nil {
		return fmt.Errorf("page contacts: %w", err)
	}
	return scanAll(rows, func(rows *sql.Rows) error {
		var id int64
		var has told
		err := rows.Scan(&id, &has.customer, &has.purpose, &has.at, &has.state)
		fn(id, has)
		return err
	})
}
