package segmentation

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/follow"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/contact"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// followPurchases keeps the purchases of all brands up with Journey until ctx ends.
// Without a neighbour there is nothing to follow.
func (s *Server) followPurchases(ctx context.Context) error {
	if s.neighbours.Journey == nil {
		return nil
	}
	source := follow.New(s.watchEvents, purchase.Split, s.clock, s.log)
	var wg sync.WaitGroup
	errs := make([]error, 0, len(s.brands))
	var mu sync.Mutex
	for id, b := range s.brands {
		f := &purchase.Follower{Brand: id, Zone: b.zone, DB: s.store.db, Clock: s.clock, Log: s.log}
		wg.Go(func() {
			err := f.Consumer(source.Next).Run(ctx)
			if err == nil || ctx.Err() != nil {
				return
			}
			s.log.Error("purchases stopped: run rapport rebuild", "brand", id, "error", err)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// watchEvents opens Journey's stream behind a cursor.
func (s *Server) watchEvents(ctx context.Context, brand string, after *commonv1.Cursor) (grpc.ServerStreamingClient[journeyv1.WatchEventsResponse], error) {
	return s.neighbours.Journey.WatchEvents(ctx, &journeyv1.WatchEventsRequest{Brand: brand, After: after})
}

// purchasesOf sums what numbers bought, all of one person; nil if Journey's log was
// never followed.
func (s *Server) purchasesOf(ctx context.Context, b *brand, numbers []int64) (out *segmentationv1.PurchaseFacts, err error) {
	var f purchase.Facts
	var asOf int64
	err = s.store.db.Read(ctx, func(tx *sqldb.Tx) error {
		if asOf, err = purchase.AsOf(ctx, tx, b.ID); err != nil || asOf == 0 {
			return err
		}
		f, err = purchase.Read(ctx, tx, b.ID, numbers)
		return err
	})
	if err != nil || asOf == 0 {
		return nil, err
	}
	out = &segmentationv1.PurchaseFacts{
		Purchases: f.Purchases, Returns: f.Returns, AsOf: timestamppb.New(time.UnixMicro(asOf)),
		Spent:    &commonv1.Money{Currency: b.Currency, MinorUnits: f.Spent},
		Returned: &commonv1.Money{Currency: b.Currency, MinorUnits: f.Returned},
	}
	if f.Purchases > 0 {
		out.FirstDay, out.LastDay = f.First.String(), f.Last.String()
	}
	return out, nil
}

// checkContacts holds reservations against their facts.
func (s *Server) checkContacts(ctx context.Context, b *brand, report func(floor.Drift)) (int, error) {
	drift := drifting(report, "contacts")
	return contact.Verify(ctx, s.store.db, b.ID, func(id int64, reason string) { drift(id, "%s", reason) })
}

// checkPurchases counts purchases anew from their facts.
func (s *Server) checkPurchases(ctx context.Context, b *brand, report func(floor.Drift)) (int, error) {
	drift := drifting(report, "purchases")
	return purchase.Verify(ctx, s.store.db, b.ID, b.zone, func(customer int64, reason string) { drift(customer, "%s", reason) })
}

// rebuildPurchases counts purchases anew and goes over Journey's log again: what
// was counted before is known by its key, so that only what is missing is added.
func (s *Server) rebuildPurchases(ctx context.Context, b *brand) error {
	return s.store.write(ctx, b.ID, func(c *change) error {
		if err := purchase.Rebuild(ctx, c.tx, b.ID, b.zone); err != nil {
			return err
		}
		return feed.Rewind(ctx, c.tx, purchase.ConsumerName, b.ID)
	})
}
