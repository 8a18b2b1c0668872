package subscription

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

// Run plans and sends what is due until the context ends, and then lets what is on its
// way get there. A database that does not answer is asked again.
func (s *Server) Run(ctx context.Context) error {
	var works sync.WaitGroup
	defer works.Wait()
	places := make(chan struct{}, s.cfg.AtOnce)
	for ctx.Err() == nil {
		next, err := s.round(ctx, places, &works)
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "subscriptions", "error", err)
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// round plans what is due and begins as many deliveries as there are places for. It
// tells when to look again.
func (s *Server) round(ctx context.Context, places chan struct{}, works *sync.WaitGroup) (next time.Duration, err error) {
	next = poll
	for _, b := range s.cfg.Brands.All() {
		if failed := s.plan(ctx, b.ID); failed != nil {
			err = errors.Join(err, fmt.Errorf("plan for %s: %w", b.ID, failed))
			continue
		}
		if free := cap(places) - len(places); free > 0 {
			mine, failed := s.store.claim(ctx, b.ID, s.cfg.Clock(), free)
			if failed != nil {
				err = errors.Join(err, fmt.Errorf("deliver for %s: %w", b.ID, failed))
				continue
			}
			for _, d := range mine {
				places <- struct{}{}
				works.Go(func() {
					defer func() { <-places; s.poke() }()
					s.deliver(context.WithoutCancel(ctx), d)
				})
			}
		}
		at, failed := s.store.soonest(ctx, b.ID)
		if err = errors.Join(err, failed); !at.IsZero() && len(places) < cap(places) {
			next = min(next, max(at.Sub(s.cfg.Clock()), 10*time.Millisecond))
		}
	}
	return next, err
}

// plan records all that is due in a brand.
func (s *Server) plan(ctx context.Context, brand string) error {
	for {
		now := s.cfg.Clock()
		n, more, err := s.store.plan(ctx, brand, now, func(h *held) (*delivery, time.Time, error) { return s.decide(h, now) })
		if err != nil {
			return err
		}
		s.meter.planned.Add(ctx, int64(n))
		if !more {
			return nil
		}
	}
}

// decide is what is due of a subscription and when it is next. One that is due too far
// ahead, by a clock that stood wrong, is due when the clock that is right says.
func (s *Server) decide(h *held, now time.Time) (*delivery, time.Time, error) {
	c, err := s.cadence(h.subscription())
	if err != nil || !h.active() {
		return nil, time.Time{}, err
	}
	if h.due.After(now) {
		return nil, c.After(now), nil
	}
	last, missed := c.Due(h.due, now)
	d := s.planned(h, c, last, now)
	d.Missed = int32(min(missed, 1_000_000))
	return d, c.After(last), nil
}

// deliver makes one attempt, which was recorded before, and records how it ended.
func (s *Server) deliver(ctx context.Context, d *delivery) {
	began := s.cfg.Clock()
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out := s.attempt(bounded, d)
	s.meter.record(ctx, out, s.cfg.Clock().Sub(began))
	if err := s.record(ctx, d, out); err != nil {
		// It stays in doubt, and is sent again under the same id when the lease is over.
		s.cfg.Log.WarnContext(ctx, "a delivery's end is not recorded", "delivery", d.GetId(), "error", err)
	}
}

// record writes down how an attempt ended, and then what follows for the subscription,
// which cancels all else that is pending of it.
func (s *Server) record(ctx context.Context, d *delivery, out outcome) error {
	err := s.settle(ctx, d, out)
	if out.stops == "" {
		return err
	}
	// What was changed meanwhile is another one, for which this means nothing.
	still := func(have *held) bool { return have.subscription().GetEtag() == out.etag }
	return errors.Join(err, s.stop(ctx, d.brand, d.GetSubscriptionId(), out.stops, still))
}

func (s *Server) settle(ctx context.Context, d *delivery, out outcome) error {
	now := s.cfg.Clock()
	if out.status != reportv1.Delivery_STATUS_PENDING {
		return s.store.end(ctx, d, now, out.status, out.text)
	}
	next := now.Add(s.pause(d.GetAttempts()))
	if next.After(d.GetGiveUpAt().AsTime()) {
		return s.store.end(ctx, d, now, reportv1.Delivery_STATUS_FAILED, "given up: "+out.text)
	}
	return s.store.again(ctx, d, next, out.text, out.doubt)
}
