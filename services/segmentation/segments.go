package segmentation

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// evaluatorOf is what keeps a brand's segments up.
func (s *Server) evaluatorOf(b *brand) *segment.Evaluator {
	return &segment.Evaluator{Brand: b.ID, Zone: b.zone, DB: s.store.db, Facts: s.store.log, Live: b.live,
		World: func(ctx context.Context) (*segment.World, error) { return s.world(ctx, b) }, Clock: s.clock, Log: s.log}
}

// keepSegments keeps the segments of all brands up with the log until ctx ends, and
// takes in what other replicas wrote.
func (s *Server) keepSegments(ctx context.Context) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all error
	for _, b := range s.brands {
		wg.Go(func() { s.followSegments(ctx, b) })
		wg.Go(func() {
			// A consumer of its own: drafts of requests share nothing with it.
			err := s.evaluatorOf(b).Consumer().Run(ctx)
			if err == nil || ctx.Err() != nil {
				return
			}
			s.log.Error("segments stopped: run rapport rebuild", "brand", b.ID, "error", err)
			mu.Lock()
			defer mu.Unlock()
			all = errors.Join(all, err)
		})
	}
	wg.Wait()
	return all
}

// followSegments takes in what anybody writes of a brand's segments, once somebody
// asked for it.
func (s *Server) followSegments(ctx context.Context, b *brand) {
	for ctx.Err() == nil {
		changed := s.store.log.Changed(b.ID)
		wait := followAgain
		if b.opened.Load() {
			if err := b.live.Catch(ctx, s.store.db, s.store.log.Reader); err == nil {
				wait = time.Hour
			} else if ctx.Err() == nil {
				s.log.Warn("follow segments", "brand", b.ID, "error", err)
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// followAgain is the pause after the log could not be read.
const followAgain = time.Second

// checkSegments asks every rule of everybody anew.
func (s *Server) checkSegments(ctx context.Context, b *brand, report func(floor.Drift)) (int, error) {
	drift := drifting(report, "segments")
	return s.evaluatorOf(b).Verify(ctx, func(tx *sqldb.Tx) (*segment.World, error) {
		// Merges as the transaction sees them, and no later ones.
		book := people.NewBook()
		err := feed.In(tx).ReadKind(ctx, b.ID, []int16{record.Merged, record.Unmerged}, 0, func(f *feed.Fact) error {
			e, err := record.Event(f)
			if err == nil {
				book.Apply(e)
			}
			return err
		})
		return s.worldOf(b, book.Now()), err
	}, func(id, reason string) { drift(0, "segment %q: %s", id, reason) })
}

// rebuildSegments lets the log be consumed again: everybody in it is evaluated anew.
func (s *Server) rebuildSegments(ctx context.Context, b *brand) error {
	return s.store.write(ctx, b.ID, func(c *change) error {
		if err := segment.Drop(ctx, c.tx, b.ID); err != nil {
			return err
		}
		return feed.Rewind(ctx, c.tx, segment.ConsumerName, b.ID)
	})
}
