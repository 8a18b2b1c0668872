package loyalty

import (
	"bytes"
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/follow"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
	"github.com/rapport-cx/rapport/services/loyalty/receipt"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// followReceipts notes a brand's purchases as Journey tells of them, until ctx ends. Who
// has no programme needs none: they are told from the beginning once there is one.
func (s *Server) followReceipts(ctx context.Context, b *brand) error {
	for {
		changed := s.store.log.Changed(b.ID)
		if len(b.defined.Load().programmes.List()) > 0 {
			break
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
		if err := s.store.folds.Sync(ctx, b.ID); err != nil && ctx.Err() == nil {
			s.log.Warn("receipts wait for the log", "brand", b.ID, "error", err)
		}
	}
	open := func(ctx context.Context, brand string, after *commonv1.Cursor) (journeyv1.JourneyService_WatchEventsClient, error) {
		return s.near.Journey.WatchEvents(ctx, &journeyv1.WatchEventsRequest{Brand: brand, After: after})
	}
	source := follow.New(open, receipt.Split(b.zone), s.clock, s.log)
	f := &receipt.Follower{Brand: b.ID, DB: s.store.db, Wrote: s.wrote, Clock: s.clock, Log: s.log}
	return f.Consumer(source.Next).Run(ctx)
}

// wrote lets the process see what was committed.
func (s *Server) wrote(ctx context.Context, head feed.Head, facts []feed.Fact) {
	s.store.log.Notice(head)
	if err := s.store.folds.Ingest(ctx, head.Brand, facts); err != nil {
		s.log.Warn("fold receipts", "brand", head.Brand, "error", err)
	}
}

// verifyRates folds everything stored of a brand anew, and looks whether what folds read of
// movements is what those say.
func (s *Server) verifyRates(ctx context.Context, b *brand, report func(floor.Drift)) (int, error) {
	n, err := s.store.folds.Verify(ctx, b.ID, func(d fold.Drift) {
		report(floor.Drift{Day: calendar.Day(d.Day).String(), Fold: d.Measure, Where: d.Where, Seq: d.Seq, Reason: d.Reason})
	})
	if err != nil {
		return n, err
	}
	for after := int64(0); ; {
		facts, err := s.store.log.Read(ctx, b.ID, after, readAtOnce)
		if err != nil || len(facts) == 0 {
			return n, err
		}
		for i := range facts {
			f := &facts[i]
			if after = f.Seq; f.Kind != record.Movement {
				continue
			}
			n++
			r, err := record.Parse(f)
			if err != nil {
				return n, err
			}
			if !bytes.Equal(f.Data, rate.Pack(r, b.zone)) {
				report(floor.Drift{Day: calendar.Day(f.Day).String(), Fold: "movement", Where: "log", Seq: f.Seq, Reason: "counts for something else than it says"})
			}
		}
	}
}

// readAtOnce is how many facts are looked at together.
const readAtOnce = 1000
