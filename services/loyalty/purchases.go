package loyalty

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/follow"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/purchase"
	"github.com/rapport-cx/rapport/services/loyalty/record"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// followPurchases lets a brand's purchases earn as Journey tells of them, until ctx ends.
func (s *Server) followPurchases(ctx context.Context, b *brand) error {
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
	standing.Keep(ctx, s.store.db, s.store.log, &b.tail, b.ID, s.log)
	return nil
}

// verifyPurchases counts standings anew, and matches returns anew.
func (s *Server) verifyPurchases(ctx context.Context, b *brand, report func(floor.Drift)) (int, error) {
	drift := func(table string) func(int64, string) {
		return func(customer int64, reason string) {
			report(floor.Drift{Fold: table, Where: "table", Seq: customer, Reason: reason})
		}
	}
	n, err := standing.Verify(ctx, s.store.db, b.ID, drift("standing"))
	if err != nil {
		return n, err
	}
	// Whose numbers were ever put together, or taken apart again.
	mixed := map[int64]bool{}
	var more int
	err = s.store.db.Read(ctx, func(tx *sqldb.Tx) error {
		err := feed.In(tx).ReadKind(ctx, b.ID, []int16{record.Person}, 0, func(f *feed.Fact) error {
			e, err := people.ReadEvent(f.Body)
			mixed[e.GetId()], mixed[e.GetIntoId()] = true, true
			for _, id := range append(b.people().Members(e.GetId()), b.people().Members(e.GetIntoId())...) {
				mixed[id] = true
			}
			return err
		})
		if err != nil {
			return err
		}
		more, err = purchase.Verify(ctx, tx, b.ID, b.defined.Load().programmes, func(id int64) bool { return !mixed[id] }, drift("bought"))
		return err
	})
	return n + more, err
}

// rebuildPurchases counts standings anew, and goes over Journey's log again: what was told
// before is known by its key, so that only what was missed takes effect.
func rebuildPurchases(ctx context.Context, tx *sqldb.Tx, brand string) error {
	if err := standing.Forget(ctx, tx, brand); err != nil {
		return err
	}
	return feed.Rewind(ctx, tx, purchase.ConsumerName, brand)
}
