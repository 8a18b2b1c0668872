package segmentation

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// rowsOf is what a query finds.
type rowsOf = *sql.Rows

// scanAll hands each row to fn and closes.
func scanAll(rows rowsOf, fn func(scan func(...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// customerRow is one number as it lies in the table. Times are Unix microseconds.
type customerRow struct {
	id, createdAt, updatedAt int64
	// intoID is the number it was merged into, 0 if none; erased the erasure that
	// blanked it, 0 if none.
	intoID, erased int64
	// profile is sealed with key; nil if nothing is known.
	profile []byte
	key     int32
}

const customerColumns = "id, created_at, updated_at, into_id, erased, profile, profile_key"

func gatherCustomers(rows rowsOf, all []*customerRow) ([]*customerRow, error) {
	err := scanAll(rows, func(scan func(...any) error) error {
		r := &customerRow{}
		all = append(all, r)
		return scan(&r.id, &r.createdAt, &r.updatedAt, &r.intoID, &r.erased, &r.profile, &r.key)
	})
	return all, err
}

// customers reads numbers, in order; those never given out are left out.
func customers(ctx context.Context, q sqldb.Querier, brand string, ids []int64) (all []*customerRow, err error) {
	const query = "SELECT " + customerColumns + " FROM customer WHERE brand = $1 AND id = $2"
	err = eachNumber(ctx, q, query, brand, ids, func(rows rowsOf) (err error) {
		all, err = gatherCustomers(rows, all)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read customers: %w", err)
	}
	slices.SortFunc(all, func(a, b *customerRow) int { return cmp.Compare(a.id, b.id) })
	return all, nil
}

// A query of numbers is repeated for each of them within one statement: a plan for
// an IN (…) that was made while there were few customers reads all of them. Few
// lengths make few texts to prepare.
var lengths = []int{1, 8, 128}

// eachNumber runs a query, whose $2 is the number, for all of them.
func eachNumber(ctx context.Context, q sqldb.Querier, query, brand string, ids []int64, fn func(rowsOf) error) error {
	for len(ids) > 0 {
		n := lengths[len(lengths)-1]
		for _, l := range lengths {
			if len(ids) <= l {
				n = l
				break
			}
		}
		some := ids[:min(n, len(ids))]
		ids = ids[len(some):]
		args, arms := []any{brand}, make([]string, n)
		for i := range n {
			id := int64(0) // a number nobody has, to fill up with
			if i < len(some) {
				id = some[i]
			}
			args, arms[i] = append(args, id), strings.ReplaceAll(query, "$2", "$"+strconv.Itoa(i+2))
		}
		if err := eachRow(ctx, q, fn, strings.Join(arms, " UNION ALL "), args...); err != nil {
			return err
		}
	}
	return nil
}

// eachRow hands a query's rows to fn.
func eachRow(ctx context.Context, q sqldb.Querier, fn func(rowsOf) error, query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	return errors.Join(fn(rows), rows.Err())
}

// customer reads one number; nil if it was never given out.
func customer(ctx context.Context, q sqldb.Querier, brand string, id int64) (*customerRow, error) {
	all, err := customers(ctx, q, brand, []int64{id})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// customersAfter reads a page in order of number, of persons alone if asked.
func customersAfter(ctx context.Context, q sqldb.Querier, brand string, after int64, persons bool, limit int) ([]*customerRow, error) {
	query := "SELECT " + customerColumns + " FROM customer WHERE brand = $1 AND id > $2"
	if persons {
		query += " AND into_id = 0"
	}
	rows, err := q.Query(ctx, query+" ORDER BY id LIMIT $3", brand, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page customers: %w", err)
	}
	return gatherCustomers(rows, nil)
}

// eachCustomer hands a run of numbers, both ends included, to fn in order: when they were
// given out, and their sealed profiles. The row is valid within the call.
func eachCustomer(ctx context.Context, q sqldb.Querier, brand string, first, last int64, fn func(*customerRow) error) error {
	rows, err := q.Query(ctx, `SELECT id, created_at, profile, profile_key FROM customer
WHERE brand = $1 AND id >= $2 AND id <= $3 ORDER BY id`, brand, first, last)
	if err != nil {
		return fmt.Errorf("read customers: %w", err)
	}
	var sealed sql.RawBytes
	r := &customerRow{}
	return scanAll(rows, func(scan func(...any) error) error {
		if err := scan(&r.id, &r.createdAt, &sealed, &r.key); err != nil {
			return fmt.Errorf("read customers: %w", err)
		}
		r.profile = sealed
		return fn(r)
	})
}

// counts tells how many numbers were given out and how many of them are merged
// into another one.
func counts(ctx context.Context, q sqldb.Querier, brand string) (numbers, merged int64, err error) {
	if numbers, err = lastNumber(ctx, q, brand); err != nil {
		return 0, 0, err
	}
	err = q.QueryRow(ctx, "SELECT count(*) FROM customer WHERE brand = $1 AND into_id <> 0", brand).Scan(&merged)
	if err != nil {
		return 0, 0, fmt.Errorf("count merged customers: %w", err)
	}
	return numbers, merged, nil
}

// lastNumber is the last number given out, 0 if none was. Under the lock of the
// log it stays so.
func lastNumber(ctx context.Context, q sqldb.Querier, brand string) (last int64, err error) {
	err = q.QueryRow(ctx, "SELECT last_id FROM customer_head WHERE brand = $1", brand).Scan(&last)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return 0, fmt.Errorf("read last customer: %w", err)
	}
	return last, nil
}

// heads are, as of one moment, up to when purchases are known, the last number given out
// and the end of the log; each 0 before the first. In one statement: every question about
// what persons bought begins with it.
func heads(ctx context.Context, q sqldb.Querier, brand string) (now value.Now, err error) {
	err = q.QueryRow(ctx, `SELECT COALESCE((SELECT as_of FROM purchase_head WHERE brand = $1), 0),
COALESCE((SELECT rebuilt FROM purchase_head WHERE brand = $1), 0),
COALESCE((SELECT last_id FROM customer_head WHERE brand = $1), 0),
COALESCE((SELECT seq FROM log_head WHERE brand = $1), 0), COALESCE((SELECT commit_id FROM log_head WHERE brand = $1), 0)`, brand).
		Scan(&now.AsOf, &now.Rebuilt, &now.Last, &now.Head.Seq, &now.Head.CommitID)
	if err != nil {
		err = fmt.Errorf("read heads: %w", err)
	}
	return now, err
}

// setLastNumber moves it, under the lock of the log.
func setLastNumber(ctx context.Context, tx *sqldb.Tx, brand string, last int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO customer_head (brand, last_id) VALUES ($1, $2)
ON CONFLICT (brand) DO UPDATE SET last_id = excluded.last_id`, brand, last)
	if err != nil {
		return fmt.Errorf("set last customer: %w", err)
	}
	return nil
}

// saveCustomers adds new numbers and replaces what is known of those there are.
// Merges and erasures are not its business.
func saveCustomers(ctx context.Context, tx *sqldb.Tx, brand string, rows []*customerRow) error {
	n := len(rows)
	if n == 0 {
		return nil
	}
	id, created, updated := make([]int64, n), make([]int64, n), make([]int64, n)
	into, erased := make([]int64, n), make([]int64, n)
	sealed, key := make([][]byte, n), make([]int32, n)
	for i, r := range rows {
		id[i], created[i], updated[i], into[i], erased[i] = r.id, r.createdAt, r.updatedAt, r.intoID, r.erased
		sealed[i], key[i] = r.profile, r.key
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "customer", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "id", Data: id}, {Name: "created_at", Data: created},
		{Name: "updated_at", Data: updated}, {Name: "into_id", Data: into}, {Name: "erased", Data: erased},
		{Name: "profile", Data: sealed}, {Name: "profile_key", Data: key},
	}, OnConflict: `ON CONFLICT (brand, id) DO UPDATE SET updated_at = excluded.updated_at,
profile = excluded.profile, profile_key = excluded.profile_key`})
	if err != nil {
		return fmt.Errorf("save %d customers: %w", n, err)
	}
	return nil
}
