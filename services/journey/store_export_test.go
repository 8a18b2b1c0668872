package journey

import (
	"context"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

func (s *store) exec(ctx context.Context, query string, args ...any) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
}
