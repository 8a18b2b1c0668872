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
	mu    sync.Mutex
	byKey map[string]*flight
}

type flight struct {
	version version
	waiting int
	cancel  context.CancelFunc
	done    chan struct{}
	value   any
	err     error
}

// join waits for the computation under way, or starts it. A flight that began
// before facts the caller must see is not joined. The computation lives as
// long as somebody waits; it keeps the values of its first caller's context.
func (fs *flights) join(ctx context.Context, key string, v version, compute func(context.Context) (any, error)) (any, error) {
	fs.mu.Lock()
	f := fs.byKey[key]
	if f == nil || f.version != v || f.waiting == 0 {
		f = fs.launch(ctx, key, v, compute)
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

// launch starts a flight, in place of an outdated one. Called under mu.
func (fs *flights) launch(ctx context.Context, key string, v version, compute func(context.Context) (any, error)) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{version: v, cancel: cancel, done: make(chan struct{})}
	if fs.byKey == nil {
		fs.byKey = map[string]*flight{}
	}
	fs.byKey[key] = f
	go func() {
		defer cancel()
		value, err := guarded(ctx, compute)
		fs.mu.Lock()
		defer fs.mu.Unlock()
		f.value, f.err = value, err
		if fs.byKey[key] == f {
			delete(fs.byKey, key)
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
