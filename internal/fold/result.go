package fold

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/hot"
)

// Question identifies a result: what is asked, already narrowed to what the
// caller may see, and what the answer reads.
type Question struct {
	Brand string
	// Ask is the question in canonical bytes.
	Ask []byte
	// Days are all days the answer reads slabs of.
	Days []Span
	// Extra is the version of whatever else the answer reads (a directory, a
	// customer mapping, a segment). Definitions are included already.
	Extra uint64
}

// Codec packs results for Redis. Values in memory are shared: nobody may
// change one that was returned.
type Codec[V any] struct {
	Encode func(V) ([]byte, error)
	Decode func([]byte) (V, error)
}

// version is what an answer was made of. Seqs ascend in commit order, so the
// newest touch of any day stands for all touches of all days of the question.
type version struct {
	touched, defined feed.Cursor
	extra            uint64
}

// Ask returns the answer to q from memory or Redis, or computes it once for
// all who ask meanwhile. An answer is used only if it includes every fact
// applied on this replica when Ask was called. The computation is cancelled
// when nobody waits for it any more.
func Ask[V, F any](ctx context.Context, e *Engine[F], q Question, c Codec[V], compute func(context.Context) (V, error)) (V, error) {
	var room [256]byte
	key := append(append(append(room[:0], q.Brand...), 0), q.Ask...)
	if v, ok := e.near.fresh(key, q.Extra); ok {
		return v.(V), nil
	}
	if v, ok := e.glance(q, key); ok {
		return v.(V), nil
	}
	// The copy lets the key above stay on the stack.
	v, err := e.answer(ctx, q, bytes.Clone(key), codec{
		encode: func(v any) ([]byte, error) { return c.Encode(v.(V)) },
		decode: func(p []byte) (any, error) { return c.Decode(p) },
	}, func(ctx context.Context) (any, error) { return compute(ctx) })
	if err != nil {
		var none V
		return none, err
	}
	return v.(V), nil
}

// glance looks whether facts that arrived since touched none of the days,
// without the trouble of asking anybody.
func (e *Engine[F]) glance(q Question, key []byte) (any, bool) {
	b := (*e.brands.Load())[q.Brand]
	if b == nil || e.cfg.NoNear {
		return nil, false
	}
	now, at, ok := b.version(q)
	if !ok {
		return nil, false
	}
	return e.near.checked(key, now, at)
}

// codec is a Codec whose type was left at the door.
type codec struct {
	encode func(any) ([]byte, error)
	decode func([]byte) (any, error)
}

// answer is Ask once the near cache did not know at a glance.
func (e *Engine[F]) answer(ctx context.Context, q Question, key []byte, c codec, compute func(context.Context) (any, error)) (any, error) {
	for range attempts {
		b, err := e.ready(ctx, q.Brand)
		if err != nil {
			return nil, err
		}
		now, at, err := e.versionOf(ctx, b, q)
		if errors.Is(err, errAgain) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if v, ok := e.near.checked(key, now, at); ok {
			return v, nil
		}
		if e.cfg.NoNear {
			// Measuring Redis alone: no company in the flight either.
			if v, _, ok := e.fromShared(ctx, q.Brand, key, now, c); ok {
				return v, nil
			}
		}
		return b.flights.join(ctx, route{key: string(key), version: now}, func(ctx context.Context) (any, error) {
			return e.produce(ctx, b, q, key, now, at, c, compute)
		})
	}
	return nil, errAgain
}

// stamp is a moment of a brand's log as this process saw it.
type stamp struct{ epoch, seq int64 }

// versionOf tells what an answer given now must include, and when now was.
func (e *Engine[F]) versionOf(ctx context.Context, b *brand[F], q Question) (v version, at stamp, err error) {
	for range attempts {
		v, at, ok := b.version(q)
		if ok {
			return v, at, nil
		}
		if !b.opened.Load() {
			return v, at, errAgain
		}
		if err := e.probe(ctx, b, q.Days); err != nil {
			return v, at, err
		}
	}
	return v, at, errAgain
}

// version is what an answer given at this moment must include; false if that
// is not known without asking the log.
func (b *brand[F]) version(q Question) (version, stamp, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	newest, known := b.newest(q.Days)
	return version{touched: newest.Cursor(), defined: b.defined, extra: q.Extra},
		stamp{b.epoch.Load(), b.applied.Seq},
		known && b.opened.Load() && (newest.Seq == 0 || newest.CommitID != 0)
}

// produce fetches or computes an answer and keeps it, unless facts came in
// between: then it is right for its callers, but no longer for later ones.
func (e *Engine[F]) produce(ctx context.Context, b *brand[F], q Question, key []byte, now version, at stamp, c codec,
	compute func(context.Context) (any, error),
) (any, error) {
	if !e.cfg.NoNear {
		// A flight may have landed between the caller's look and this one's start.
		if v, ok := e.near.checked(key, now, at); ok {
			return v, nil
		}
		if v, size, ok := e.fromShared(ctx, q.Brand, key, now, c); ok {
			e.keep(b, key, now, at, v, size)
			return v, nil
		}
	}
	v, err := compute(ctx)
	if err != nil {
		return nil, err
	}
	e.meter.computed.add(ctx, 1)
	packed, err := c.encode(v)
	if err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	if !e.still(ctx, b, q, now, at) {
		return v, nil
	}
	e.keep(b, key, now, at, v, len(packed))
	if !e.cfg.NoShared {
		e.cache.PutResult(ctx, b.name, fingerprint(key, now), packed)
	}
	return v, nil
}

// still tells whether nothing moved while an answer was computed: only then may
// it be kept under the version it was asked for.
func (e *Engine[F]) still(ctx context.Context, b *brand[F], q Question, now version, at stamp) bool {
	then, later, err := e.versionOf(ctx, b, q)
	return err == nil && then == now && later.epoch == at.epoch
}

// fromShared looks into Redis. The fingerprint names the commits the answer
// was made of, so that an entry of another log is never met.
func (e *Engine[F]) fromShared(ctx context.Context, brand string, key []byte, now version, c codec) (v any, size int, ok bool) {
	if e.cache == nil || e.cfg.NoShared {
		return nil, 0, false
	}
	packed, ok := e.cache.GetResult(ctx, brand, fingerprint(key, now))
	if !ok {
		return nil, 0, false
	}
	v, err := c.decode(packed)
	if err != nil {
		return nil, 0, false
	}
	e.meter.shared.add(ctx, 1)
	return v, len(packed), true
}

func (e *Engine[F]) keep(b *brand[F], key []byte, now version, at stamp, v any, packed int) {
	if e.cfg.NoNear {
		return
	}
	e.near.put(&result[F]{b: b, key: string(key), version: now, value: v, epoch: at.epoch,
		size: int64(len(key) + 2*packed + resultOverhead)}, at.seq)
}

func fingerprint(key []byte, v version) hot.Fingerprint {
	out := make([]byte, 0, len(key)+44)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(key)))
	out = append(out, key...)
	for _, n := range []int64{v.touched.Seq, v.touched.CommitID, v.defined.Seq, v.defined.CommitID, int64(v.extra)} {
		out = binary.LittleEndian.AppendUint64(out, uint64(n))
	}
	return sha256.Sum256(out)
}
