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
	rows, err := q.Query(ctx, `SELECT customer, history FROM purchase
WHERE brand = $1 AND customer >= $2 AND customer <= $3 ORDER BY customer`, brand, first, last)
	if err != nil {
		return nil, fmt.Errorf("read purchases: %w", err)
	}
	defer rows.Close()
	// Parse keeps nothing of the bytes.
	var b sql.RawBytes
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id, &b); err != nil {
			return nil, fmt.Errorf("read purchases: %w", err)
		}
		if found[id], err = Parse(b); err != nil {
			return nil, fmt.Errorf("customer %d: %w", id, err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read purchases: %w", err)
	}
	return found, nil
}
