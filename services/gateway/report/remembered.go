package report

import (
	"context"
	"errors"
	"sync"
)

// errUnread is what the others find where reading panicked.
var errUnread = errors.New("was not read")

// remembered is read once, by whoever needs it first; the others wait for that.
type remembered[T any] struct {
	begin sync.Once
	done  chan struct{}
	value T
	err   error
}

// get reads it, or waits until it is read.
func (r *remembered[T]) get(ctx context.Context, read func() (T, error)) (T, error) {
	first := false
	r.begin.Do(func() { first, r.done = true, make(chan struct{}) })
	if first {
		r.err = errUnread // unless read returns
		defer close(r.done)
		r.value, r.err = read()
		return r.value, r.err
	}
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
