package gateway

import (
	"context"
	"time"

	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/gateway/subscription"
)

// Upkeep is the gateway's database opened for work on its own tables.
type Upkeep struct {
	db    *sqldb.DB
	store *subscription.Store
}

// OpenUpkeep opens the database and creates or updates its tables.
func OpenUpkeep(ctx context.Context, kept floor.Config) (*Upkeep, error) {
	db, err := Open(ctx, kept)
	if err != nil {
		return nil, err
	}
	return &Upkeep{db, subscription.NewStore(db)}, nil
}

// Close closes the database.
func (u *Upkeep) Close(context.Context) error { return u.db.Close() }

// Verify holds subscriptions and deliveries of a brand against their facts.
func (u *Upkeep) Verify(ctx context.Context, brand string, report func(floor.Drift)) (int, error) {
	return u.store.Verify(ctx, brand, report)
}

// Rebuild makes them anew.
func (u *Upkeep) Rebuild(ctx context.Context, brand string, progress func(done, all int)) error {
	err := u.store.Rebuild(ctx, brand, time.Now())
	progress(1, 1)
	return err
}
