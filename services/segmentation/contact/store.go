package contact

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates or updates the tables of contacts.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "contact", files)
}

// States of a row.
const (
	counts   = 1
	released = 2
	refused  = 3
)

// row is one answer as it lies in the table.
type row struct {
	id       int64
	request  string
	customer int64
	at       int64
	state    int32
	asked    *segmentationv1.ContactRequest
	// verdict is nil unless it was refused.
	verdict *segmentationv1.ContactVerdict
}

// maxListed is how many values one IN takes.
const maxListed = 1024

// listed calls query with each piece of a list of values and hands its rows to fn.
// The table has about size rows of the brand.
func listed[T any](ctx context.Context, q sqldb.Querier, size int64, query func(in string) string, brand string, values []T, more []any, fn func(*sql.Rows) error) error {
	for len(values) > 0 {
		some := values[:min(maxListed, len(values))]
		values = values[len(some):]
		in, args := sqldb.In(2+len(more), some)
		rows, err := q.Query(ctx, sqldb.Grown(size)+query(in), append(append([]any{brand}, more...), args...)...)
		if err != nil {
			return err
		}
		if err := scanAll(rows, fn); err != nil {
			return err
		}
	}
	return nil
}

func scanAll(rows *sql.Rows, fn func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

const columns = "id, request_id, customer, at, state, asked, verdict"

func (r *row) scan(rows *sql.Rows) error {
	var asked, verdict []byte
	if err := rows.Scan(&r.id, &r.request, &r.customer, &r.at, &r.state, &asked, &verdict); err != nil {
		return err
	}
	r.asked = &segmentationv1.ContactRequest{}
	if err := proto.Unmarshal(asked, r.asked); err != nil {
		return fmt.Errorf("contact %d: %w", r.id, err)
	}
	if r.state == refused {
		r.verdict = &segmentationv1.ContactVerdict{}
		return proto.Unmarshal(verdict, r.verdict)
	}
	return nil
}

// answered finds the answers that requests got before.
func answered(ctx context.Context, q sqldb.Querier, brand string, size int64, requests []string) (map[string]*row, error) {
	found := map[string]*row{}
	err := listed(ctx, q, size, func(in string) string {
		return "SELECT " + columns + " FROM contact WHERE brand = $1 AND request_id IN (" + in + ")"
	}, brand, requests, nil, func(rows *sql.Rows) error {
		r := &row{}
		err := r.scan(rows)
		found[r.request] = r
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find answers to contacts: %w", err)
	}
	return found, nil
}

// made reads the contacts of numbers that count, from a time on.
func made(ctx context.Context, q sqldb.Querier, brand string, size int64, ids []int64, since time.Time, fn func(id int64, m Made)) error {
	err := listed(ctx, q, size, func(in string) string {
		return "SELECT customer, purpose, at FROM contact WHERE brand = $1 AND at >= $2 AND customer IN (" + in + ") AND state = 1"
	}, brand, ids, []any{since.UnixMicro()}, func(rows *sql.Rows) error {
		var id, at int64
		var m Made
		err := rows.Scan(&id, &m.Purpose, &at)
		m.At = time.UnixMicro(at)
		fn(id, m)
		return err
	})
	if err != nil {
		return fmt.Errorf("read contacts made: %w", err)
	}
	return nil
}

// lastID is the number of the last answer. Under the lock of the log it stays so.
func lastID(ctx context.Context, q sqldb.Querier, brand string) (last int64, err error) {
	err = q.QueryRow(ctx, "SELECT COALESCE(MAX(id), 0) FROM contact WHERE brand = $1", brand).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("read last contact: %w", err)
	}
	return last, nil
}

// save adds answers.
func save(ctx context.Context, tx *sqldb.Tx, brand string, all []*row, now time.Time) error {
	n := len(all)
	if n == 0 {
		return nil
	}
	id, customer, at, state := make([]int64, n), make([]int64, n), make([]int64, n), make([]int32, n)
	request, purpose := make([]string, n), make([]string, n)
	asked, verdict := make([][]byte, n), make([][]byte, n)
	for i, r := range all {
		id[i], request[i], customer[i], purpose[i], at[i], state[i] = r.id, r.request, r.customer, r.asked.GetPurpose(), r.at, r.state
		var err error
		if asked[i], err = proto.Marshal(r.asked); err != nil {
			return fmt.Errorf("pack contact: %w", err)
		}
		if r.verdict != nil {
			if verdict[i], err = proto.Marshal(r.verdict); err != nil {
				return fmt.Errorf("pack verdict: %w", err)
			}
		}
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "contact", Args: []any{brand, now.UnixMicro()}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "answered_at", Expr: "$2"}, {Name: "id", Data: id}, {Name: "request_id", Data: request},
		{Name: "customer", Data: customer}, {Name: "purpose", Data: purpose}, {Name: "at", Data: at}, {Name: "state", Data: state},
		{Name: "asked", Data: asked}, {Name: "verdict", Data: verdict},
	}})
	if err != nil {
		return fmt.Errorf("save %d contacts: %w", n, err)
	}
	return nil
}

// byID finds answers by number.
func byID(ctx context.Context, q sqldb.Querier, brand string, size int64, ids []int64) (map[int64]*row, error) {
	found := map[int64]*row{}
	err := listed(ctx, q, size, func(in string) string {
		return "SELECT " + columns + " FROM contact WHERE brand = $1 AND id IN (" + in + ")"
	}, brand, ids, nil, func(rows *sql.Rows) error {
		r := &row{}
		err := r.scan(rows)
		found[r.id] = r
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find contacts: %w", err)
	}
	return found, nil
}

// release lets a contact count no more.
func release(ctx context.Context, tx *sqldb.Tx, brand string, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	in, args := sqldb.In(2, ids)
	_, err := tx.Exec(ctx, "UPDATE contact SET state = 2 WHERE brand = $1 AND id IN ("+in+") AND state = 1", append([]any{brand}, args...)...)
	if err != nil {
		return fmt.Errorf("release contacts: %w", err)
	}
	return nil
}
