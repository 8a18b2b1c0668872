package order

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// cursor is the number of the last fact that was consumed; 0 before the first.
func cursor(ctx context.Context, q sqldb.Querier, brand string) (seq int64, err error) {
	err = q.QueryRow(ctx, "SELECT seq FROM consumer_cursor WHERE consumer = $1 AND brand = $2", consumer, brand).Scan(&seq)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return 0, fmt.Errorf("read cursor of orders: %w", err)
	}
	return seq, nil
}

// moveTo puts the cursor behind what was refilled.
func moveTo(ctx context.Context, tx *sqldb.Tx, brand string, to feed.Cursor) error {
	_, err := tx.Exec(ctx, `INSERT INTO consumer_cursor (consumer, brand, seq, commit_id, holder, until)
VALUES ($1, $2, $3, $4, '', 0) ON CONFLICT (consumer, brand) DO UPDATE SET seq = $3, commit_id = $4`,
		consumer, brand, to.Seq, to.CommitID)
	return err
}

// forget drops everything kept of orders.
func forget(ctx context.Context, tx *sqldb.Tx, brand string) error {
	for _, table := range []string{"order_event", "order_state"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE brand = $1", brand); err != nil {
			return err
		}
	}
	return nil
}

// ordersAfter are the next orders that anything is kept of, ascending.
func ordersAfter(ctx context.Context, q sqldb.Querier, brand, after string, limit int) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT order_id FROM
(SELECT DISTINCT order_id FROM order_event WHERE brand = $1 AND order_id > $2 ORDER BY order_id LIMIT $3) e
UNION SELECT order_id FROM
(SELECT order_id FROM order_state WHERE brand = $1 AND order_id > $2 ORDER BY order_id LIMIT $3) s
ORDER BY order_id LIMIT $3`, brand, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read orders: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// seed makes digests of one process comparable.
var seed = maphash.MakeSeed()

func digest(text string, numbers []int64, data []byte) uint64 {
	b := append(binary.AppendUvarint(nil, uint64(len(text))), text...)
	for _, n := range numbers {
		b = binary.AppendVarint(b, n)
	}
	return maphash.Bytes(seed, append(b, data...))
}
