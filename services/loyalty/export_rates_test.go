package loyalty

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/receipt"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Records are all movements of a brand in the order of the log, with their numbers.
func (s *Server) Records(ctx context.Context, brand string) (out []*loyaltyv1.EntryRecord, err error) {
	facts, err := s.store.log.Read(ctx, brand, 0, 1<<20)
	for i := range facts {
		if f := &facts[i]; f.Kind == record.Movement && err == nil {
			var r *loyaltyv1.EntryRecord
			r, err = record.Parse(f)
			record.Whole(r, f.Seq, f.At)
			out = append(out, r)
		}
	}
	return out, err
}

// Receive lets receipts follow a log of Journey's that has these events, up to its end.
func (s *Server) Receive(ctx context.Context, brand string, events []*journeyv1.Event) error {
	b := s.brands[brand]
	piece := &journeyv1.WatchEventsResponse{}
	for i, e := range events {
		piece.Facts = append(piece.Facts, &journeyv1.JourneyFact{
			Seq: int64(i + 1), CommittedAt: timestamppb.Now(), Fact: &journeyv1.JourneyFact_Recorded{Recorded: e},
		})
	}
	all, _ := receipt.Split(b.zone)(piece)
	for i := range all {
		all[i].CommitID = 7
	}
	f := &receipt.Follower{Brand: b.ID, DB: s.store.db, Wrote: s.wrote, Clock: s.clock, Log: s.log}
	c := f.Consumer(func(_ context.Context, _ string, from feed.Cursor, limit int) ([]feed.Fact, error) {
		rest := all[from.Seq:]
		return rest[:min(limit, len(rest))], nil
	})
	c.Limit = 2
	for {
		if n, err := c.Step(ctx); err != nil || n == 0 {
			return err
		}
	}
}

// Flush writes folds back.
func (s *Server) Flush(ctx context.Context) error { return s.store.folds.Flush(ctx) }
