package fold

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapport-cx/rapport/internal/feed"
)

// errAgain says that the state asked about went away meanwhile: start over.
var errAgain = errors.New("slabs were dropped while being read")

// attempts bounds how often a caller starts over. State goes away when the log
// is replaced or another caller gives up loading; neither lasts.
const attempts = 100

// View is a brand at one applied seq. It is valid only inside the callback.
type View[F any] struct {
	b *brand[F]
	// AsOf is the last fact applied: every slab is true up to it.
	AsOf feed.Head
	// Last is the last fact that touched any of the view's days, zero if none
	// did. Its commit time is the as_of of a number made of them.
	Last feed.Head
	// Defined is the seq of the last fact that changed a definition.
	Defined int64
}

// Slab returns the slab of a measure and day the view wanted: nil, or empty,
// where no fact counts.
func (v *View[F]) Slab(m Measure, day int32) Slab[F] {
	if s := v.b.slotOf(day, m); s != nil && s.ready {
		return s.slab
	}
	return nil
}

// View calls fn with everything wanted loaded and consistent at one seq. No
// fact is applied while fn runs, so it should be a pure sum of milliseconds; it
// must not call the engine, and slabs must not be changed or kept.
func (e *Engine[F]) View(ctx context.Context, name string, want Want, fn func(*View[F]) error) error {
	for range attempts {
		b, err := e.ready(ctx, name)
		if err != nil {
			return err
		}
		if done, err := e.look(b, want, fn); done {
			return err
		}
		held, err := e.hold(ctx, b, want)
		done := false
		if err == nil {
			done, err = e.look(b, want, fn)
		}
		e.release(ctx, b, held)
		if done || err != nil && !errors.Is(err, errAgain) {
			return err
		}
	}
	return errAgain
}

// look runs fn if everything wanted is loaded.
func (e *Engine[F]) look(b *brand[F], want Want, fn func(*View[F]) error) (bool, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	v := View[F]{b: b, AsOf: b.applied, Defined: b.defined.Seq}
	now := e.tick.Add(1)
	whole := each(want.Days, func(n int32) bool {
		d := b.days[n]
		if d == nil || !d.probed {
			return false
		}
		if d.last.Seq == 0 {
			return true
		}
		if d.last.Seq > v.Last.Seq {
			v.Last = d.last
		}
		for _, m := range want.Measures {
			s := d.slots[m]
			if s == nil || !s.ready {
				return false
			}
			s.used.Store(now)
		}
		return true
	})
	if !whole || v.Last.Seq > 0 && v.Last.CommitID == 0 {
		return false, nil
	}
	return true, fn(&v)
}

// hold loads what is missing and pins everything wanted, so that it is still
// there when looked at. What it returns must be released, error or not.
func (e *Engine[F]) hold(ctx context.Context, b *brand[F], want Want) ([]*slot[F], error) {
	return e.holdAs(ctx, b, want, false)
}

func (e *Engine[F]) holdAs(ctx context.Context, b *brand[F], want Want, anew bool) ([]*slot[F], error) {
	if err := e.probe(ctx, b, want.Days); err != nil {
		return nil, err
	}
	held, job, err := e.claim(b, want, anew)
	if err != nil {
		return held, err
	}
	if err := e.load(ctx, b, job); err != nil {
		return held, err
	}
	// Others load the rest. Everybody finishes their own claims before waiting,
	// so two views that want each other's slabs cannot block one another.
	for _, s := range held {
		select {
		case <-s.done:
			if !s.ready {
				return held, errAgain
			}
		case <-ctx.Done():
			return held, ctx.Err()
		}
	}
	return held, nil
}

// release unpins and keeps the memory budget.
func (e *Engine[F]) release(ctx context.Context, b *brand[F], held []*slot[F]) {
	if len(held) == 0 {
		return
	}
	b.mu.Lock()
	for _, s := range held {
		s.pins--
	}
	b.mu.Unlock()
	e.shrink(ctx)
}

// probe makes sure that the last touch of every day is known, and the commit
// of the newest of them.
func (e *Engine[F]) probe(ctx context.Context, b *brand[F], spans []Span) error {
	epoch, unknown := b.unknown(spans)
	if len(unknown) > 0 {
		if err := e.probeDays(ctx, b, epoch, unknown); err != nil {
			return err
		}
	}
	b.mu.RLock()
	newest, _ := b.newest(spans)
	b.mu.RUnlock()
	if newest.Seq == 0 || newest.CommitID != 0 {
		return nil
	}
	return e.date(ctx, b, newest.Seq)
}

// unknown returns the days that were never probed, and gives them a place in
// which touches collect from now on.
func (b *brand[F]) unknown(spans []Span) (epoch int64, days []int32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	each(spans, func(n int32) bool {
		d := b.days[n]
		if d == nil {
			d = &day[F]{slots: map[Measure]*slot[F]{}}
			b.days[n] = d
		}
		if !d.probed {
			days = append(days, n)
		}
		return true
	})
	return b.epoch.Load(), days
}

// newest is the last touch of any of the days; false if one was never probed.
func (b *brand[F]) newest(spans []Span) (newest feed.Head, known bool) {
	known = each(spans, func(n int32) bool {
		d := b.days[n]
		if d == nil || !d.probed {
			return false
		}
		if d.last.Seq > newest.Seq {
			newest = d.last
		}
		return true
	})
	return newest, known
}

func (e *Engine[F]) probeDays(ctx context.Context, b *brand[F], epoch int64, days []int32) error {
	touched, err := e.log.Touched(ctx, b.name, days)
	if err != nil {
		return fmt.Errorf("probe %d days of %s: %w", len(days), b.name, err)
	}
	var top int64
	for _, seq := range touched {
		top = max(top, seq)
	}
	// The index may know of facts that are not applied yet. A day must not be
	// called touched by a fact its slabs lack.
	if err := e.reach(ctx, b, top); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.epoch.Load() != epoch || b.applied.Seq < top {
		return errAgain
	}
	for i, n := range days {
		d := b.days[n]
		if touched[i] > d.last.Seq {
			d.last = feed.Head{Seq: touched[i]}
		}
		d.probed = true
	}
	return nil
}

// reach applies the log at least up to seq, which is known to be in it.
func (e *Engine[F]) reach(ctx context.Context, b *brand[F], seq int64) error {
	if b.seq.Load() >= seq {
		return nil
	}
	return e.Sync(ctx, b.name)
}

// date looks up the commit of a fact known by its seq alone.
func (e *Engine[F]) date(ctx context.Context, b *brand[F], seq int64) error {
	got, err := e.log.Get(ctx, b.name, seq)
	if err != nil {
		return err
	}
	if len(got) == 0 {
		// The index named it, so this is another log now: Sync finds out.
		if err := e.Sync(ctx, b.name); err != nil {
			return err
		}
		return errAgain
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range []int32{got[0].Day, got[0].Day2} {
		if d := b.days[n]; d != nil && d.last.Seq == seq {
			d.last = headAt(&got[0])
		}
	}
	return nil
}
