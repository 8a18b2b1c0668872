package commit

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/rapport-cx/rapport/internal/fault"
)

// ledger is a run that counts what it was given; the queue promises that it
// never runs beside itself, and the race detector holds it to that.
type ledger struct {
	ran     map[int]int
	last    map[int]int // caller → its last item
	results []Result[int]
	faults  []string
}

const perCaller = 1000

func (l *ledger) run(_ context.Context, items []int) []Result[int] {
	if len(items) > 64 {
		l.faults = append(l.faults, "a commit above MaxBatch")
	}
	l.results = l.results[:0]
	for _, item := range items {
		caller := item / perCaller
		if prev, ok := l.last[caller]; ok && prev >= item {
			l.faults = append(l.faults, "a caller's items out of order")
		}
		l.last[caller] = item
		l.ran[item]++
		l.results = append(l.results, Result[int]{Value: 2 * item})
	}
	if len(items)%3 == 0 {
		runtime.Gosched()
	}
	return l.results
}

// TestEveryItemRunsOnceOrIsRefused drives callers that come, cancel, are
// refused and send slices, all at once.
func TestEveryItemRunsOnceOrIsRefused(t *testing.T) {
	l := &ledger{ran: map[int]int{}, last: map[int]int{}}
	q := New(Options{MaxBatch: 64, MaxQueued: 100}, l.run)
	var acked, refused, unknown sync.Map
	note := func(item, value int, err error) {
		switch {
		case err == nil && value == 2*item:
			acked.Store(item, true)
		case errors.Is(err, context.Canceled):
			unknown.Store(item, true)
		case fault.Code(err) == codes.ResourceExhausted:
			refused.Store(item, true)
		default:
			t.Errorf("item %d: value %d, err %v", item, value, err)
		}
	}
	var wg sync.WaitGroup
	for caller := range 64 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(caller)))
			for i := 0; i < 200; {
				i += call(t.Context(), q, r, caller*perCaller+i, note)
			}
		})
	}
	wg.Wait()
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, f := range l.faults {
		t.Error(f)
	}
	counts := [3]int{}
	acked.Range(func(k, _ any) bool { counts[0]++; check(t, l, k.(int), 1, 1); return true })
	refused.Range(func(k, _ any) bool { counts[1]++; check(t, l, k.(int), 0, 0); return true })
	unknown.Range(func(k, _ any) bool { counts[2]++; check(t, l, k.(int), 0, 1); return true })
	t.Logf("acknowledged %d, refused %d, unknown %d", counts[0], counts[1], counts[2])
	if q.queued != 0 || q.line.first != nil || q.line.last != nil {
		t.Errorf("left in line: %d", q.queued)
	}
}

func check(t *testing.T, l *ledger, item, low, high int) {
	if n := l.ran[item]; n < low || n > high {
		t.Errorf("item %d ran %d times, want %d to %d", item, n, low, high)
	}
}

// call does one thing a caller may do and says how many items it used.
func call(ctx context.Context, q *Queue[int, int], r *rand.Rand, item int, note func(item, value int, err error)) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	switch r.IntN(4) {
	case 0: // cancelled from beside, at any moment
		go cancel()
		runtime.Gosched()
	case 1:
		slice := make([]int, 1+r.IntN(9))
		for i := range slice {
			slice[i] = item + i
		}
		for i, result := range q.DoAll(ctx, slice) {
			note(item+i, result.Value, result.Err)
		}
		return len(slice)
	}
	v, err := q.Do(ctx, item)
	note(item, v, err)
	return 1
}

func TestCloseRacesWithCallers(t *testing.T) {
	for range 200 {
		var ran atomic.Int64
		q := New(Options{}, func(ctx context.Context, items []int) []Result[int] {
			ran.Add(int64(len(items)))
			return double(ctx, items)
		})
		var ok atomic.Int64
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if _, err := q.Do(context.Background(), i); err == nil {
					ok.Add(1)
				}
			})
		}
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		drained := ran.Load()
		wg.Wait()
		if ran.Load() != drained || ok.Load() != drained {
			t.Fatalf("ran %d at Close, %d in the end, %d acknowledged", drained, ran.Load(), ok.Load())
		}
	}
}
