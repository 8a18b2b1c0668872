package segmentation

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// sealedAnew is a row, an identity's or a customer's, and its new seal.
type sealedAnew struct {
	identity *identityRow
	customer *customerRow
	sealed   []byte
	key      int32
}

// replaceSeals replaces each seal unless somebody else has changed it since it was
// read: who erases or updates a customer meanwhile wins.
func (s *Store) replaceSeals(ctx context.Context, brand string, all []sealedAnew) error {
	if len(all) == 0 {
		return nil
	}
	b := sqldb.NewBatch()
	for _, a := range all {
		if r := a.identity; r != nil {
			b.Exec("UPDATE identity SET sealed = $4, seal_key = $5 WHERE brand = $1 AND hash = $2 AND sealed = $3",
				brand, r.hash[:], r.sealed, a.sealed, a.key)
		}
		if r := a.customer; r != nil {
			b.Exec("UPDATE customer SET profile = $4, profile_key = $5 WHERE brand = $1 AND id = $2 AND profile = $3",
				brand, r.id, r.profile, a.sealed, a.key)
		}
	}
	if err := s.db.Run(ctx, b); err != nil {
		return fmt.Errorf("replace %d seals: %w", len(all), err)
	}
	return nil
}
