package report

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// An answer is never older than the question, and a crowd costs few calls.
func TestCallsAreShared(t *testing.T) {
	c := newCrowd(time.Minute, 0)
	var written, calls atomic.Int64
	var works sync.WaitGroup
	for range 64 {
		works.Go(func() {
			for range 200 {
				seen := written.Add(1)
				out, _, err := c.ask(t.Context(), "key", time.Time{}, func(context.Context) (any, error) {
					calls.Add(1)
					return written.Load(), nil
				})
				if err != nil || out.(int64) < seen {
					t.Errorf("%v is older than %d (%v)", out, seen, err)
				}
			}
		})
	}
	works.Wait()
	if n := calls.Load(); n == 0 || n > 64*200 {
		t.Errorf("%d calls", n)
	}
	// The last one is told before it is taken away.
	for left := 1; left > 0; {
		c.mu.Lock()
		left = len(c.running) + len(c.waiting)
		c.mu.Unlock()
	}
}

// Whoever waits for a call may leave; the call ends when the last one has left, and
// who comes then is not taken for one of them.
func TestCallsLeave(t *testing.T) {
	c := newCrowd(time.Minute, 0)
	began, ended := make(chan struct{}), make(chan error, 1)
	hangs := func(ctx context.Context) (any, error) {
		close(began)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, _, err := c.ask(ctx, "key", time.Time{}, hangs); first <- err }()
	<-began
	// Two who wait for the next call, of whom the one that would make it leaves.
	second := make(chan error, 1)
	gone, leaveToo := context.WithCancel(t.Context())
	go func() {
		_, _, err := c.ask(gone, "key", time.Time{}, func(context.Context) (any, error) { return "second", nil })
		second <- err
	}()
	for queued := 0; queued == 0; {
		c.mu.Lock()
		if next := c.waiting["key"]; next != nil {
			queued = next.people
		}
		c.mu.Unlock()
	}
	leaveToo()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	third := make(chan any, 1)
	go func() {
		out, _, err := c.ask(t.Context(), "key", time.Time{}, func(context.Context) (any, error) { return "third", nil })
		third <- err
		third <- out
	}()
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error("the call goes on:", err)
	}
	if err, out := <-third, <-third; err != nil || out != "third" {
		t.Error(err, out)
	}
}

// A call that panics is an error to all who wait, and the others go on.
func TestCallsSurvive(t *testing.T) {
	c := newCrowd(time.Minute, 0)
	if _, _, err := c.ask(t.Context(), "key", time.Time{}, func(context.Context) (any, error) { panic("no") }); err == nil {
		t.Error("no error")
	}
	if out, _, err := c.ask(t.Context(), "key", time.Time{}, func(context.Context) (any, error) { return 1, nil }); out != 1 || err != nil {
		t.Error(out, err)
	}
}
