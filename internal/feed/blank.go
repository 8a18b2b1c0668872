package feed

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Blank replaces the body of a fact in place, for what must be forgotten: personal
// data and comments of an erased customer, an identity that was resolved. It is the
// one exception to the law that facts never change. What folds need (Data, the
// days, the customer's number) stays; if that has to change too, the fact is
// reversed and another one put.
func Blank(ctx context.Context, tx *sqldb.Tx, brand string, seq int64, body []byte) error {
	_, err := tx.Exec(ctx, "UPDATE fact SET body = $3 WHERE brand = $1 AND seq = $2", brand, seq, body)
	if err != nil {
		return fmt.Errorf("blank fact %d of %s: %w", seq, brand, err)
	}
	return nil
}
