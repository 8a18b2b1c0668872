package fold_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
)

// life is a random history: facts, amendments, retractions, restarts and faults
// on two replicas. Every view must equal a fold from zero.
type life struct {
	*world
	rnd      *rand.Rand
	cfg      fold.Config
	replicas []*replica
	alive    []feed.Fact   // amounts that were not taken back
	commits  [][]feed.Fact // all of them, to be handed over again
	kept     map[string][]byte
}

func (l *life) any() *replica { return l.replicas[l.rnd.IntN(len(l.replicas))] }

func (l *life) fresh() feed.Fact {
	day := int32(l.rnd.IntN(8))
	heard := day
	if l.rnd.IntN(2) == 0 {
		heard = int32(l.rnd.IntN(8))
	}
	return add(byte(l.rnd.IntN(4)), l.rnd.Int64N(100), day, heard)
}

// facts draws one commit.
func (l *life) facts() []feed.Fact {
	var out []feed.Fact
	for range 1 + l.rnd.IntN(4) {
		if l.rnd.IntN(3) == 0 && len(l.alive) > 0 {
			i := l.rnd.IntN(len(l.alive))
			out = append(out, reverse(l.alive[i]))
			l.alive = append(l.alive[:i], l.alive[i+1:]...)
		}
		if l.rnd.IntN(4) > 0 {
			out = append(out, l.fresh())
		}
	}
	if l.rnd.IntN(10) == 0 {
		out = append(out, rule("r"))
	}
	return out
}

func (l *life) commit() {
	facts := l.append(l.facts()...)
	if len(facts) == 0 {
		return
	}
	for _, f := range facts {
		if f.Kind == kindAmount {
			l.alive = append(l.alive, f)
		}
	}
	l.commits = append(l.commits, facts)
	if l.rnd.IntN(4) > 0 { // else its writer died before handing it over
		l.ok(l.any().Ingest(l.t.Context(), brand, facts))
	}
}

// lie writes into Redis what was true of another key or at another time.
func (l *life) lie() {
	keys := l.redis.Keys()
	if len(keys) == 0 {
		return
	}
	from, to := keys[l.rnd.IntN(len(keys))], keys[l.rnd.IntN(len(keys))]
	switch l.rnd.IntN(3) {
	case 0:
		l.kept[from] = l.redis.Read(from)
	case 1:
		for k, v := range l.kept {
			l.redis.Write(k, v)
		}
	default:
		l.redis.Write(to, l.redis.Read(from))
	}
}

func (l *life) window() []fold.Span {
	from := int32(l.rnd.IntN(9)) - 1
	days := fold.Days(from, from+1+int32(l.rnd.IntN(8)))
	if l.rnd.IntN(3) == 0 {
		days = append(days, fold.Days(0, 2)...)
	}
	return days
}

func (l *life) step(i int) {
	ctx := l.t.Context()
	switch n := l.rnd.IntN(20); {
	case n < 8:
		l.commit()
	case n < 13:
		l.any().check(l.window())
	case n == 13 && len(l.commits) > 0:
		l.ok(l.any().Ingest(ctx, brand, l.commits[l.rnd.IntN(len(l.commits))]))
	case n == 14:
		l.ok(l.any().Sync(ctx, brand))
	case n == 15:
		r := l.any()
		l.ok(r.Flush(ctx))
		l.ok(r.cache.Flush(ctx))
	case n == 16:
		l.ok(l.any().Sweep(ctx, brand, 3))
	case n == 17 && i%3 == 0:
		l.replicas[l.rnd.IntN(len(l.replicas))] = l.replica(l.cfg)
	case n == 18:
		l.lie()
	case n == 19 && l.rnd.IntN(2) == 0:
		l.redis.Rubbish()
	case n == 19:
		l.redis.Flush()
	}
}

func TestEveryViewEqualsAFoldFromZero(t *testing.T) {
	for name, memory := range map[string]int64{"roomy": 0, "tight": 3 * 4096, "none": 1} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, func(t *testing.T, w *world) {
				w.withRedis()
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				cfg := fold.Config{Memory: memory, Page: 3}
				l := &life{world: w, cfg: cfg, rnd: rand.New(rand.NewPCG(seed, 1)), kept: map[string][]byte{}}
				l.replicas = []*replica{w.replica(cfg), w.replica(cfg)}
				for i := range 300 {
					l.step(i)
				}
				for _, r := range l.replicas {
					w.ok(r.Sync(t.Context(), brand))
					r.check(fold.Days(-1, 9))
					w.ok(r.Flush(t.Context()))
					w.ok(r.cache.Flush(t.Context()))
					r.verified()
				}
			})
		})
	}
}

// Writers on two replicas, readers, sweeps, write-backs and evictions at once.
// Each view is true at one seq, and never older than what was acknowledged.
func TestViewsBesideWriters(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.withRedis()
		cfg := fold.Config{Memory: 6 * 4096, Page: 5}
		replicas := []*replica{w.replica(cfg), w.replica(cfg)}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var work, writers sync.WaitGroup
		fail := func(err error) {
			if err != nil && ctx.Err() == nil {
				t.Error(err)
				stop()
			}
		}
		for i, r := range replicas {
			r.Start(ctx)
			var acked atomic.Int64
			for n := range 2 {
				seed := uint64(2*i + n)
				writers.Go(func() { fail(r.write(ctx, rand.New(rand.NewPCG(seed, 1)), &acked)) })
				work.Go(func() { fail(r.readOn(ctx, rand.New(rand.NewPCG(seed, 2)), &acked)) })
			}
			work.Go(func() {
				for ctx.Err() == nil {
					fail(r.Flush(ctx))
					fail(r.Sweep(ctx, brand, 2))
				}
			})
		}
		writers.Wait()
		stop()
		work.Wait()
		for _, r := range replicas {
			w.ok(r.Sync(t.Context(), brand))
			r.check(fold.Days(0, 8))
			r.verified()
		}
	})
}

func (r *replica) write(ctx context.Context, rnd *rand.Rand, acked *atomic.Int64) error {
	l := &life{world: r.w, rnd: rnd}
	for range 60 {
		facts := []feed.Fact{l.fresh(), l.fresh(), l.fresh()}
		if _, _, err := r.log.Append(ctx, brand, facts, r.w.clock); err != nil {
			return err
		}
		back := []feed.Fact{reverse(facts[0]), l.fresh()}
		if _, _, err := r.log.Append(ctx, brand, back, r.w.clock); err != nil {
			return err
		}
		// The later commit first: facts need not come in order.
		if err := r.Ingest(ctx, brand, back); err != nil {
			return err
		}
		if err := r.Ingest(ctx, brand, facts); err != nil {
			return err
		}
		for {
			old := acked.Load()
			if old >= back[1].Seq || acked.CompareAndSwap(old, back[1].Seq) {
				break
			}
		}
	}
	return nil
}

func (r *replica) readOn(ctx context.Context, rnd *rand.Rand, acked *atomic.Int64) error {
	l := &life{world: r.w, rnd: rnd}
	for ctx.Err() == nil {
		least := acked.Load()
		v, err := r.compare(ctx, l.window())
		if err != nil {
			return err
		}
		if v.AsOf.Seq < least {
			return fmt.Errorf("view at %d lacks acknowledged fact %d", v.AsOf.Seq, least)
		}
	}
	return nil
}
