package fold

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
)

// Ingest applies the facts of one commit, in order, as its writer calls before
// it acknowledges. Facts that others committed before are read from the log
// and applied first; what is applied already is passed over, so callers may
// come twice and in any order. Facts an append left out (Seq 0) may stand
// among them. When it returns nil, every view includes the facts; an error does
// not undo their commit, they are applied when the log is next read.
func (e *Engine[F]) Ingest(ctx context.Context, name string, facts []feed.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	b := e.brand(name)
	if err := b.turn.take(ctx); err != nil {
		return err
	}
	defer b.turn.give()
	if err := e.open(ctx, b); err != nil {
		return err
	}
	facts = after(facts, b.applied.Seq)
	if len(facts) == 0 {
		return e.sameLog(ctx, b)
	}
	if first := facts[0].Seq; first > b.applied.Seq+1 {
		err := e.advance(ctx, b, first-1)
		if errors.Is(err, feed.ErrReplaced) {
			return e.reopen(ctx, b)
		}
		if err != nil {
			return err
		}
		facts = after(facts, b.applied.Seq)
	}
	return e.apply(b, facts)
}

// sameLog starts the brand anew if its log does not hold the fact applied last.
// A writer's own facts are rarely applied before it comes, unless they carry
// the numbers of facts that a restore from backup took away. The caller has
// the turn.
func (e *Engine[F]) sameLog(ctx context.Context, b *brand[F]) error {
	ok, err := e.log.Has(ctx, b.name, b.applied.Cursor())
	if err != nil || ok {
		return err
	}
	return e.reopen(ctx, b)
}

// after drops the facts up to seq.
func after(facts []feed.Fact, seq int64) []feed.Fact {
	for len(facts) > 0 && facts[0].Seq <= seq {
		facts = facts[1:]
	}
	return facts
}

// Sync applies everything the log holds now.
func (e *Engine[F]) Sync(ctx context.Context, name string) error {
	b := e.brand(name)
	if err := b.turn.take(ctx); err != nil {
		return err
	}
	defer b.turn.give()
	if !b.opened.Load() {
		return e.open(ctx, b)
	}
	err := e.advance(ctx, b, 1<<62)
	if errors.Is(err, feed.ErrReplaced) {
		return e.reopen(ctx, b)
	}
	return err
}

// reopen starts the brand again on the log as it is now.
func (e *Engine[F]) reopen(ctx context.Context, b *brand[F]) error {
	e.cfg.Logger.WarnContext(ctx, "log was replaced, folding anew", "brand", b.name, "applied", b.applied.Seq)
	e.meter.restarts.add(ctx, 1)
	e.forget(b)
	return e.open(ctx, b)
}

// advance reads and applies facts until seq upto or the end of the log. The
// caller has the turn.
func (e *Engine[F]) advance(ctx context.Context, b *brand[F], upto int64) error {
	for b.applied.Seq < upto {
		limit := int(min(int64(e.cfg.Page), upto-b.applied.Seq))
		page, err := e.log.Continue(ctx, b.name, b.applied.Cursor(), limit)
		if err != nil {
			return fmt.Errorf("catch up with log of %s: %w", b.name, err)
		}
		if len(page) > 0 {
			e.meter.lagged(ctx, e.cfg.Clock, page[0].At)
		}
		if err := e.apply(b, page); err != nil {
			return err
		}
		if len(page) < limit {
			return nil
		}
	}
	return nil
}

// apply gives each fact its effect. An error leaves the brand whole, at the
// fact before the one that failed. The caller has the turn.
func (e *Engine[F]) apply(b *brand[F], facts []feed.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.announce()
	for i := range facts {
		f := &facts[i]
		if f.Seq <= b.applied.Seq {
			continue // what an append left out has no number
		}
		var err error
		if f.Day == feed.NoDay {
			err = e.define(b, f)
		} else {
			err = e.touch(b, f)
		}
		if err != nil {
			return fmt.Errorf("fold seq %d of %s: %w", f.Seq, b.name, err)
		}
		b.applied = headAt(f)
	}
	return nil
}

// define hands a definition to the service. Called under Lock.
func (e *Engine[F]) define(b *brand[F], f *feed.Fact) error {
	if !slices.Contains(e.rules.Definitions, f.Kind) {
		return nil
	}
	b.defined = f.Cursor()
	return e.rules.Define(b.name, f)
}

// touch moves the loaded slabs of the fact's days. A day without any costs a
// look-up and no decoding. Called under Lock.
func (e *Engine[F]) touch(b *brand[F], f *feed.Fact) error {
	first, second := b.days[f.Day], (*day[F])(nil)
	if f.Day2 != f.Day {
		second = b.days[f.Day2]
	}
	if first.loaded() || second.loaded() {
		v, ok, err := e.rules.Decode(b.name, f)
		if err != nil {
			return err
		}
		if ok {
			e.move(b, first, f.Day, f.Seq, v)
			e.move(b, second, f.Day2, f.Seq, v)
		}
	}
	b.note(first, f.Day, f)
	if f.Day2 != f.Day {
		b.note(second, f.Day2, f)
	}
	return nil
}

func (d *day[F]) loaded() bool { return d != nil && len(d.slots) > 0 }

// note remembers that the fact touched the day.
func (b *brand[F]) note(d *day[F], n int32, f *feed.Fact) {
	if d != nil {
		d.last = headAt(f)
	}
	if !d.loaded() {
		b.stale[n] = struct{}{}
	}
}

// move applies the fact to the slabs of one of its days.
func (e *Engine[F]) move(b *brand[F], d *day[F], n int32, seq int64, v F) {
	if !d.loaded() {
		return
	}
	b.scratch = e.rules.Measures(v, n, b.scratch[:0])
	for _, m := range b.scratch {
		s := d.slots[m]
		switch {
		case s == nil:
		case s.ready:
			s.slab.Apply(n, v)
			b.mark(s)
		default:
			s.pending = append(s.pending, arrival[F]{seq, v})
		}
	}
}
