package journey

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// append commits events and folds them. For each one that the log had under its
// key already, or that came twice, it returns that first one. sealed has the
// identities that are still to be resolved, by place; nil where there is none.
func (s *store) append(ctx context.Context, brand string, facts []feed.Fact, sealed [][]byte) (firsts []*feed.Fact, err error) {
	var in []bool
	if waits(sealed) {
		in, err = s.putSealed(ctx, brand, facts, sealed)
	} else {
		in, _, err = s.log.Append(ctx, brand, facts, s.clock())
	}
	if err != nil {
		return nil, floor.Unavailable("commit events", err)
	}
	fresh := facts
	firsts = make([]*feed.Fact, len(facts))
	if missing := keysOf(facts, in); len(missing) > 0 {
		if err := s.matchFirsts(ctx, brand, facts, in, missing, firsts); err != nil {
			return nil, err
		}
		fresh = make([]feed.Fact, 0, len(facts)-len(missing))
		for i := range facts {
			if in[i] {
				fresh = append(fresh, facts[i])
			}
		}
	}
	if err := s.folds.Ingest(ctx, brand, fresh); err != nil {
		return nil, floor.Unavailable("fold events", err)
	}
	return firsts, nil
}

func waits(sealed [][]byte) bool {
	for _, one := range sealed {
		if one != nil {
			return true
		}
	}
	return false
}

// putSealed is Append for events some of which wait for their customer: their
// identities are kept in the same commit, by the number of the fact.
func (s *store) putSealed(ctx context.Context, brand string, facts []feed.Fact, sealed [][]byte) (in []bool, err error) {
	var head feed.Head
	err = s.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if head, err = feed.Lock(ctx, tx, brand, s.clock()); err != nil {
			return err
		}
		if in, err = unknown(ctx, tx, brand, facts); err != nil {
			return err
		}
		var fresh []feed.Fact
		var places []int
		for i := range facts {
			if in[i] {
				fresh, places = append(fresh, facts[i]), append(places, i)
			}
		}
		if len(fresh) == 0 {
			return nil
		}
		if err := feed.Put(ctx, tx, &head, fresh); err != nil {
			return err
		}
		var waiting []people.Waiting
		for n, i := range places {
			if facts[i] = fresh[n]; sealed[i] != nil {
				waiting = append(waiting, people.Waiting{Seq: fresh[n].Seq, Sealed: sealed[i]})
			}
		}
		return s.sealed.Put(ctx, tx, brand, waiting)
	})
	if err != nil {
		return nil, err
	}
	s.log.Notice(head)
	return in, nil
}

// unknown tells which facts have a key that neither the log nor a fact before
// them has.
func unknown(ctx context.Context, tx *sqldb.Tx, brand string, facts []feed.Fact) ([]bool, error) {
	keys := make([][]byte, len(facts))
	for i := range facts {
		keys[i] = facts[i].Key
	}
	found, err := feed.In(tx).ByKey(ctx, brand, keys)
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(facts))
	for i := range found {
		seen[string(found[i].Key)] = true
	}
	in := make([]bool, len(facts))
	for i, key := range keys {
		in[i] = !seen[string(key)]
		seen[string(key)] = true
	}
	return in, nil
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

// matchFirsts finds the facts that stand under the keys of those left out. Another
// replica may have written them: they are folded here too before anybody is told
// again that they are in.
func (s *store) matchFirsts(ctx context.Context, brand string, facts []feed.Fact, in []bool, keys [][]byte, firsts []*feed.Fact) error {
	found, err := s.log.ByKey(ctx, brand, keys)
	if err != nil {
		return floor.Unavailable("read first events", err)
	}
	byKey := make(map[string]*feed.Fact, len(found))
	for i := range found {
		byKey[string(found[i].Key)] = &found[i]
	}
	if n := len(found); n > 0 && found[n-1].Seq > s.folds.Applied(brand).Seq {
		if err := s.folds.Sync(ctx, brand); err != nil {
			return floor.Unavailable("fold first events", err)
		}
	}
	for i := range facts {
		if in[i] {
			continue
		}
		if firsts[i] = byKey[string(facts[i].Key)]; firsts[i] == nil {
			return fmt.Errorf("event left out, but nothing stands under its key %x", facts[i].Key)
		}
	}
	return nil
}
