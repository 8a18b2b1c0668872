package subscription

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/gateway/subscription/occasion"
)

// folded is what the facts of a brand come to: every subscription as it was last left,
// every delivery as it was planned or ended.
type folded struct {
	subscriptions map[string]*held
	deliveries    map[string]*reportv1.DeliveryRecord
	// seq is the last fact of each.
	seq map[string]int64
}

func fold(ctx context.Context, log feed.Reader, brand string) (*folded, error) {
	out := &folded{map[string]*held{}, map[string]*reportv1.DeliveryRecord{}, map[string]int64{}}
	err := log.ReadKind(ctx, brand, []int16{kindSubscription, kindPlanned, kindEnded}, 0, func(f *feed.Fact) error {
		if f.Kind != kindSubscription {
			d := &reportv1.DeliveryRecord{}
			if err := proto.Unmarshal(f.Body, d); err != nil {
				return fmt.Errorf("read fact %d: %w", f.Seq, err)
			}
			out.deliveries[d.GetDelivery().GetId()], out.seq[d.GetDelivery().GetId()] = d, f.Seq
			return nil
		}
		h := &held{brand: brand, first: f.Of, record: &reportv1.SubscriptionRecord{}}
		if err := proto.Unmarshal(f.Body, h.record); err != nil {
			return fmt.Errorf("read fact %d: %w", f.Seq, err)
		}
		if h.first == 0 {
			h.first = f.Seq
		}
		h.id = h.subscription().GetId()
		out.subscriptions[h.id], out.seq[h.id] = h, f.Seq
		if h.record.GetDeleted() {
			delete(out.subscriptions, h.id)
		}
		return nil
	})
	return out, err
}

// Verify compares what is stored of a brand with its facts, at one moment. When a report
// is due next, and how often one was tried, are no facts.
func (s *Store) Verify(ctx context.Context, brand string, report func(floor.Drift)) (examined int, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		facts, err := fold(ctx, feed.In(tx), brand)
		if err != nil {
			return err
		}
		differs := func(what, id, reason string) {
			report(floor.Drift{Fold: what + " " + id, Where: "table", Seq: facts.seq[id], Reason: reason})
		}
		rows, err := heldRows(ctx, tx, "SELECT "+subscriptionColumns+" FROM subscription WHERE brand = $1 ORDER BY id", brand)
		if err != nil {
			return err
		}
		for _, h := range rows {
			want := facts.subscriptions[h.id]
			delete(facts.subscriptions, h.id)
			if want == nil || want.first != h.first || !proto.Equal(want.record, h.record) {
				differs("subscription", h.id, "is not what its last fact says")
			}
		}
		for _, id := range slices.Sorted(maps.Keys(facts.subscriptions)) {
			differs("subscription", id, "is not there")
		}
		examined = len(rows) + len(facts.subscriptions)
		n, err := verifyDeliveries(ctx, tx, brand, facts, differs)
		examined += n
		return err
	})
	return examined, err
}

func verifyDeliveries(ctx context.Context, tx *sqldb.Tx, brand string, facts *folded, differs func(what, id, reason string)) (int, error) {
	rows, err := tx.Query(ctx, "SELECT id, owner, status, body FROM delivery WHERE brand = $1 ORDER BY id", brand)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	examined := len(facts.deliveries)
	for rows.Next() {
		var id, owner string
		var status int32
		var body []byte
		if err := rows.Scan(&id, &owner, &status, &body); err != nil {
			return 0, err
		}
		stored, want := &reportv1.Delivery{}, facts.deliveries[id]
		delete(facts.deliveries, id)
		if err := proto.Unmarshal(body, stored); err != nil || want == nil || want.GetOwner() != owner || int32(want.GetDelivery().GetStatus()) != status ||
			!proto.Equal(want.GetDelivery(), stored) {
			differs("delivery", id, "is not what its last fact says")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(facts.deliveries)) {
		differs("delivery", id, "is not there")
	}
	return examined, rows.Err()
}

// Rebuild makes what is stored of a brand anew from its facts. What is pending is tried
// again at once, as if never tried; what is due is due from now on.
func (s *Store) Rebuild(ctx context.Context, brand string, now time.Time) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := feed.Lock(ctx, tx, brand, now); err != nil {
			return err
		}
		facts, err := fold(ctx, feed.In(tx), brand)
		if err != nil {
			return err
		}
		for _, table := range []string{"subscription", "delivery"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE brand = $1", brand); err != nil {
				return fmt.Errorf("rebuild %s: %w", table, err)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(facts.subscriptions)) {
			h := facts.subscriptions[id]
			if h.active() {
				zone, err := calendar.Load(h.subscription().GetZone())
				if err != nil {
					return err
				}
				h.due = occasion.Cadence{Cadence: h.subscription().GetCadence(), Zone: zone}.After(now)
			}
			if err := store(ctx, tx, h); err != nil {
				return err
			}
		}
		for _, id := range slices.Sorted(maps.Keys(facts.deliveries)) {
			d := &delivery{Delivery: facts.deliveries[id].GetDelivery(), brand: brand, owner: facts.deliveries[id].GetOwner()}
			if d.GetStatus() == reportv1.Delivery_STATUS_PENDING {
				d.next = now
			}
			if _, err := insertDelivery(ctx, tx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
