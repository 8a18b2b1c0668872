package loyalty

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/purchase"
)

// meter counts what this process commits, over all brands, and tells what there is. An
// instrument that cannot be made measures nothing.
type meter struct {
	earned, spent, expired, refused, timedOut metric.Int64Counter
	late                                      metric.Float64Histogram
	// unmatched and outstanding were last looked up of each brand.
	unmatched, outstanding map[string]*atomic.Int64
	registration           metric.Registration
}

func newMeter(brands map[string]*brand) *meter {
	m := otel.Meter("github.com/rapport-cx/rapport/services/loyalty")
	counter := func(name, unit, what string) metric.Int64Counter {
		c, _ := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what))
		return c
	}
	out := &meter{
		earned:    counter("rapport.loyalty.points_earned", "{point}", "Points earned."),
		spent:     counter("rapport.loyalty.points_spent", "{point}", "Points spent, at once or out of holds."),
		expired:   counter("rapport.loyalty.points_expired", "{point}", "Points posted as expired."),
		refused:   counter("rapport.loyalty.refused", "{request}", "Requests refused by a rule of business, by reason."),
		timedOut:  counter("rapport.loyalty.holds_timed_out", "{hold}", "Holds that ended by themselves."),
		unmatched: map[string]*atomic.Int64{}, outstanding: map[string]*atomic.Int64{},
	}
	out.late, _ = m.Float64Histogram("rapport.loyalty.expiry_lag", metric.WithUnit("s"),
		metric.WithDescription("How long ago what was due had been due when it was posted: the oldest of a piece."))
	unmatched, _ := m.Int64ObservableGauge("rapport.loyalty.unmatched_returns", metric.WithUnit("{line}"),
		metric.WithDescription("Returned lines that found no purchase."))
	outstanding, _ := m.Int64ObservableGauge("rapport.loyalty.points_outstanding", metric.WithUnit("{point}"),
		metric.WithDescription("Points that members have, as posted."))
	for id := range brands {
		out.unmatched[id], out.outstanding[id] = &atomic.Int64{}, &atomic.Int64{}
	}
	out.registration, _ = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(unmatched, sum(out.unmatched))
		o.ObserveInt64(outstanding, sum(out.outstanding))
		return nil
	}, unmatched, outstanding)
	return out
}

func sum(of map[string]*atomic.Int64) (n int64) {
	for _, one := range of {
		n += one.Load()
	}
	return n
}

// close stops telling. Nothing is told twice by a process that opens the service again.
func (m *meter) close() error {
	if m.registration == nil {
		return nil
	}
	return m.registration.Unregister()
}

// count takes in what was committed.
func (m *meter) count(records []*loyaltyv1.EntryRecord) {
	ctx := context.Background()
	var earned, spent, expired, timedOut int64
	for _, r := range records {
		if no := r.GetRefusal(); no != nil {
			m.refused.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", strings.TrimPrefix(no.GetReason(), "REASON_"))))
			continue
		}
		switch mv := r.GetMovement(); mv.GetKind() {
		case loyaltyv1.MovementKind_MOVEMENT_KIND_EARN:
			earned += r.GetEarn().GetPoints()
		case loyaltyv1.MovementKind_MOVEMENT_KIND_REDEEM, loyaltyv1.MovementKind_MOVEMENT_KIND_CAPTURE:
			spent += points(mv.GetTaken())
		case loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE:
			expired += points(mv.GetTaken())
		case loyaltyv1.MovementKind_MOVEMENT_KIND_VOID:
			if r.GetVoid() == nil {
				timedOut++
			}
		}
	}
	for _, one := range []struct {
		to metric.Int64Counter
		n  int64
	}{{m.earned, earned}, {m.spent, spent}, {m.expired, expired}, {m.timedOut, timedOut}} {
		if one.n > 0 {
			one.to.Add(ctx, one.n)
		}
	}
}

func points(parts []*loyaltyv1.LotPart) (n int64) {
	for _, p := range parts {
		n += p.GetPoints()
	}
	return n
}

// lookEvery is how often what there is is looked up.
const lookEvery = time.Minute

// keepCounting looks up what there is of a brand, until ctx ends.
func (s *Server) keepCounting(ctx context.Context, b *brand) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		if err := s.look(ctx, b); err != nil && ctx.Err() == nil {
			s.log.Debug("count points", "brand", b.ID, "error", err)
		}
		timer.Reset(lookEvery)
	}
}

func (s *Server) look(ctx context.Context, b *brand) error {
	unmatched, err := purchase.CountUnmatched(ctx, s.store.db, b.ID)
	if err != nil {
		return err
	}
	outstanding, err := ledger.Outstanding(ctx, s.store.db, b.ID)
	if err != nil {
		return err
	}
	s.meter.unmatched[b.ID].Store(unmatched)
	s.meter.outstanding[b.ID].Store(outstanding)
	return nil
}
