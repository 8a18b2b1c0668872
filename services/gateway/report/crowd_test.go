package report

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

func asked(id string) *reportv1.GetOmnichannelReportRequest {
	return &reportv1.GetOmnichannelReportRequest{Brand: id}
}

// No report is older than its question, whoever else asks; others ask for something else.
func TestCrowd(t *testing.T) {
	c := newCrowd(time.Minute, linger)
	var written, made atomic.Int64
	var works sync.WaitGroup
	for i := range 64 {
		works.Go(func() {
			for range 200 {
				seen := written.Add(1)
				out, err := inCrowd(t.Context(), c, asked([]string{"a", "b"}[i%2]), func(context.Context) (int64, error) {
					made.Add(1)
					return written.Load(), nil
				})
				if err != nil || out < seen {
					t.Errorf("%v is older than %d (%v)", out, seen, err)
				}
			}
		})
	}
	works.Wait()
	if n := made.Load(); n == 0 || n > 64*200 {
		t.Errorf("%d reports", n)
	}
	for left := 1; left > 0; {
		c.mu.Lock()
		left = len(c.running) + len(c.waiting)
		c.mu.Unlock()
	}
}

// Who comes while a slow report is made is not held up by it, and the report's time is
// that of whoever has least.
func TestCrowdDoesNotWaitForTheSlow(t *testing.T) {
	c := newCrowd(time.Minute, linger)
	hang, began := make(chan struct{}), make(chan struct{})
	var works sync.WaitGroup
	works.Go(func() {
		out, err := inCrowd(t.Context(), c, asked("a"), func(context.Context) (string, error) {
			close(began)
			<-hang
			return "slow", nil
		})
		if out != "slow" || err != nil {
			t.Error(out, err)
		}
	})
	<-began
	out, err := inCrowd(t.Context(), c, asked("a"), func(context.Context) (string, error) { return "fast", nil })
	if out != "fast" || err != nil {
		t.Error(out, err)
	}
	close(hang)
	works.Wait()

	soon, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	end, _ := soon.Deadline()
	if _, err := inCrowd(soon, c, asked("a"), func(ctx context.Context) (string, error) {
		if told, ok := ctx.Deadline(); !ok || !told.Equal(end) {
			t.Errorf("until %v, not %v", told, end)
		}
		return "", nil
	}); err != nil {
		t.Error(err)
	}
}

// A report ends when the last one who wants it has left, and no sooner; one that panics
// is an error to all.
func TestCrowdLeaves(t *testing.T) {
	c := newCrowd(time.Minute, linger)
	began, ended := make(chan struct{}), make(chan error, 1)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := inCrowd(ctx, c, asked("a"), func(ctx context.Context) (string, error) {
			close(began)
			<-ctx.Done()
			ended <- ctx.Err()
			return "", ctx.Err()
		})
		left <- err
	}()
	<-began
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error("the report goes on:", err)
	}
	if _, err := inCrowd(t.Context(), c, asked("a"), func(context.Context) (string, error) { panic("no") }); err == nil {
		t.Error("no error")
	}
	if out, err := inCrowd(t.Context(), c, asked("a"), func(context.Context) (string, error) { return "yes", nil }); out != "yes" || err != nil {
		t.Error(out, err)
	}
}
