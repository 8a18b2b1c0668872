package segmentation

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// blankIdentities deletes what customers were recognised by and tells how many
// identities that was. The hashes stay: nobody may have them again, or the next
// receipt with the old address would bring the person back under a new number.
func blankIdentities(ctx context.Context, tx *sqldb.Tx, brand string, ids []int64) (blanked int64, err error) {
	for len(ids) > 0 {
		some := ids[:min(maxListed, len(ids))]
		ids = ids[len(some):]
		list, args := sqldb.In(2, some)
		n, err := tx.Exec(ctx, "UPDATE identity SET sealed = NULL, seal_key = 0 WHERE brand = $1 AND sealed IS NOT NULL AND customer IN ("+list+")",
			append([]any{brand}, args...)...)
		if err != nil {
			return 0, fmt.Errorf("blank identities: %w", err)
		}
		blanked += n
	}
	return blanked, nil
}

// saveErased keeps what is left of a number, and which erasure did it.
func saveErased(ctx context.Context, tx *sqldb.Tx, brand string, row *customerRow) error {
	_, err := tx.Exec(ctx, `UPDATE customer SET erased = $3, profile = $4, profile_key = $5, updated_at = $6
WHERE brand = $1 AND id = $2`, brand, row.id, row.erased, row.profile, row.key, row.updatedAt)
	if err != nil {
		return fmt.Errorf("erase customer %d: %w", row.id, err)
	}
	return nil
}
