package loyalty

import (
	"context"
	"time"

	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/offer"
	"github.com/rapport-cx/rapport/services/loyalty/purchase"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
	"github.com/rapport-cx/rapport/services/loyalty/reward"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// store keeps facts and what they guard.
type store struct {
	db  *sqldb.DB
	log *feed.Log
	// folds follows the log, hands definitions out and keeps what rates are summed from.
	folds *fold.Engine[*rate.Fact]
	clock func() time.Time
	// turns has, for each brand, the right to change definitions.
	turns commit.Turns
}

func (s *store) migrate(ctx context.Context) error {
	if err := feed.Migrate(ctx, s.db); err != nil {
		return err
	}
	if err := s.folds.Migrate(ctx); err != nil {
		return err
	}
	if err := people.Migrate(ctx, s.db); err != nil {
		return err
	}
	if err := ledger.Migrate(ctx, s.db); err != nil {
		return err
	}
	if err := standing.Migrate(ctx, s.db); err != nil {
		return err
	}
	if err := reward.Migrate(ctx, s.db); err != nil {
		return err
	}
	if err := offer.Migrate(ctx, s.db); err != nil {
		return err
	}
	return purchase.Migrate(ctx, s.db)
}

// change writes definitions: decide runs with the log locked and every definition before
// it known. It may run twice. No facts: nothing is written.
func (s *store) change(ctx context.Context, brand string, decide func(now time.Time) ([]feed.Fact, error)) error {
	return s.changing(ctx, brand, func(_ *sqldb.Tx, now time.Time) ([]feed.Fact, error) { return decide(now) })
}

// changing is change for who reads or writes tables in the same transaction.
func (s *store) changing(ctx context.Context, brand string, decide func(tx *sqldb.Tx, now time.Time) ([]feed.Fact, error)) error {
	done, err := s.turns.Take(ctx, brand)
	if err != nil {
		return floor.Unavailable("change "+brand, err)
	}
	defer done()
	journal := people.Journal{DB: s.db, Log: s.log, Ingest: s.folds.Ingest, Clock: s.clock}
	err = journal.Change(ctx, brand, func(tx *sqldb.Tx) ([]feed.Fact, error) {
		if err := s.folds.Sync(ctx, brand); err != nil {
			return nil, err
		}
		return decide(tx, s.clock())
	})
	return floor.Unavailable("change "+brand, err)
}

// erase blanks what somebody typed about one number, and what tells how it was named, with
// the log locked. Points and times stay: they are the ledger.
func (s *store) erase(ctx context.Context, tx *sqldb.Tx, brand string, customer int64) (records int64, facts []feed.Fact, err error) {
	records, err = ledger.EraseAll(ctx, tx, brand, customer)
	return records, nil, err
}
