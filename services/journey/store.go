package journey

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

//go:embed schema/*.sql
var schema embed.FS

// store writes facts and folds them before anybody is told that they are in.
type store struct {
	db    *sqldb.DB
	log   *feed.Log
	folds *fold.Engine[*tally.Fact]
	// sealed are the identities that wait to be resolved.
	sealed *people.Sealed
	clock  func() time.Time
	// turns has, for each brand, the right to change what is there.
	turns sync.Map
}

// migrate creates or updates Journey's own tables, behind those of the log.
func (s *store) migrate(ctx context.Context) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return s.db.Migrate(ctx, "journey", files)
}

// change writes facts that depend on what is there: decide runs with the log
// locked and everything before folded, so that definitions and log agree. It may
// run twice. No facts: nothing is written.
func (s *store) change(ctx context.Context, brand string, decide func(log feed.Reader, now time.Time) ([]feed.Fact, error)) error {
	done, err := s.turn(ctx, brand)
	if err != nil {
		return unavailable("change "+brand, err)
	}
	defer done()
	var written []feed.Fact
	var head feed.Head
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		written = nil
		head, err = feed.Lock(ctx, tx, brand, s.clock())
		if err != nil {
			return err
		}
		if err := s.folds.Sync(ctx, brand); err != nil {
			return err
		}
		facts, err := decide(feed.In(tx), s.clock())
		if err != nil || len(facts) == 0 {
			return err
		}
		written = facts
		return feed.Put(ctx, tx, &head, facts)
	})
	if err != nil {
		return unavailable("change "+brand, err)
	}
	if len(written) == 0 {
		return nil
	}
	s.log.Notice(head)
	if err := s.folds.Ingest(ctx, brand, written); err != nil {
		return unavailable("fold changes of "+brand, err)
	}
	return nil
}

// turn waits for the brand's turn to change. Changes wait for each other here
// rather than at the head of the log, where each would hold a connection that
// other brands, and the reads of the one that is at work, need.
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

// lost is unavailable for reads: only a database that is not there is a reason
// to try again, and who left or had no more time is told so.
func lost(doing string, err error) error {
	if sqldb.IsUnavailable(err) || sqldb.IsRetryable(err) {
		return unavailable(doing, err)
	}
	return err
}

// unavailable tells a caller to try again where the database may be back by
// then; what is a refusal already, or a mistake of ours, stays what it is.
func unavailable(doing string, err error) error {
	var refusal *fault.Error
	switch {
	case errors.As(err, &refusal):
		return err
	case sqldb.IsUnavailable(err), sqldb.IsUnknown(err), sqldb.IsRetryable(err),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "%s: try again", doing).Because(err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
