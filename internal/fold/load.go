package fold

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/rapport-cx/rapport/internal/feed"
)

// job is a batch of slabs that one caller claimed to load.
type job[F any] struct {
	epoch int64
	// upto is the brand's applied seq when the slots were made: facts up to it
	// are read from the log, later ones come by Ingest and wait in the slots.
	upto  int64
	loads []*loading[F]
	// anew ignores every base: Rebuild folds from nothing.
	anew bool
}

// loading is one slab on its way into its slot.
type loading[F any] struct {
	slot   *slot[F]
	slab   Slab[F]
	anchor feed.Cursor
	// need is the last touch of the day at the time of the claim: a base that
	// has reached it is complete.
	need int64
	// folded: facts were added to the base, so it is worth writing back.
	folded bool
	// whole: nothing is missing up to what the job reads, whatever becomes of the others.
	whole bool
}

// claim makes slots for what is missing and pins everything wanted.
func (e *Engine[F]) claim(b *brand[F], want Want, anew bool) (held []*slot[F], j job[F], err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j = job[F]{epoch: b.epoch.Load(), upto: b.applied.Seq, anew: anew}
	now := e.tick.Load()
	whole := each(want.Days, func(n int32) bool {
		d := b.days[n]
		if d == nil || !d.probed {
			return false
		}
		if d.last.Seq == 0 {
			return true
		}
		for _, m := range want.Measures {
			s := d.slots[m]
			if s == nil {
				s = &slot[F]{measure: m, day: n, done: make(chan struct{})}
				d.slots[m] = s
				j.loads = append(j.loads, &loading[F]{slot: s, need: d.last.Seq})
			}
			s.pins++
			s.used.Store(now)
			held = append(held, s)
		}
		return true
	})
	if !whole {
		err = e.install(b, j, errAgain)
	}
	return held, j, err
}

// load fills the claimed slots. Each of them is done afterwards, well or not.
func (e *Engine[F]) load(ctx context.Context, b *brand[F], j job[F]) error {
	if len(j.loads) == 0 {
		return nil
	}
	err := e.fill(ctx, b, j)
	if err == nil {
		var top int64
		for _, l := range j.loads {
			top = max(top, l.anchor.Seq)
		}
		// Another replica may have stored more than we have applied.
		err = e.reach(ctx, b, top)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return e.install(b, j, err)
}

// install opens the loaded slots to views and facts, those that are whole also where
// others failed: whoever asks again, perhaps with as little time, goes on from there.
// Called under Lock.
func (e *Engine[F]) install(b *brand[F], j job[F], err error) error {
	same := b.epoch.Load() == j.epoch
	if err == nil && !same {
		err = errAgain
	}
	for _, l := range j.loads {
		s := l.slot
		switch {
		case same && l.whole && l.anchor.Seq <= b.applied.Seq:
			e.settle(b, l)
		case b.live(s):
			delete(b.days[s.day].slots, s.measure)
			fallthrough
		default:
			if err == nil {
				err = errAgain
			}
		}
		s.pending = nil
		close(s.done)
	}
	return err
}

// settle moves a slab into its slot, together with the facts that waited.
func (e *Engine[F]) settle(b *brand[F], l *loading[F]) {
	s := l.slot
	s.slab, s.anchor, s.ready = l.slab, l.anchor, true
	if l.folded {
		b.mark(s)
	}
	for _, p := range s.pending {
		if p.seq > l.anchor.Seq {
			s.slab.Apply(s.day, p.fact)
			b.mark(s)
		}
	}
	e.weigh(s)
	e.meter.loads.add(context.Background(), 1)
}

// fill brings every slab of the job up to its day's last touch.
func (e *Engine[F]) fill(ctx context.Context, b *brand[F], j job[F]) error {
	if err := e.bases(ctx, b, j); err != nil {
		return err
	}
	behind := map[int32][]*loading[F]{}
	for _, l := range j.loads {
		if l.slab == nil {
			l.slab = e.rules.New(l.slot.measure)
		}
		if l.whole = l.anchor.Seq >= l.need; !l.whole {
			behind[l.slot.day] = append(behind[l.slot.day], l)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(e.cfg.Loads)
	for n, group := range behind {
		g.Go(func() error {
			select {
			case e.reads <- struct{}{}:
				defer func() { <-e.reads }()
			case <-ctx.Done():
				return ctx.Err()
			}
			return e.foldDay(ctx, b.name, n, group, j.upto)
		})
	}
	return g.Wait()
}

// foldDay reads the facts of a day once for all slabs of it that are behind.
func (e *Engine[F]) foldDay(ctx context.Context, brand string, n int32, group []*loading[F], upto int64) error {
	by := make(map[Measure]*loading[F], len(group))
	from := group[0].anchor.Seq
	for _, l := range group {
		by[l.slot.measure] = l
		from = min(from, l.anchor.Seq)
	}
	var last feed.Cursor
	var measures []Measure
	err := e.log.ReadDay(ctx, brand, n, from, func(f *feed.Fact) error {
		if f.Seq > upto {
			return errEnough
		}
		last = f.Cursor()
		v, ok, err := e.rules.Decode(brand, f)
		if err != nil || !ok {
			return err
		}
		measures = e.rules.Measures(v, n, measures[:0])
		for _, m := range measures {
			if l := by[m]; l != nil && f.Seq > l.anchor.Seq {
				l.slab.Apply(n, v)
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("fold day %d of %s: %w", n, brand, err)
	}
	for _, l := range group {
		if last.Seq > l.anchor.Seq {
			l.anchor, l.folded = last, true
		}
		l.whole = true
	}
	return nil
}
