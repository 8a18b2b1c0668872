package segmentation

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// setInto says which number a number stands behind; 0: none. What is known of it
// does not change, so that a merge taken back leaves no trace in the row.
func setInto(ctx context.Context, tx *sqldb.Tx, brand string, id, into int64) error {
	_, err := tx.Exec(ctx, "UPDATE customer SET into_id = $3 WHERE brand = $1 AND id = $2", brand, id, into)
	if err != nil {
		return fmt.Errorf("merge customer %d: %w", id, err)
	}
	return nil
}
