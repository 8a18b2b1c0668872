package purchase

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// HistoriesWithin reads those of a run of customers, both ends included: for walks
// over all of them, where a probe a customer would cost more than the row.
func HistoriesWithin(ctx context.Context, q sqldb.Querier, brand string, first, last int64) (map[int64]*History, error) {
	found := map[int64]*History{}
	err := EachWithin(ctx, q, brand, first, last, func(id int64, h *History) { found[id] = h })
	return found, err
}

// room is for how many histories there is room at once.
const room = 512

// EachWithin is HistoriesWithin one by one, ascending by customer.
func EachWithin(ctx context.Context, q sqldb.Querier, brand string, first, last int64, fn func(customer int64, h *History)) error {
	rows, err := q.Query(ctx, `SELECT customer, history FROM purchase
WHERE brand = $1 AND customer >= $2 AND customer <= $3 ORDER BY customer`, brand, first, last)
	if err != nil {
		return fmt.Errorf("read purchases: %w", err)
	}
	defer rows.Close()
	// Parsing keeps nothing of the bytes.
	var b sql.RawBytes
	var some []History
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id, &b); err != nil {
			return fmt.Errorf("read purchases: %w", err)
		}
		if len(some) == 0 {
			some = make([]History, min(room, last-id+1))
		}
		if err := some[0].parse(b); err != nil {
			return fmt.Errorf("customer %d: %w", id, err)
		}
		fn(id, &some[0])
		some = some[1:]
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read purchases: %w", err)
	}
	return nil
}
