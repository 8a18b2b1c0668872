package fold

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// One write-back transaction holds at most so much, so that it does not hold up
// the facts' own commits for long.
const (
	writeRows  = 256
	writeBytes = 4 << 20
)

// A slab of so many bytes sits out one round of write-back for each time it
// holds them, up to restMost: packing and storing megabytes for every few facts
// would cost more than it saves.
const (
	restBytes = 256 << 10
	restMost  = 30
)

// Flush writes every changed slab back now.
func (e *Engine[F]) Flush(ctx context.Context) error { return e.flush(ctx, true) }

func (e *Engine[F]) flush(ctx context.Context, all bool) error {
	var errs []error
	for _, b := range *e.brands.Load() {
		errs = append(errs, e.write(ctx, b, b.due(all)))
	}
	return errors.Join(errs...)
}

// due takes the slots to be written in this round off the dirty list.
func (b *brand[F]) due(all bool) (due []*slot[F]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	dirty := b.dirty
	b.dirty = nil
	for _, s := range dirty {
		if s.rest > 0 && !all {
			s.rest--
			b.dirty = append(b.dirty, s)
			continue
		}
		s.queued = false
		s.rest = min(s.size.Load()/restBytes, restMost)
		due = append(due, s)
	}
	return due
}

func (e *Engine[F]) keepWriting() {
	e.regularly(e.cfg.WriteEvery, func() {
		if err := e.flush(e.running, false); err != nil && e.running.Err() == nil {
			e.cfg.Logger.WarnContext(e.running, "write slabs back", "error", err)
		}
		e.shrink(e.running)
	})
}

// regularly runs fn until the engine is closed.
func (e *Engine[F]) regularly(pause time.Duration, fn func()) {
	every := time.NewTicker(pause)
	defer every.Stop()
	for {
		select {
		case <-e.running.Done():
			return
		case <-every.C:
			fn()
		}
	}
}

// write stores the slabs in the table and in Redis. What could not be written
// stays dirty; losing it would cost a refold, never an answer.
func (e *Engine[F]) write(ctx context.Context, b *brand[F], slots []*slot[F]) error {
	if len(slots) == 0 {
		return nil
	}
	b.flush.Lock()
	defer b.flush.Unlock()
	for len(slots) > 0 {
		rows, n := e.marshal(b, slots)
		if len(rows) > 0 {
			if err := e.store.save(ctx, b.name, rows); err != nil {
				b.remark(slots)
				return fmt.Errorf("store %d slabs of %s: %w", len(rows), b.name, err)
			}
			e.share(ctx, rows)
			e.meter.written.add(ctx, int64(len(rows)))
		}
		slots = slots[n:]
	}
	return nil
}

// marshal packs the first n slots. It takes the lock for one slab at a time, so
// that facts wait no longer than it takes to pack one.
func (e *Engine[F]) marshal(b *brand[F], slots []*slot[F]) (rows []stored, n int) {
	bytes := 0
	for n < len(slots) && len(rows) < writeRows && bytes < writeBytes {
		row, ok := e.pack(b, slots[n])
		n++
		if ok {
			rows = append(rows, row)
			bytes += len(row.Content)
		}
	}
	return rows, n
}

// pack copies one slab. The dirty flag goes first: a fact that comes between
// sets it again.
func (e *Engine[F]) pack(b *brand[F], s *slot[F]) (stored, bool) {
	b.mu.Lock()
	changed := s.dirty
	s.dirty = false
	b.mu.Unlock()
	if !changed {
		return stored{}, false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if !s.ready || !b.live(s) {
		return stored{}, false
	}
	e.weigh(s)
	return stored{
		Key:     Key{b.name, s.measure, s.day},
		Anchor:  b.anchorOf(s),
		Content: s.slab.AppendBinary(nil),
	}, true
}

func (b *brand[F]) remark(slots []*slot[F]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range slots {
		if b.live(s) {
			b.mark(s)
		}
	}
}
