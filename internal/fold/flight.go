package fold

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// flights lets callers of the same question at the same version share one
// computation.
type flights struct {
	mu sync.Mutex
	at map[route]*flight
}

// route is a question as of a version. Callers of two versions fly beside each
// other: were there one flight a question, who looked at the log just before a
// fact and who looked just after it would take each other's place in turn.
type route struct {
	key     string
	version version
}

type flight struct {
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	value   any
	err     error
}

// join waits for the computation under way, or starts it. The computation lives as
// long as somebody waits; it keeps the values of its first caller's context.
func (fs *flights) join(ctx context.Context, r route, compute func(context.Context) (any, error)) (any, error) {
	fs.mu.Lock()
	f := fs.at[r]
	if f == nil || f.waiting == 0 {
		f = fs.launch(ctx, r, compute)
	}
	f.waiting++
	fs.mu.Unlock()
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.waiting--
	if f.waiting == 0 {
		f.cancel()
	}
	return nil, ctx.Err()
}

// launch starts a flight, in place of one that everybody left. Called under mu.
func (fs *flights) launch(ctx context.Context, r route, compute func(context.Context) (any, error)) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{cancel: cancel, done: make(chan struct{})}
	if fs.at == nil {
		fs.at = map[route]*flight{}
	}
	fs.at[r] = f
	go func() {
		defer cancel()
		value, err := guarded(ctx, compute)
		fs.mu.Lock()
		defer fs.mu.Unlock()
		f.value, f.err = value, err
		if fs.at[r] == f {
			delete(fs.at, r)
		}
		close(f.done)
	}()
	return f
}

// guarded turns a panic into an error: it would end the process, for no
// interceptor stands above this goroutine.
func guarded(ctx context.Context, compute func(context.Context) (any, error)) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("compute result: panic: %v\n%s", p, debug.Stack())
		}
	}()
	return compute(ctx)
}
