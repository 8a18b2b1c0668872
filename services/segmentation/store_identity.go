package segmentation

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
)

// holder is the customer who has an identity.
type holder struct {
	customer int64
	// erased: nobody may have the identity again.
	erased bool
}

// maxListed is how many hashes one look-up takes.
const maxListed = 1024

// holders finds who has identities, in one statement for up to maxListed of them;
// those nobody has are left out.
//
// Written as hash IN (…) it would read the whole brand for as long as PostgreSQL
// has no statistics, and, once the plan is a prepared one, compare each row with
// each value. A subquery a value is a probe of the key under any plan. The first
// value is there to give all of them their type.
func holders(ctx context.Context, q sqldb.Querier, brand string, hashes []identity.Hash) (map[identity.Hash]holder, error) {
	found := make(map[identity.Hash]holder, len(hashes))
	for len(hashes) > 0 {
		some := hashes[:min(maxListed, len(hashes))]
		hashes = hashes[len(some):]
		keys := make([][]byte, len(some))
		for i := range some {
			keys[i] = some[i][:]
		}
		list, args := sqldb.Values(2, keys, "($%d)")
		rows, err := q.Query(ctx, "WITH v (hash) AS (VALUES ((SELECT hash FROM identity WHERE 1 = 0)), "+list+`) SELECT v.hash,
(SELECT CASE WHEN i.sealed IS NULL THEN -i.customer ELSE i.customer END FROM identity i WHERE i.brand = $1 AND i.hash = v.hash) FROM v`,
			append([]any{brand}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("find identities: %w", err)
		}
		err = scanAll(rows, func(scan func(...any) error) error {
			var hash []byte
			var customer *int64 // nil where nobody has it
			if err := scan(&hash, &customer); err != nil || customer == nil {
				return err
			}
			found[identity.Hash(hash)] = holder{customer: max(*customer, -*customer), erased: *customer < 0}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("find identities: %w", err)
		}
	}
	return found, nil
}

// identityRow is one identity as it lies in the table; sealed is nil once the
// customer was erased.
type identityRow struct {
	hash     identity.Hash
	customer int64
	kind     identity.Kind
	sealed   []byte
	key      int32
}

const identityColumns = "hash, customer, kind, sealed, seal_key"

func (r *identityRow) scan(scan func(...any) error) error {
	var hash []byte
	var kind int32
	if err := scan(&hash, &r.customer, &kind, &r.sealed, &r.key); err != nil {
		return err
	}
	if len(hash) != len(r.hash) {
		return fmt.Errorf("hash of %d bytes", len(hash))
	}
	r.hash, r.kind = identity.Hash(hash), identity.Kind(kind)
	return nil
}

// identitiesOf reads the identities of customers, by customer, kind and hash.
func identitiesOf(ctx context.Context, q sqldb.Querier, brand string, ids []int64) (all []identityRow, err error) {
	const query = "SELECT " + identityColumns + " FROM identity WHERE brand = $1 AND customer = $2"
	err = eachNumber(ctx, q, query, brand, ids, func(rows rowsOf) (err error) {
		all, err = gatherIdentities(rows, all)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read identities: %w", err)
	}
	slices.SortFunc(all, func(a, b identityRow) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.kind, b.kind), bytes.Compare(a.hash[:], b.hash[:]))
	})
	return all, nil
}

// identitiesAfter reads a page of a brand's identities, in order of hash.
func identitiesAfter(ctx context.Context, q sqldb.Querier, brand string, after []byte, limit int) ([]identityRow, error) {
	rows, err := q.Query(ctx, "SELECT "+identityColumns+" FROM identity WHERE brand = $1 AND hash > $2 ORDER BY hash LIMIT $3",
		brand, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page identities: %w", err)
	}
	return gatherIdentities(rows, nil)
}

func gatherIdentities(rows rowsOf, all []identityRow) ([]identityRow, error) {
	err := scanAll(rows, func(scan func(...any) error) error {
		var r identityRow
		err := r.scan(scan)
		all = append(all, r)
		return err
	})
	return all, err
}

// addIdentities inserts identities that nobody has.
func addIdentities(ctx context.Context, tx *sqldb.Tx, brand string, rows []identityRow) error {
	n := len(rows)
	if n == 0 {
		return nil
	}
	hash, sealed := make([][]byte, n), make([][]byte, n)
	customer, kind, key := make([]int64, n), make([]int32, n), make([]int32, n)
	for i := range rows {
		r := &rows[i]
		hash[i], sealed[i], customer[i], kind[i], key[i] = r.hash[:], r.sealed, r.customer, int32(r.kind), r.key
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "identity", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "hash", Data: hash}, {Name: "customer", Data: customer},
		{Name: "kind", Data: kind}, {Name: "sealed", Data: sealed}, {Name: "seal_key", Data: key},
	}})
	if err != nil {
		return fmt.Errorf("add %d identities: %w", n, err)
	}
	return nil
}
