package loyalty

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/follow"
	"github.com/rapport-cx/rapport/services/loyalty/offer"
)

// followConditions lets purchases count for the conditions of offers, until ctx ends.
func (s *Server) followConditions(ctx context.Context, b *brand) error {
	open := func(ctx context.Context, brand string, after *commonv1.Cursor) (journeyv1.JourneyService_WatchEventsClient, error) {
		return s.near.Journey.WatchEvents(ctx, &journeyv1.WatchEventsRequest{Brand: brand, After: after})
	}
	return s.conditions(b).Consumer(follow.New(open, offer.Split, s.clock, s.log).Next).Run(ctx)
}

func (s *Server) conditions(b *brand) *offer.Follower {
	return &offer.Follower{
		Brand: b.ID, DB: s.store.db, Ledger: b.keeper, People: b.people, Clock: s.clock, Log: s.log,
		Book:  func() *offer.Book { return b.defined.Load().offers },
		Ready: func(ctx context.Context) error { return s.store.folds.Sync(ctx, b.ID) },
	}
}
