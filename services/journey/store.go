package journey

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
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
	turns commit.Turns
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
	done, err := s.turns.Take(ctx, brand)
	if err != nil {
		return floor.Unavailable("change "+brand, err)
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
		return floor.Unavailable("change "+brand, err)
	}
	if len(written) == 0 {
		return nil
	}
	s.log.Notice(head)
	if err := s.folds.Ingest(ctx, brand, written); err != nil {
		return floor.Unavailable("fold changes of "+brand, err)
	}
	return nil
}
