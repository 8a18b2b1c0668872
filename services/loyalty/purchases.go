package loyalty

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/follow"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/purchase"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// followPurchases lets a brand's purchases earn as Journey tells of them, until ctx ends.
// Without a neighbour there is nothing to follow.
func (s *Server) followPurchases(ctx context.Context, b *brand) error {
	if s.near.Journey == nil {
		<-ctx.Done()
		return nil
	}
	open := func(ctx context.Context, brand string, after *commonv1.Cursor) (journeyv1.JourneyService_WatchEventsClient, error) {
		return s.near.Journey.WatchEvents(ctx, &journeyv1.WatchEventsRequest{Brand: brand, After: after})
	}
	source := follow.New(open, purchase.Split, s.clock, s.log)
	return s.follower(b).Consumer(source.Next).Run(ctx)
}

func (s *Server) follower(b *brand) *purchase.Follower {
	f := &purchase.Follower{
		Brand: b.ID, Zone: b.zone, DB: s.store.db, Ledger: b.keeper, People: b.people, Clock: s.clock, Log: s.log,
		Book:  func() *programme.Book { return b.defined.Load().programmes },
		Ready: func(ctx context.Context) error { return s.store.folds.Sync(ctx, b.ID) },
	}
	if s.near.Segmentation != nil {
		f.Segments = func(ctx context.Context, customer int64) ([]string, error) { return s.segmentsOf(ctx, b, customer) }
	}
	return f
}

// segmentsOf are those that a person is in now.
func (s *Server) segmentsOf(ctx context.Context, b *brand, customer int64) ([]string, error) {
	out, err := s.near.Segmentation.GetMemberships(ctx, &segmentationv1.GetMembershipsRequest{Brand: b.ID, CustomerId: customer})
	return out.GetSegmentIds(), err
}

// keepStandings counts what members earned as the log grows, until ctx ends.
func (s *Server) keepStandings(ctx context.Context, b *brand) error {
	standing.Keep(ctx, s.store.db, s.store.log, b.ID, s.log)
	return nil
}
