package loyalty

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
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
	turns sync.Map
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
	done, err := s.turn(ctx, brand)
	if err != nil {
		return unavailable("change "+brand, err)
	}
	defer done()
	journal := people.Journal{DB: s.db, Log: s.log, Ingest: s.folds.Ingest, Clock: s.clock}
	err = journal.Change(ctx, brand, func(tx *sqldb.Tx) ([]feed.Fact, error) {
		if err := s.folds.Sync(ctx, brand); err != nil {
			return nil, err
		}
		return decide(tx, s.clock())
	})
	return unavailable("change "+brand, err)
}

// turn waits for the brand's turn to change. Changes wait for each other here rather than
// at the head of the log, where each would hold a connection.
func (s *store) turn(ctx context.Context, brand string) (done func(), err error) {
	held, _ := s.turns.LoadOrStore(brand, make(chan struct{}, 1))
	turn := held.(chan struct{})
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// erase blanks what somebody typed about one number, and what tells how it was named, with
// the log locked. Points and times stay: they are the ledger.
func (s *store) erase(ctx context.Context, tx *sqldb.Tx, brand string, customer int64) (records int64, facts []feed.Fact, err error) {
	records, err = ledger.EraseAll(ctx, tx, brand, customer)
	return records, nil, err
}

// lost is unavailable for reads: only a database that is not there is a reason to try
// again, and who left or had no more time is told so.
func lost(doing string, err error) error {
	if sqldb.IsUnavailable(err) || sqldb.IsRetryable(err) {
		return unavailable(doing, err)
	}
	return err
}

// unavailable tells a caller to try again where the database may be back by then; what is
// a refusal already, or a mistake of ours, stays what it is.
func unavailable(doing string, err error) error {
	var refusal *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return err
	case sqldb.IsUnavailable(err), sqldb.IsUnknown(err), sqldb.IsRetryable(err),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "%s: try again", doing).Because(err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
