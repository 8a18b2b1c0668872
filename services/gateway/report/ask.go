package report

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// repeats bounds how often a read is asked again.
	repeats = 2
	// firstPause is about how long the first one waits; the next one twice as long.
	firstPause = 20 * time.Millisecond
	// atOnce bounds the calls that one report has in flight.
	atOnce = 24
)

// asking is one section on its way. Its methods are safe for concurrent use.
type asking struct {
	brand  *brand
	visits *visits

	mu   sync.Mutex
	asOf *timestamppb.Timestamp
}

// call reads from a service and asks again, where that may help. Only reads go this
// way: a write that may have happened must not be repeated blindly.
func call[Q, A any](ctx context.Context, a *asking, service string, do func(context.Context, *Q, ...grpc.CallOption) (*A, error), in *Q) (*A, error) {
	v := a.visits.of(service)
	if v.done == nil {
		return nil, fault.Unavailable(nil, "%s did not answer lately and is left alone for a moment", service)
	}
	key, err := question(ctx, in)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		out, err := a.once(ctx, func() (any, error) {
			out, joined, err := a.visits.s.calls.ask(ctx, key, time.Time{}, func(ctx context.Context) (any, error) { return do(ctx, in) })
			a.visits.s.meter.call(ctx, service, joined, try > 0)
			return out, err
		})
		v.note(ctx, err)
		if err == nil {
			a.include(out)
			return out.(*A), nil
		}
		if try == repeats || !fault.Retryable(err) || !pause(ctx, try, err) {
			return nil, fmt.Errorf("ask %s: %w", service, err)
		}
	}
}

// once makes a call when there is a place for it.
func (a *asking) once(ctx context.Context, do func() (any, error)) (any, error) {
	select {
	case a.visits.places <- struct{}{}:
		defer func() { <-a.visits.places }()
		return do()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// include keeps up to when all that was answered holds: the earliest of all times.
func (a *asking) include(out any) {
	dated, ok := out.(interface {
		GetAsOf() *timestamppb.Timestamp
	})
	if !ok || dated.GetAsOf() == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if at := dated.GetAsOf(); a.asOf == nil || at.AsTime().Before(a.asOf.AsTime()) {
		a.asOf = at
	}
}

// pause waits before a call is made again, a random time so that many reports do not
// come back at once. False: there is no time left to.
func pause(ctx context.Context, try int, err error) bool {
	usual := firstPause << try
	wait := usual/2 + rand.N(usual)
	if e := fault.From(err); e != nil {
		wait = max(wait, e.RetryAfter)
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// together does things at the same time. The first that fails ends the others.
func together(ctx context.Context, all ...func(context.Context) error) error {
	if len(all) == 1 {
		return all[0](ctx)
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, one := range all {
		g.Go(func() error { return protected(func() error { return one(ctx) }) })
	}
	return g.Wait()
}

// protected turns a panic into an error: a goroutine's would end the process.
func protected(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return do()
}
