package lake

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// open fills what is held from the files of its days and the log behind them. A file
// that cannot be read is one that was never sealed: the log has its events.
func (l *Lake) open(ctx context.Context, h *held) error {
	m, err := l.store.manifest(ctx, h.key.brand)
	if err != nil {
		return err
	}
	for {
		// The head is read behind the files: no file knows more than it.
		head, err := l.log.Head(ctx, h.key.brand)
		if err != nil {
			return err
		}
		err = l.fill(ctx, h, m, head)
		var bad *damaged
		if !errors.As(err, &bad) {
			return err
		}
		l.warn.Warn("lake: reading the log instead of a file", "brand", h.key.brand, "error", bad)
		now, err := l.store.manifest(ctx, h.key.brand)
		if err != nil {
			return err
		}
		if now.version != m.version {
			m = now // it was replaced, and its grace is over
		} else {
			m = m.without(bad.days)
		}
	}
}

// fill reads files and log once.
func (l *Lake) fill(ctx context.Context, h *held, m *manifest, head feed.Head) error {
	h.ready, h.names, h.touched = false, newNames(), nil
	h.tail = newTail(func(e *event) int64 { return e.number })
	if err := l.readTail(ctx, h, m.upto, head.Seq); err != nil {
		return err
	}
	var late [Buckets][]uint32
	h.tail.each(func(i int, e *event) { late[h.home(e.unit)] = append(late[h.home(e.unit)], uint32(i)) })
	h.blocks = make([]*block, Buckets)
	spans := m.within(h.key.days)
	err := parallel(ctx, Buckets, func(b int) error {
		r := &reader{names: h.names, unit: h.key.unit, days: h.key.days, drops: h.tail.drops}
		if err := l.readBucket(r, spans, b, len(late[b])); err != nil {
			return err
		}
		for _, i := range late[b] {
			r.pile.add(h.tail.events[i])
		}
		h.blocks[b] = r.pile.sorted()
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	h.loose, h.joined, h.touched = emptyBlock(), nil, map[int64]struct{}{}
	h.tail = newTail(func(e *event) int64 { return e.number })
	if h.key.unit == journeyv1.Unit_UNIT_ORDER {
		h.unite()
	}
	h.at, h.asOf, h.ready = head.Cursor(), head.At, true
	return nil
}

// readBucket reads the files of one bucket, by their days.
func (l *Lake) readBucket(r *reader, spans []span, b, more int) error {
	var files []File
	events := more
	for _, s := range spans {
		for _, f := range s.files {
			if int(f.Bucket) == b {
				files = append(files, f)
				events += int(f.Events)
			}
		}
	}
	if len(files) > 1 || len(files) == 1 && r.days.From <= files[0].Days.From {
		r.pile.grow(events)
	}
	for i := range files {
		f := &files[i]
		partial := f.Days.From < r.days.From || f.Days.Until > r.days.Until
		if err := l.read(f, func(content *parquet.File) error { return r.read(content, partial) }); err != nil {
			return err
		}
	}
	return nil
}

// home is the block that a unit is in, unless it is an order that was found elsewhere.
func (h *held) home(unit int64) int {
	if h.key.unit == journeyv1.Unit_UNIT_ORDER {
		return int(uint64(unit) % Buckets)
	}
	return bucket(unit, "")
}

// unite puts the events of orders that are in several buckets, such as those of which
// the customer became known on the way, into a block of their own.
func (h *held) unite() {
	var all []int64
	for _, b := range h.blocks {
		all = append(all, b.units...)
	}
	apart := map[int64]struct{}{}
	order := byUnit(all)
	for i := range order {
		if i > 0 && all[order[i]] == all[order[i-1]] {
			apart[all[order[i]]] = struct{}{}
		}
	}
	if len(apart) == 0 {
		return
	}
	var together pile
	for i, b := range h.blocks {
		places := b.places(apart)
		for _, p := range places {
			b.each(p, together.add)
		}
		h.blocks[i] = b.without(places, emptyBlock())
	}
	h.blocks = append(h.blocks, together.sorted())
}

// parallel does n errands with as many workers as there are processors and returns
// the first error.
func parallel(ctx context.Context, n int, do func(int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for len(errs) == 0 && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					errs <- err
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return ctx.Err()
	}
}
