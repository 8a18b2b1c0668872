package fold

import (
	"cmp"
	"context"
	"slices"
)

// slotOverhead is what a slot costs beside its slab: itself, its map entry.
const slotOverhead = 256

// weigh accounts for the slab's size. Called under the brand's lock, so that an
// evicted slot is never counted again.
func (e *Engine[F]) weigh(s *slot[F]) {
	n := int64(s.slab.Size() + slotOverhead)
	e.resident.Add(n - s.size.Swap(n))
}

// victim is a slot that may go.
type victim[F any] struct {
	b    *brand[F]
	s    *slot[F]
	used int64
}

// shrink evicts the slabs that were read longest ago until the budget holds
// with some room, writing back first what changed.
func (e *Engine[F]) shrink(ctx context.Context) {
	if e.resident.Load() <= e.cfg.Memory || !e.evicting.TryLock() {
		return
	}
	defer e.evicting.Unlock()
	victims := e.victims(e.resident.Load() - e.cfg.Memory/10*9)
	for b, slots := range groupByBrand(victims) {
		e.retire(ctx, b, slots)
	}
}

// victims picks unpinned slots worth so many bytes, oldest use first.
func (e *Engine[F]) victims(excess int64) []victim[F] {
	var all []victim[F]
	for _, b := range *e.brands.Load() {
		b.mu.RLock()
		for _, d := range b.days {
			for _, s := range d.slots {
				if s.ready && s.pins == 0 {
					all = append(all, victim[F]{b, s, s.used.Load()})
				}
			}
		}
		b.mu.RUnlock()
	}
	slices.SortFunc(all, func(x, y victim[F]) int { return cmp.Compare(x.used, y.used) })
	for i, v := range all {
		if excess <= 0 {
			return all[:i]
		}
		excess -= v.s.size.Load()
	}
	return all
}

func groupByBrand[F any](victims []victim[F]) map[*brand[F]][]*slot[F] {
	by := map[*brand[F]][]*slot[F]{}
	for _, v := range victims {
		by[v.b] = append(by[v.b], v.s)
	}
	return by
}

// retire writes back and drops the slots. If the write fails they are dropped
// all the same: memory is bounded, and the log still has their facts.
func (e *Engine[F]) retire(ctx context.Context, b *brand[F], slots []*slot[F]) {
	b.mu.RLock()
	var dirty []*slot[F]
	for _, s := range slots {
		if s.dirty {
			dirty = append(dirty, s)
		}
	}
	b.mu.RUnlock()
	if err := e.write(ctx, b, dirty); err != nil && ctx.Err() == nil {
		e.cfg.Logger.WarnContext(ctx, "write slabs back before eviction", "error", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range slots {
		if s.pins > 0 || !b.live(s) {
			continue
		}
		delete(b.days[s.day].slots, s.measure)
		e.resident.Add(-s.size.Swap(0))
		e.meter.evictions.add(ctx, 1)
		if s.dirty {
			b.stale[s.day] = struct{}{}
		}
	}
}
