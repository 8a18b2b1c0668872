package loyalty

import (
	"context"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// openAgain is how long a brand whose log could not be read waits.
const openAgain = time.Second

// work is something that goes on until its context ends.
type work struct {
	name string
	run  func(context.Context) error
}

// works are what goes on in the background for one brand. Without Journey there are no
// purchases to follow.
func (s *Server) works(b *brand) []work {
	all := []work{
		{"customers", s.followed(b).Run},
		{"standings", func(ctx context.Context) error { return s.keepStandings(ctx, b) }},
		{"rewards", func(ctx context.Context) error { return s.keepReleasing(ctx, b) }},
		{"counting", func(ctx context.Context) error { return s.keepCounting(ctx, b) }},
		{"due", func(ctx context.Context) error { return s.keepSweeping(ctx, b) }},
	}
	if s.near.Journey == nil {
		return all
	}
	return append(all,
		work{"purchases", func(ctx context.Context) error { return s.followPurchases(ctx, b) }},
		work{"receipts", func(ctx context.Context) error { return s.followReceipts(ctx, b) }},
		work{"offers", func(ctx context.Context) error { return s.followConditions(ctx, b) }})
}

// follow runs one work of a brand, after its definitions have been read. A database that
// is away is waited for. A work that stops takes no other along.
func (s *Server) follow(ctx context.Context, b *brand, w work) error {
	for {
		err := s.store.folds.Sync(ctx, b.ID)
		if err == nil {
			break
		}
		s.log.Warn("work waits for the log", "work", w.name, "brand", b.ID, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(openAgain):
		}
	}
	err := w.run(ctx)
	if err != nil && ctx.Err() == nil {
		s.log.Error("work stopped", "work", w.name, "brand", b.ID, "error", err)
	}
	return err
}

// followed brings merges and erasures into a brand's log.
func (s *Server) followed(b *brand) *people.Followed {
	return &people.Followed{
		Service: "loyalty", Brand: b.ID, Client: s.near.Segmentation, Kind: record.Person, Erase: s.store.erase, Log: s.log,
		Journal: people.Journal{DB: s.store.db, Log: s.store.log, Ingest: s.store.folds.Ingest, Clock: s.clock},
	}
}

const (
	// sweepPiece is how much of what is due shares a commit with those who wait.
	sweepPiece = 200
	// sweepMost is how much of it is put into one transaction at most.
	sweepMost = 1000
)

// keepSweeping posts what is due, a piece at a time, until ctx ends.
func (s *Server) keepSweeping(ctx context.Context, b *brand) error {
	return s.inTurn(ctx, b, "due", "what is due waits", func(ctx context.Context) (bool, error) {
		_, more, err := s.sweep(ctx, b, sweepPiece, nil)
		return more, err
	})
}

// inTurn does something every now and then, at once again if there is more of it, until ctx
// ends; of several replicas one does. waits is what is said once it fails.
func (s *Server) inTurn(ctx context.Context, b *brand, name, waits string, do func(context.Context) (more bool, err error)) error {
	every := s.config.SweepEvery
	if every < 0 {
		<-ctx.Done()
		return nil
	}
	turn := feed.NewTurn("loyalty-"+name, b.ID, s.store.db, s.clock)
	timer := time.NewTimer(every)
	defer timer.Stop()
	down := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		mine, err := turn.Mine(ctx)
		more := false
		if mine && err == nil {
			more, err = do(ctx)
		}
		if err != nil && !down && ctx.Err() == nil {
			s.log.Warn(waits, "brand", b.ID, "error", err)
		}
		if down = err != nil; more {
			timer.Reset(0)
		} else {
			timer.Reset(every)
		}
	}
}

// sweep posts up to limit of what is due, in one transaction, and tells how much it looked
// at, and whether there is more: a hold that ends may give back to lots that have expired.
// done hears of each.
func (s *Server) sweep(ctx context.Context, b *brand, limit int, done func(ledger.Outcome)) (n int, more bool, err error) {
	head, err := s.store.log.Head(ctx, b.ID)
	if err != nil {
		return 0, false, err
	}
	// As a commit would see the time, which never runs backwards.
	now := max(s.clock().UnixMicro(), head.At)
	tasks, err := ledger.DueTasks(ctx, s.store.db, b.ID, b.people(), now, limit)
	if err != nil || len(tasks) == 0 {
		return 0, false, err
	}
	more = len(tasks) == limit
	oldest := now
	for _, r := range s.entries.DoAll(ctx, b.ID, tasks) {
		if r.Err != nil {
			return 0, false, r.Err
		}
		if r.Value.Record == nil {
			continue // somebody else was first
		}
		oldest = min(oldest, r.Value.Record.GetMovement().GetOccurredAt().AsTime().UnixMicro())
		more = more || r.Value.Record.GetMovement().GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_VOID
		if done != nil {
			done(r.Value)
		}
	}
	s.meter.late.Record(ctx, float64(now-oldest)/1e6)
	return len(tasks), more, nil
}
