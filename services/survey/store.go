package survey

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Store writes facts and folds them before anybody is told that they are in.
type Store struct {
	db    *sqldb.DB
	log   *feed.Log
	folds *fold.Engine[*tally.Tally]
	clock func() time.Time
	// turns has, for each brand, the right to change what is there.
	turns commit.Turns
}

// append commits pure facts in one round trip and folds them. For each fact
// that the log had under its key already, it returns that first one.
func (s *Store) append(ctx context.Context, brand string, facts []feed.Fact) (firsts []*feed.Fact, err error) {
	in, _, err := s.log.Append(ctx, brand, facts, s.clock())
	if err != nil {
		return nil, floor.Unavailable("commit responses", err)
	}
	fresh := facts
	firsts = make([]*feed.Fact, len(facts))
	if missing := keysOf(facts, in); len(missing) > 0 {
		fresh = make([]feed.Fact, 0, len(facts))
		if err := s.matchFirsts(ctx, brand, facts, in, missing, firsts); err != nil {
			return nil, err
		}
		for i := range facts {
			if in[i] {
				fresh = append(fresh, facts[i])
			}
		}
	}
	if err := s.folds.Ingest(ctx, brand, fresh); err != nil {
		return nil, floor.Unavailable("fold responses", err)
	}
	return firsts, nil
}

// keysOf are the keys of the facts that were left out.
func keysOf(facts []feed.Fact, in []bool) (keys [][]byte) {
	for i := range facts {
		if !in[i] {
			keys = append(keys, facts[i].Key)
		}
	}
	return keys
}

// matchFirsts finds the facts that stand under the keys of those left out.
func (s *Store) matchFirsts(ctx context.Context, brand string, facts []feed.Fact, in []bool, keys [][]byte, firsts []*feed.Fact) error {
	byKey, err := s.firsts(ctx, brand, keys)
	if err != nil {
		return err
	}
	for i := range facts {
		if in[i] {
			continue
		}
		if firsts[i] = byKey[string(facts[i].Key)]; firsts[i] == nil {
			return fmt.Errorf("response left out, but nothing stands under its key %x", facts[i].Key)
		}
	}
	return nil
}

// firsts finds the facts that stand under keys. Another replica may have written
// them: they are folded here too before anybody is told again that they are in.
func (s *Store) firsts(ctx context.Context, brand string, keys [][]byte) (map[string]*feed.Fact, error) {
	found, err := s.log.ByKey(ctx, brand, keys)
	if err != nil {
		return nil, floor.Unavailable("read first responses", err)
	}
	byKey := make(map[string]*feed.Fact, len(found))
	for i := range found {
		byKey[string(found[i].Key)] = &found[i]
	}
	if n := len(found); n > 0 && found[n-1].Seq > s.folds.Applied(brand).Seq {
		if err := s.folds.Sync(ctx, brand); err != nil {
			return nil, floor.Unavailable("fold first responses", err)
		}
	}
	return byKey, nil
}

// change writes facts that depend on what is there: decide runs with the log
// locked and everything before folded, so that directory and log agree. It may
// run twice. No facts: nothing is written.
func (s *Store) change(ctx context.Context, brand string, decide func(log feed.Reader, now time.Time) ([]feed.Fact, error)) error {
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
		if err != nil {
			return err
		}
		if len(facts) == 0 {
			return nil
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
