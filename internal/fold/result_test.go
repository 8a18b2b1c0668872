package fold_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/fold"
)

// asker counts how often the sum of a window is really computed.
type asker struct {
	*replica
	computed atomic.Int64
}

var number = fold.Codec[int64]{
	Encode: func(n int64) ([]byte, error) { return binary.AppendVarint(nil, n), nil },
	Decode: func(p []byte) (int64, error) {
		n, size := binary.Varint(p)
		if size <= 0 {
			return 0, errors.New("cut short")
		}
		return n, nil
	},
}

func (a *asker) ask(ctx context.Context, ask string, days []fold.Span, extra uint64) (int64, error) {
	q := fold.Question{Brand: brand, Ask: []byte(ask), Days: days, Extra: extra}
	return fold.Ask(ctx, a.Engine, q, number, func(ctx context.Context) (int64, error) {
		a.computed.Add(1)
		return a.total(ctx, days)
	})
}

func (a *asker) total(ctx context.Context, days []fold.Span) (n int64, err error) {
	want := fold.Want{Measures: []fold.Measure{"sums"}, Days: days}
	err = a.View(ctx, brand, want, func(v *fold.View[amount]) error {
		n = 0
		for _, s := range days {
			for d := s.From; d < s.To; d++ {
				if slab, ok := v.Slab("sums", d).(*sums); ok {
					for _, c := range slab.cells {
						n += c[1]
					}
				}
			}
		}
		return nil
	})
	return n, err
}

// expect asks and checks the answer and how many computations it took so far.
func (a *asker) expect(ask string, days []fold.Span, extra uint64, want, computed int64) {
	a.w.t.Helper()
	got, err := a.ask(a.w.t.Context(), ask, days, extra)
	a.w.ok(err)
	if got != want || a.computed.Load() != computed {
		a.w.t.Errorf("answer %d after %d computations, want %d after %d", got, a.computed.Load(), want, computed)
	}
}

func TestResultIsKeptUntilItsDaysAreTouched(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		a := &asker{replica: w.replica(fold.Config{})}
		week := fold.Days(0, 7)
		a.expect("q", week, 0, 0, 1)
		first := a.commit(add(1, 10, 3, 3))
		a.expect("q", week, 0, 10, 2)
		a.expect("q", week, 0, 10, 2)
		a.commit(add(1, 5, 50, 50)) // outside
		a.expect("q", week, 0, 10, 2)
		a.expect("other", week, 0, 10, 3)
		a.commit(reverse(first[0]))
		a.expect("q", week, 0, 0, 4)
		a.commit(rule("new"))
		a.expect("q", week, 0, 0, 5)
		a.expect("q", week, 9, 0, 6)
		a.expect("q", week, 9, 0, 6)
	})
}

func TestResultsAreSharedThroughRedis(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.withRedis()
		a, b := &asker{replica: w.replica(fold.Config{})}, &asker{replica: w.replica(fold.Config{NoNear: true})}
		cold := &asker{replica: w.replica(fold.Config{NoShared: true})}
		week := fold.Days(0, 7)
		a.commit(add(1, 10, 3, 3))
		a.expect("q", week, 0, 10, 1)
		w.ok(a.cache.Flush(t.Context()))
		b.expect("q", week, 0, 10, 0)
		b.expect("q", week, 0, 10, 0)
		cold.expect("q", week, 0, 10, 1)
		w.redis.Rubbish()
		b.expect("q", week, 0, 10, 1)
		a.commit(add(1, 1, 4, 4))
		w.ok(b.Sync(t.Context(), brand))
		b.expect("q", week, 0, 11, 2)
	})
}

func TestResultOfALostLogIsNotMet(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.withRedis()
		a := &asker{replica: w.replica(fold.Config{})}
		week := fold.Days(0, 7)
		a.commit(add(1, 10, 3, 3), add(1, 20, 3, 3))
		a.expect("q", week, 0, 30, 1)
		w.ok(a.cache.Flush(t.Context()))
		w.rewind(1)
		w.append(add(1, 5, 3, 3)) // seq 2 again, on the same day
		w.ok(a.Sync(t.Context(), brand))
		a.expect("q", week, 0, 15, 2)
	})
}

func TestOneComputationForAll(t *testing.T) {
	w := newWorld(t, sqliteURL(t))
	a := &asker{replica: w.replica(fold.Config{})}
	a.commit(add(1, 10, 3, 3))
	var truth atomic.Int64
	truth.Store(7)
	started, proceed := make(chan struct{}), make(chan struct{})
	compute := func(context.Context) (int64, error) {
		n := truth.Load()
		if a.computed.Add(1) == 1 {
			close(started)
		}
		<-proceed
		return n, nil
	}
	q := fold.Question{Brand: brand, Ask: []byte("q"), Days: fold.Days(0, 7)}
	var callers sync.WaitGroup
	caller := func(least int64) {
		callers.Go(func() {
			if n, err := fold.Ask(t.Context(), a.Engine, q, number, compute); n < least || n > 8 || err != nil {
				t.Errorf("answer %d, %v, want %d at least", n, err, least)
			}
		})
	}
	caller(7)
	<-started
	// Some of these ask before the fact arrives, some after it.
	for range 20 {
		caller(7)
	}
	truth.Store(8)
	a.commit(add(1, 1, 3, 3))
	// Who asks from now on must not be given the old answer.
	for range 20 {
		caller(8)
	}
	for a.Waiting(brand) < 41 {
		time.Sleep(time.Millisecond)
	}
	close(proceed)
	callers.Wait()
	// One on each side of the fact, however the callers came.
	if n := a.computed.Load(); n != 2 {
		t.Errorf("computed %d times for 41 callers", n)
	}
}

func TestComputationEndsWhenNobodyWaits(t *testing.T) {
	w := newWorld(t, sqliteURL(t))
	a := &asker{replica: w.replica(fold.Config{})}
	q := fold.Question{Brand: brand, Ask: []byte("q"), Days: fold.Days(0, 7)}
	started, ended := make(chan struct{}), make(chan struct{})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-started
		leave()
	}()
	_, err := fold.Ask(ctx, a.Engine, q, number, func(ctx context.Context) (int64, error) {
		close(started)
		<-ctx.Done()
		close(ended)
		return 0, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	<-ended
	a.expect("q", fold.Days(0, 7), 0, 0, 1)
}

func TestPanicInAComputationIsAnError(t *testing.T) {
	w := newWorld(t, sqliteURL(t))
	a := w.replica(fold.Config{})
	q := fold.Question{Brand: brand, Ask: []byte("q"), Days: fold.Days(0, 7)}
	if _, err := fold.Ask(t.Context(), a.Engine, q, number, func(context.Context) (int64, error) { panic("oh") }); err == nil {
		t.Error("no error")
	}
}

func TestNearCacheKeepsItsBudget(t *testing.T) {
	w := newWorld(t, sqliteURL(t))
	a := &asker{replica: w.replica(fold.Config{Results: 16 << 10})}
	a.commit(add(1, 10, 3, 3))
	for round := range 3 {
		for i := range 200 {
			ask := string(binary.AppendVarint(nil, int64(i)))
			if n, err := a.ask(t.Context(), ask, fold.Days(0, 7), uint64(round)); n != 10 || err != nil {
				t.Fatalf("answer %d, %v", n, err)
			}
		}
	}
	if size := a.ResultBytes(); size == 0 || size > 16<<10 {
		t.Errorf("near cache holds %d bytes", size)
	}
}

func TestBrandsDoNotShareAnswers(t *testing.T) {
	w := newWorld(t, sqliteURL(t))
	a := &asker{replica: w.replica(fold.Config{})}
	a.commit(add(1, 10, 3, 3))
	a.expect("q", fold.Days(0, 7), 0, 10, 1)
	q := fold.Question{Brand: "other", Ask: []byte("q"), Days: fold.Days(0, 7)}
	n, err := fold.Ask(t.Context(), a.Engine, q, number, func(context.Context) (int64, error) { return 99, nil })
	if n != 99 || err != nil {
		t.Errorf("answer %d, %v", n, err)
	}
}

func BenchmarkAskAgain(b *testing.B) {
	w := newWorld(b, sqliteURL(b))
	a := &asker{replica: w.replica(fold.Config{})}
	a.commit(add(1, 10, 3, 3))
	q := fold.Question{Brand: brand, Ask: make([]byte, 80), Days: fold.Days(0, 30)}
	for b.Loop() {
		_, err := fold.Ask(b.Context(), a.Engine, q, number, func(context.Context) (int64, error) { return 1, nil })
		w.ok(err)
	}
}

func BenchmarkIngestLoaded(b *testing.B) {
	w := newWorld(b, sqliteURL(b))
	a := &asker{replica: w.replica(fold.Config{})}
	a.commit(add(1, 10, 3, 3))
	a.check(fold.Days(0, 7))
	f := add(1, 10, 3, 3)
	batch := []feedFact{f}
	batch[0].Seq = 1
	b.ReportAllocs()
	for b.Loop() {
		batch[0].Seq++
		w.ok(a.Ingest(b.Context(), brand, batch))
	}
}

func BenchmarkAskAfterOtherDays(b *testing.B) {
	w := newWorld(b, sqliteURL(b))
	a := &asker{replica: w.replica(fold.Config{})}
	a.commit(add(1, 10, 3, 3))
	q := fold.Question{Brand: brand, Ask: make([]byte, 80), Days: fold.Days(0, 30)}
	batch := []feedFact{add(1, 10, 300, 300)}
	batch[0].Seq = 1
	b.ReportAllocs()
	for b.Loop() {
		batch[0].Seq++
		w.ok(a.Ingest(b.Context(), brand, batch))
		_, err := fold.Ask(b.Context(), a.Engine, q, number, func(context.Context) (int64, error) { return 1, nil })
		w.ok(err)
	}
}

// Whoever asks after a fact was acknowledged gets an answer that includes it,
// however many ask, on whichever level the answer was kept.
func TestAnswersAreNotOlderThanAcknowledged(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.withRedis()
		replicas := []*asker{{replica: w.replica(fold.Config{Memory: 1})}, {replica: w.replica(fold.Config{})}}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var writers, askers sync.WaitGroup
		for _, a := range replicas {
			var acked atomic.Int64
			writers.Go(func() {
				for range 100 {
					a.count(ctx, &acked)
				}
			})
			for range 4 {
				askers.Go(func() {
					for ctx.Err() == nil {
						least := acked.Load()
						n, err := a.ask(ctx, "q", fold.Days(0, 7), 0)
						if ctx.Err() == nil && (err != nil || n < least) {
							t.Errorf("answer %d, acknowledged %d, %v", n, least, err)
							return
						}
					}
				})
			}
		}
		writers.Wait()
		stop()
		askers.Wait()
		for _, a := range replicas {
			w.ok(a.Sync(t.Context(), brand))
			if n, err := a.ask(t.Context(), "q", fold.Days(0, 7), 0); n != 200 || err != nil {
				t.Errorf("answer %d, %v", n, err)
			}
		}
	})
}

// count adds one to the sum, and to acked once it is acknowledged.
func (a *asker) count(ctx context.Context, acked *atomic.Int64) {
	facts := []feedFact{add(1, 1, 3, 3)}
	if _, _, err := a.log.Append(ctx, brand, facts, a.w.clock); err != nil {
		a.w.t.Error(err)
		return
	}
	if err := a.Ingest(ctx, brand, facts); err != nil {
		a.w.t.Error(err)
	}
	acked.Add(1)
}
