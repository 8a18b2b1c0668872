package fold

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/hot"
)

// Drift is a slab that differs from the fold of its facts from zero.
type Drift struct {
	Key
	// Where it was found: "memory", "table" or "redis".
	Where string
	// Seq up to which the slab claims to be true.
	Seq int64
	// Reason tells what is wrong in words.
	Reason string
}

// suspect is one slab under examination.
type suspect struct {
	stored
	where string
}

// Verify folds every stored, cached and loaded slab of the brand anew, up to
// its own seq, and reports those whose bytes differ. Writers may go on. It
// returns how many it examined.
func (e *Engine[F]) Verify(ctx context.Context, name string, report func(Drift)) (int, error) {
	if err := e.Sync(ctx, name); err != nil {
		return 0, err
	}
	b := e.brand(name)
	index, err := e.store.index(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("list slabs of %s: %w", name, err)
	}
	days := map[int32][]Key{}
	for _, r := range index {
		days[r.Day] = append(days[r.Day], r.Key)
	}
	b.mu.RLock()
	for n, d := range b.days {
		if _, listed := days[n]; !listed && d.loaded() {
			days[n] = nil
		}
	}
	b.mu.RUnlock()
	seen := 0
	for _, n := range slices.Sorted(maps.Keys(days)) {
		judged, err := e.verifyDay(ctx, b, n, days[n], report)
		seen += judged
		if err != nil {
			return seen, err
		}
	}
	return seen, nil
}

func (e *Engine[F]) verifyDay(ctx context.Context, b *brand[F], n int32, keys []Key, report func(Drift)) (int, error) {
	suspects, err := e.suspects(ctx, b, n, keys)
	if err != nil {
		return 0, err
	}
	tell := func(s suspect, reason string) {
		e.meter.drift.add(ctx, 1)
		report(Drift{Key: s.Key, Where: s.where, Seq: s.Anchor.Seq, Reason: reason})
	}
	slices.SortFunc(suspects, func(x, y suspect) int { return cmp.Compare(x.Anchor.Seq, y.Anchor.Seq) })
	fresh := map[Measure]Slab[F]{}
	for _, s := range suspects {
		fresh[s.Measure] = e.rules.New(s.Measure)
	}
	left := suspects
	judge := func(upto int64) {
		for len(left) > 0 && left[0].Anchor.Seq < upto {
			s := left[0]
			left = left[1:]
			if !bytes.Equal(fresh[s.Measure].AppendBinary(nil), s.Content) {
				tell(s, "differs from the fold of its facts")
			}
		}
	}
	var measures []Measure
	err = e.log.ReadDay(ctx, b.name, n, 0, func(f *feed.Fact) error {
		judge(f.Seq)
		if len(left) == 0 {
			return errEnough
		}
		v, ok, err := e.rules.Decode(b.name, f)
		if err != nil || !ok {
			return err
		}
		measures = e.rules.Measures(v, n, measures[:0])
		for _, m := range measures {
			if s := fresh[m]; s != nil {
				s.Apply(n, v)
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return 0, fmt.Errorf("fold day %d of %s: %w", n, b.name, err)
	}
	judge(1 << 62)
	return len(suspects), nil
}

// suspects gathers what is kept of a day. Rows of another log are left out:
// nobody would read them.
func (e *Engine[F]) suspects(ctx context.Context, b *brand[F], n int32, keys []Key) ([]suspect, error) {
	found := e.loadedOf(b, n)
	var kept []stored
	var where []string
	if len(keys) > 0 {
		rows, err := e.store.load(ctx, b.name, keys)
		if err != nil {
			return nil, fmt.Errorf("read slabs of %s, day %d: %w", b.name, n, err)
		}
		for _, r := range rows {
			kept, where = append(kept, r), append(where, "table")
		}
		for _, r := range e.cached(ctx, keys) {
			kept, where = append(kept, r), append(where, "redis")
		}
	}
	if err := e.recognise(ctx, b, kept); err != nil {
		return nil, err
	}
	for i, r := range kept {
		if r.Anchor.Seq > 0 && b.known.has(r.Anchor) {
			found = append(found, suspect{r, where[i]})
		}
	}
	return found, nil
}

// loadedOf copies the day's slabs in memory. They are true up to the applied
// seq, which need not be a fact of theirs.
func (e *Engine[F]) loadedOf(b *brand[F], n int32) []suspect {
	b.mu.RLock()
	defer b.mu.RUnlock()
	d := b.days[n]
	if d == nil {
		return nil
	}
	var out []suspect
	for m, s := range d.slots {
		if s.ready {
			out = append(out, suspect{stored{
				Key: Key{b.name, m, n}, Anchor: b.applied.Cursor(), Content: s.slab.AppendBinary(nil),
			}, "memory"})
		}
	}
	return out
}

// rebuildDays is how many days Rebuild holds in memory at once.
const rebuildDays = 32

// Rebuild drops everything kept of the brand and folds it from its facts alone,
// what was stored and what was loaded. Other replicas keep what they have in
// memory until they restart or evict it.
func (e *Engine[F]) Rebuild(ctx context.Context, name string, progress func(done, all int)) error {
	index, err := e.store.index(ctx, name)
	if err != nil {
		return fmt.Errorf("list slabs of %s: %w", name, err)
	}
	b := e.brand(name)
	want := map[int32]map[Measure]bool{}
	add := func(n int32, m Measure) {
		if want[n] == nil {
			want[n] = map[Measure]bool{}
		}
		want[n][m] = true
	}
	for _, r := range index {
		add(r.Day, r.Measure)
	}
	b.mu.RLock()
	for n, d := range b.days {
		for m := range d.slots {
			add(n, m)
		}
	}
	b.mu.RUnlock()
	for _, r := range index {
		e.cache.Disown(hot.Key(r.Key))
	}
	if err := e.cache.Flush(ctx); err != nil {
		return fmt.Errorf("drop cached slabs of %s: %w", name, err)
	}
	if err := e.startAnew(ctx, b); err != nil {
		return err
	}
	done := 0
	for _, n := range slices.Sorted(maps.Keys(want)) {
		w := Want{slices.Sorted(maps.Keys(want[n])), Days(n, n+1)}
		if err := e.refold(ctx, name, w, true); err != nil {
			return err
		}
		done++
		if progress != nil {
			progress(done, len(want))
		}
		if done%rebuildDays == 0 {
			e.shrink(ctx)
		}
	}
	return e.Flush(ctx)
}

// startAnew empties memory and table of the brand.
func (e *Engine[F]) startAnew(ctx context.Context, b *brand[F]) error {
	// Nothing is written back between the two. The turn is not held while the
	// database is written: a guarded change waits for it inside its transaction.
	b.flush.Lock()
	defer b.flush.Unlock()
	if err := e.store.removeAll(ctx, b.name); err != nil {
		return fmt.Errorf("drop slabs of %s: %w", b.name, err)
	}
	if err := b.turn.take(ctx); err != nil {
		return err
	}
	defer b.turn.give()
	e.forget(b)
	return e.open(ctx, b)
}
