package fold

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// sweepDays is how many days one round of the sweeper refolds. With rounds
// seconds apart that leaves nearly all of the machine to others.
const sweepDays = 8

func (e *Engine[F]) keepSweeping() {
	e.regularly(e.cfg.SweepEvery, func() {
		for name := range *e.brands.Load() {
			if err := e.Sweep(e.running, name, sweepDays); err != nil && e.running.Err() == nil {
				e.cfg.Logger.WarnContext(e.running, "sweep", "brand", name, "error", err)
			}
		}
	})
}

// Sweep refolds the stored slabs of up to limit days that were touched while
// not loaded, newest first, so that the next reader finds them current.
func (e *Engine[F]) Sweep(ctx context.Context, name string, limit int) error {
	b := e.brand(name)
	for _, n := range b.takeStale(limit) {
		measures, err := e.store.measures(ctx, name, n)
		if err != nil {
			return fmt.Errorf("list slabs of %s, day %d: %w", name, n, err)
		}
		if len(measures) == 0 {
			continue
		}
		if err := e.refold(ctx, name, Want{measures, Days(n, n+1)}, false); err != nil {
			return err
		}
	}
	return nil
}

func (b *brand[F]) takeStale(limit int) []int32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var days []int32
	for n := range b.stale {
		days = append(days, n)
	}
	slices.Sort(days)
	days = days[max(0, len(days)-limit):]
	for _, n := range days {
		delete(b.stale, n)
	}
	return days
}

// refold loads what is wanted without a reader; anew: from its facts alone.
func (e *Engine[F]) refold(ctx context.Context, name string, want Want, anew bool) error {
	for range attempts {
		b, err := e.ready(ctx, name)
		if err != nil {
			return err
		}
		held, err := e.holdAs(ctx, b, want, anew)
		e.release(ctx, b, held)
		if !errors.Is(err, errAgain) {
			return err
		}
	}
	return errAgain
}
