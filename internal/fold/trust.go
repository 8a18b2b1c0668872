package fold

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/hot"
)

// stored is a slab as Redis and the table keep it: its content, and the last
// fact it is known to include. Anchor.Seq 0: there is none.
type stored struct {
	Key
	Anchor  feed.Cursor
	Content []byte
}

// bases finds for each slab of the job the newest content that can be trusted:
// Redis for all in one call, then the table, in one call, for those that Redis
// did not bring up to date.
func (e *Engine[F]) bases(ctx context.Context, b *brand[F], j job[F]) error {
	if j.anew {
		return nil
	}
	if err := e.fromCache(ctx, b, j.loads); err != nil {
		return err
	}
	var keys []Key
	short := map[Key]*loading[F]{}
	for _, l := range j.loads {
		if l.anchor.Seq < l.need {
			k := Key{b.name, l.slot.measure, l.slot.day}
			keys = append(keys, k)
			short[k] = l
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return e.fromStore(ctx, b, keys, short)
}

func (e *Engine[F]) fromCache(ctx context.Context, b *brand[F], loads []*loading[F]) error {
	if e.cache == nil {
		return nil
	}
	keys := make([]Key, len(loads))
	for i, l := range loads {
		keys[i] = Key{b.name, l.slot.measure, l.slot.day}
	}
	rows := e.cached(ctx, keys)
	if err := e.recognise(ctx, b, rows); err != nil {
		return err
	}
	for i, row := range rows {
		if row.Anchor.Seq > 0 && !e.adopt(ctx, b, loads[i], row) {
			e.cache.Disown(hot.Key(row.Key))
		}
	}
	return nil
}

// cached asks Redis for the keys and answers in their order.
func (e *Engine[F]) cached(ctx context.Context, keys []Key) []stored {
	names := make([]hot.Key, len(keys))
	for i, k := range keys {
		names[i] = hot.Key(k)
	}
	rows := make([]stored, len(keys))
	for i, found := range e.cache.GetMany(ctx, names) {
		rows[i] = stored{keys[i], feed.Cursor(found.Anchor), found.Content}
	}
	return rows
}

// share hands rows to Redis.
func (e *Engine[F]) share(ctx context.Context, rows []stored) {
	for _, r := range rows {
		e.cache.Put(ctx, hot.Key(r.Key), hot.Anchor(r.Anchor), r.Content)
	}
}

func (e *Engine[F]) fromStore(ctx context.Context, b *brand[F], keys []Key, short map[Key]*loading[F]) error {
	rows, err := e.store.load(ctx, b.name, keys)
	if err != nil {
		return fmt.Errorf("read %d slabs of %s: %w", len(keys), b.name, err)
	}
	if err := e.recognise(ctx, b, rows); err != nil {
		return err
	}
	var wrong, warm []stored
	for _, row := range rows {
		l := short[row.Key]
		switch {
		case l == nil || row.Anchor.Seq <= l.anchor.Seq:
		case !e.adopt(ctx, b, l, row):
			wrong = append(wrong, row)
		case row.Anchor.Seq >= l.need:
			warm = append(warm, row)
		}
	}
	e.share(ctx, warm)
	// A row of another log would keep newer ones from being written: it may
	// carry a higher seq.
	if len(wrong) > 0 {
		if err := e.store.remove(ctx, b.name, wrong); err != nil {
			return fmt.Errorf("drop %d unusable slabs of %s: %w", len(wrong), b.name, err)
		}
	}
	return nil
}

// adopt takes the row as the slab's base if the log knows its anchor and the
// slab can read it.
func (e *Engine[F]) adopt(ctx context.Context, b *brand[F], l *loading[F], row stored) bool {
	if b.known.has(row.Anchor) {
		slab := e.rules.New(l.slot.measure)
		if err := slab.UnmarshalBinary(row.Content); err == nil {
			l.slab, l.anchor = slab, row.Anchor
			return true
		}
	}
	e.meter.unusable.add(ctx, 1)
	return false
}

// recognise looks up which rows' anchors the log has, in one query.
func (e *Engine[F]) recognise(ctx context.Context, b *brand[F], rows []stored) error {
	var seqs []int64
	for _, r := range rows {
		if r.Anchor.Seq > 0 && !b.known.has(r.Anchor) {
			seqs = append(seqs, r.Anchor.Seq)
		}
	}
	slices.Sort(seqs)
	for seqs := range slices.Chunk(slices.Compact(seqs), daysAtOnce) {
		facts, err := e.log.Get(ctx, b.name, seqs...)
		if err != nil {
			return err
		}
		for i := range facts {
			b.known.add(facts[i].Cursor())
		}
	}
	return nil
}

// anchors remembers which cursors the log was seen to hold: the latest some
// thousands, in two generations.
type anchors struct {
	mu         sync.Mutex
	seen, past map[feed.Cursor]struct{}
}

const anchorsKept = 1 << 15

func (a *anchors) has(c feed.Cursor) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.seen[c]
	if !ok {
		_, ok = a.past[c]
	}
	return ok
}

func (a *anchors) add(c feed.Cursor) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen == nil || len(a.seen) >= anchorsKept {
		a.seen, a.past = map[feed.Cursor]struct{}{}, a.seen
	}
	a.seen[c] = struct{}{}
}

func (a *anchors) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen, a.past = nil, nil
}
