package segmentation

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/answer"
	"github.com/rapport-cx/rapport/services/segmentation/contact"
	"github.com/rapport-cx/rapport/services/segmentation/erase"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
	"github.com/rapport-cx/rapport/services/segmentation/rfm"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

//go:embed schema/*.sql
var schema embed.FS

// Store keeps customers and the facts about them.
type Store struct {
	db  *sqldb.DB
	log *feed.Log
	// folds has no slabs: it follows the log and hands definitions out.
	folds *fold.Engine[struct{}]
	clock func() time.Time
	// turns has, for each brand, the right to change what is there.
	turns commit.Turns
}

func (s *Store) migrate(ctx context.Context) error {
	if err := feed.Migrate(ctx, s.db); err != nil {
		return err
	}
	if err := s.folds.Migrate(ctx); err != nil {
		return err
	}
	if err := erase.Migrate(ctx, s.db); err != nil {
		return err
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	if err := s.db.Migrate(ctx, "segmentation", files); err != nil {
		return err
	}
	if err := contact.Migrate(ctx, s.db); err != nil {
		return err
	}
	if err := purchase.Migrate(ctx, s.db); err != nil {
		return err
	}
	if err := answer.Migrate(ctx, s.db); err != nil {
		return err
	}
	if err := rfm.Migrate(ctx, s.db); err != nil {
		return err
	}
	return segment.Migrate(ctx, s.db)
}

// change is a guarded change under way: the brand's log is locked, and what tx
// reads stays true until its commit.
type change struct {
	tx    *sqldb.Tx
	brand string
	// at is the commit time that the facts will carry.
	at    time.Time
	facts []feed.Fact
}

// tell adds facts to those that the change will put into the log.
func (c *change) tell(facts ...feed.Fact) { c.facts = append(c.facts, facts...) }

// write makes a guarded change. decide may run twice. If it tells no facts, what
// it wrote is committed all the same.
func (s *Store) write(ctx context.Context, brand string, decide func(c *change) error) error {
	return s.writing(ctx, brand, false, decide)
}

// writeKnowing is write with every definition before it known: what decide finds
// in memory agrees with the log.
func (s *Store) writeKnowing(ctx context.Context, brand string, decide func(c *change) error) error {
	return s.writing(ctx, brand, true, decide)
}

func (s *Store) writing(ctx context.Context, brand string, knowing bool, decide func(c *change) error) error {
	done, err := s.turns.Take(ctx, brand)
	if err != nil {
		return floor.Unavailable("change "+brand, err)
	}
	defer done()
	var head feed.Head
	var facts []feed.Fact
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		var err error
		now := s.clock()
		if head, err = feed.Lock(ctx, tx, brand, now); err != nil {
			return err
		}
		if knowing {
			if err := s.folds.Sync(ctx, brand); err != nil {
				return err
			}
		}
		c := &change{tx: tx, brand: brand, at: time.UnixMicro(max(head.At, now.UnixMicro()))}
		if err := decide(c); err != nil {
			return err
		}
		facts = c.facts
		return feed.Put(ctx, tx, &head, facts)
	})
	if err != nil {
		return floor.Unavailable("change "+brand, err)
	}
	if len(facts) == 0 {
		return nil
	}
	s.log.Notice(head)
	if err := s.folds.Ingest(ctx, brand, facts); err != nil {
		return floor.Unavailable("follow the log of "+brand, err)
	}
	return nil
}
