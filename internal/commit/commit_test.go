package commit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/rapport-cx/rapport/internal/fault"
)

// gate is a run that tells what it was given and waits to be let through.
type gate struct {
	batches chan []int
	open    chan struct{}
}

func newGate() *gate { return &gate{batches: make(chan []int, 100), open: make(chan struct{})} }

func (g *gate) run(ctx context.Context, items []int) []Result[int] {
	g.batches <- append([]int(nil), items...)
	<-g.open
	return double(ctx, items)
}

func double(_ context.Context, items []int) []Result[int] {
	results := make([]Result[int], len(items))
	for i, item := range items {
		results[i].Value = 2 * item
	}
	return results
}

// eventually waits for a condition under the queue's lock.
func eventually[T, R any](t *testing.T, q *Queue[T, R], what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		q.mu.Lock()
		done := ok()
		q.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

type answer struct {
	value int
	err   error
}

// send starts Do and returns once the item stands in line.
func send(t *testing.T, ctx context.Context, q *Queue[int, int], item int) <-chan answer {
	t.Helper()
	q.mu.Lock()
	before := q.queued
	q.mu.Unlock()
	got := make(chan answer, 1)
	go func() {
		v, err := q.Do(ctx, item)
		got <- answer{v, err}
	}()
	eventually(t, q, "item in line", func() bool { return q.queued == before+1 })
	return got
}

// busy starts a commit of item 0 that stays until the gate opens.
func busy(q *Queue[int, int], g *gate) <-chan answer {
	got := make(chan answer, 1)
	go func() {
		v, err := q.Do(context.Background(), 0)
		got <- answer{v, err}
	}()
	<-g.batches
	return got
}

func TestLoneCallerCommitsInItsOwnGoroutine(t *testing.T) {
	var stack string
	q := New(Options{}, func(ctx context.Context, items []int) []Result[int] {
		buf := make([]byte, 1<<16)
		stack = string(buf[:runtime.Stack(buf, false)])
		return double(ctx, items)
	})
	got, err := q.Do(t.Context(), 21)
	if got != 42 || err != nil {
		t.Fatalf("Do = %d, %v", got, err)
	}
	if !strings.Contains(stack, "TestLoneCallerCommitsInItsOwnGoroutine(") {
		t.Errorf("the commit ran elsewhere:\n%s", stack)
	}
}

func TestWhoComesMeanwhileSharesTheNextInOrder(t *testing.T) {
	g := newGate()
	q := New(Options{MaxBatch: 3}, g.run)
	answers := []<-chan answer{busy(q, g)}
	for i := 1; i <= 7; i++ {
		answers = append(answers, send(t, t.Context(), q, i))
	}
	close(g.open)
	for i, a := range answers {
		if got := <-a; got.value != 2*i || got.err != nil {
			t.Errorf("item %d: %+v", i, got)
		}
	}
	close(g.batches)
	var batches [][]int
	for b := range g.batches {
		batches = append(batches, b)
	}
	if diff := cmp.Diff([][]int{{1, 2, 3}, {4, 5, 6}, {7}}, batches); diff != "" {
		t.Error(diff)
	}
}

func TestAnItemFailsAlone(t *testing.T) {
	bad := errors.New("odd")
	q := New(Options{}, func(ctx context.Context, items []int) []Result[int] {
		results := double(ctx, items)
		for i, item := range items {
			if item%2 == 1 {
				results[i] = Result[int]{Err: bad}
			}
		}
		return results
	})
	got := q.DoAll(t.Context(), []int{2, 3, 4})
	if got[0] != (Result[int]{Value: 4}) || got[1].Err != bad || got[2] != (Result[int]{Value: 8}) {
		t.Errorf("results %v", got)
	}
}

func TestLongSliceLetsTheLivingIn(t *testing.T) {
	g := newGate()
	q := New(Options{MaxBatch: 4}, g.run)
	long := make(chan []Result[int], 1)
	go func() { long <- q.DoAll(t.Context(), []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) }()
	<-g.batches
	living := send(t, t.Context(), q, 99)
	g.open <- struct{}{}
	if diff := cmp.Diff([]int{99}, (<-g.batches)[:1]); diff != "" {
		t.Errorf("the living did not come next: %s", diff)
	}
	close(g.open)
	if got := <-living; got.value != 198 {
		t.Errorf("living: %+v", got)
	}
	for i, r := range <-long {
		if r.Value != 2*(i+1) || r.Err != nil {
			t.Errorf("slice item %d: %+v", i, r)
		}
	}
}

func TestWhoLeavesTheLineNeverRuns(t *testing.T) {
	g := newGate()
	q := New(Options{}, g.run)
	first := busy(q, g)
	ctx, cancel := context.WithCancel(t.Context())
	left := send(t, ctx, q, 1)
	stayed := send(t, t.Context(), q, 2)
	cancel()
	if got := <-left; !errors.Is(got.err, context.Canceled) {
		t.Errorf("left: %+v", got)
	}
	close(g.open)
	<-first
	<-stayed
	if diff := cmp.Diff([]int{2}, <-g.batches); diff != "" {
		t.Error(diff)
	}
	if _, err := q.Do(ctx, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestWhoLeavesTooLateIsToldSo(t *testing.T) {
	g := newGate()
	q := New(Options{}, g.run)
	first := busy(q, g)
	ctx, cancel := context.WithCancel(t.Context())
	late := send(t, ctx, q, 1)
	beside := send(t, t.Context(), q, 2)
	g.open <- struct{}{} // ends the first commit; the leader of the next may be the late one
	<-first
	batch := <-g.batches
	cancel()
	if cmp.Diff([]int{1, 2}, batch) != "" {
		t.Fatalf("batch %v", batch)
	}
	close(g.open)
	// The late one led, so it saw its own commit to the end.
	if got := <-late; got.value != 2 || got.err != nil {
		t.Errorf("leader: %+v", got)
	}
	if got := <-beside; got.value != 4 || got.err != nil {
		t.Errorf("its neighbour: %+v", got)
	}
}

func TestFollowerLeavesWhileItsCommitRuns(t *testing.T) {
	g := newGate()
	q := New(Options{}, g.run)
	first := busy(q, g)
	leader := send(t, t.Context(), q, 1)
	ctx, cancel := context.WithCancel(t.Context())
	follower := send(t, ctx, q, 2)
	g.open <- struct{}{}
	<-first
	<-g.batches
	cancel()
	if got := <-follower; !errors.Is(got.err, context.Canceled) {
		t.Errorf("follower: %+v", got)
	}
	close(g.open)
	if got := <-leader; got.value != 2 || got.err != nil {
		t.Errorf("leader: %+v", got)
	}
}

func TestChosenLeaderWhoLeavesPassesTheLeadOn(t *testing.T) {
	for name, leave := range map[string]func(*Queue[int, int], *waiter[int, int]) error{
		"before it heard": func(q *Queue[int, int], w *waiter[int, int]) error { return q.leave(w) },
		"as it heard": func(q *Queue[int, int], w *waiter[int, int]) error {
			<-w.wake
			q.mu.Lock()
			return q.lead(w)
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := New(Options{}, double)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			w := &waiter[int, int]{ctx: ctx, items: []int{1}, wake: make(chan struct{}, 1)}
			q.leading = true
			q.line.push(w)
			q.queued = 1
			next := send(t, t.Context(), q, 2)
			q.mu.Lock()
			q.passOn()
			q.mu.Unlock()
			if err := leave(q, w); !errors.Is(err, context.Canceled) {
				t.Errorf("leaving: %v", err)
			}
			if got := <-next; got.value != 4 {
				t.Errorf("next: %+v", got)
			}
		})
	}
}

func TestRunThatBreaksFailsItsBatchAlone(t *testing.T) {
	for name, broken := range map[string]Run[int, int]{
		"panic":      func(context.Context, []int) []Result[int] { panic("boom") },
		"short":      func(context.Context, []int) []Result[int] { return nil },
		"no timeout": func(ctx context.Context, _ []int) []Result[int] { <-ctx.Done(); panic(ctx.Err()) },
	} {
		t.Run(name, func(t *testing.T) {
			q := New(Options{Timeout: time.Millisecond}, func(ctx context.Context, items []int) []Result[int] {
				if items[0] < 0 {
					return broken(ctx, items)
				}
				return double(ctx, items)
			})
			if _, err := q.Do(t.Context(), -1); err == nil || fault.Code(err) != codes.Internal {
				t.Errorf("err %v", err)
			}
			if got, err := q.Do(t.Context(), 4); got != 8 || err != nil {
				t.Errorf("afterwards: %d, %v", got, err)
			}
		})
	}
}

func TestRunThatEndsItsGoroutineLeavesTheOthersAnswered(t *testing.T) {
	g := newGate()
	q := New(Options{}, func(ctx context.Context, items []int) []Result[int] {
		if items[0] == 1 {
			runtime.Goexit()
		}
		return g.run(ctx, items)
	})
	first := busy(q, g)
	send(t, t.Context(), q, 1)
	other := send(t, t.Context(), q, 2)
	close(g.open)
	<-first
	if got := <-other; !errors.Is(got.err, errEnded) {
		t.Errorf("other: %+v", got)
	}
	if got, err := q.Do(t.Context(), 4); got != 8 || err != nil {
		t.Errorf("afterwards: %d, %v", got, err)
	}
}

func TestFullQueueRefuses(t *testing.T) {
	g := newGate()
	q := New(Options{MaxQueued: 2}, g.run)
	first := busy(q, g)
	one, two := send(t, t.Context(), q, 1), send(t, t.Context(), q, 2)
	_, err := q.Do(t.Context(), 3)
	if f := fault.From(err); f.Code != codes.ResourceExhausted || f.RetryAfter <= 0 {
		t.Errorf("refusal %+v", f)
	}
	close(g.open)
	<-first
	if a, b := <-one, <-two; a.err != nil || b.err != nil {
		t.Errorf("those in line: %v, %v", a, b)
	}
}

func TestCloseDrains(t *testing.T) {
	g := newGate()
	q := New(Options{}, g.run)
	first := busy(q, g)
	waiting := send(t, t.Context(), q, 1)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Close(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Close with no time = %v", err)
	}
	if _, err := q.Do(t.Context(), 2); fault.Code(err) != codes.Unavailable {
		t.Errorf("after Close: %v", err)
	}
	close(g.open)
	if err := q.Close(t.Context()); err != nil {
		t.Errorf("Close = %v", err)
	}
	if a, b := <-first, <-waiting; a.err != nil || b.value != 2 {
		t.Errorf("those in line: %v, %v", a, b)
	}
}

func TestSetKeepsBrandsApart(t *testing.T) {
	s := NewSet(Options{}, func(_ context.Context, brand string, items []int) []Result[string] {
		results := make([]Result[string], len(items))
		for i, item := range items {
			results[i].Value = fmt.Sprint(brand, item)
		}
		return results
	})
	a, _ := s.Do(t.Context(), "a", 1)
	b := s.DoAll(t.Context(), "b", []int{1, 2})
	if a != "a1" || b[0].Value != "b1" || b[1].Value != "b2" {
		t.Errorf("got %q, %v", a, b)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, brand := range []string{"a", "new"} {
		if _, err := s.Do(t.Context(), brand, 1); fault.Code(err) != codes.Unavailable {
			t.Errorf("%s after Close: %v", brand, err)
		}
	}
}

// Only who has company, and shares a commit that is worth it, waits for more.
func TestLinger(t *testing.T) {
	for name, c := range map[string]struct {
		shared, queued int
		took, want     time.Duration
	}{
		"alone":          {shared: 1, queued: 1, took: time.Millisecond},
		"company":        {shared: crowd, queued: 1, took: time.Millisecond, want: 100 * time.Microsecond},
		"a long commit":  {shared: 9, queued: 1, took: time.Second, want: longest},
		"a read":         {shared: 64, queued: 9, took: 100 * time.Microsecond},
		"a full one":     {shared: 64, queued: 10, took: time.Millisecond},
		"the first ever": {queued: 1},
	} {
		q := New(Options{MaxBatch: 10}, double)
		q.shared, q.queued, q.took = c.shared, c.queued, c.took
		if got := q.linger(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
