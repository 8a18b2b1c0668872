package segmentation

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// marked are the numbers whose column, into_id or erased, is not 0, and what it is.
func marked(ctx context.Context, q sqldb.Querier, brand, column string) (map[int64]int64, error) {
	rows, err := q.Query(ctx, "SELECT id, "+column+" FROM customer WHERE brand = $1 AND "+column+" <> 0", brand)
	if err != nil {
		return nil, fmt.Errorf("read %s of customers: %w", column, err)
	}
	all := map[int64]int64{}
	err = scanAll(rows, func(scan func(...any) error) error {
		var id, value int64
		if err := scan(&id, &value); err != nil {
			return err
		}
		all[id] = value
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s of customers: %w", column, err)
	}
	return all, nil
}

// readableErased are erased customers of whom an identity is still sealed, which
// there should be none of.
func readableErased(ctx context.Context, q sqldb.Querier, brand string) (ids []int64, err error) {
	rows, err := q.Query(ctx, `SELECT DISTINCT c.id FROM customer c JOIN identity i ON i.brand = c.brand AND i.customer = c.id
WHERE c.brand = $1 AND c.erased <> 0 AND i.sealed IS NOT NULL ORDER BY c.id`, brand)
	if err == nil {
		err = scanAll(rows, func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("look for what erasures left: %w", err)
	}
	return ids, nil
}
