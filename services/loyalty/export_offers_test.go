package loyalty

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/offer"
)

// Buy lets offers follow a log of Journey's that has these events, up to its end.
func (s *Server) Buy(ctx context.Context, brand string, events []*journeyv1.Event) error {
	b := s.brands[brand]
	piece := &journeyv1.WatchEventsResponse{}
	for i, e := range events {
		piece.Facts = append(piece.Facts, &journeyv1.JourneyFact{
			Seq: int64(i + 1), CommittedAt: timestamppb.Now(), Fact: &journeyv1.JourneyFact_Recorded{Recorded: e},
		})
	}
	all, _ := offer.Split(piece)
	for i := range all {
		all[i].CommitID = 7
	}
	c := s.conditions(b).Consumer(func(_ context.Context, _ string, from feed.Cursor, limit int) ([]feed.Fact, error) {
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
