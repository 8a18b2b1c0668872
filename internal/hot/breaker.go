package hot

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// errOpen answers for a read that was not tried.
var errOpen = errors.New("redis is left alone for a while")

// breaker lets nobody wait for a Redis that does not answer. It opens after
// three failures in a row, or when half of the last many failed, and what
// probes Redis from then on is healLoop alone: no caller pays for it.
type breaker struct {
	steps   *gobreaker.TwoStepCircuitBreaker[struct{}]
	tripped chan struct{}
	open    atomic.Bool // open or half open; spares every read a lock
	failure atomic.Pointer[error]
}

func newBreaker(retryAfter time.Duration) *breaker {
	b := &breaker{tripped: make(chan struct{}, 1)}
	b.steps = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:     "redis",
		Interval: 10 * time.Second,
		Timeout:  retryAfter,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			return n.ConsecutiveFailures >= 3 || n.Requests >= 50 && 2*n.TotalFailures >= n.Requests
		},
		OnStateChange: func(_ string, _, to gobreaker.State) {
			b.open.Store(to != gobreaker.StateClosed)
			if to == gobreaker.StateOpen {
				select {
				case b.tripped <- struct{}{}:
				default:
				}
			}
		},
	})
	return b
}

func (b *breaker) state() gobreaker.State { return b.steps.State() }

func (b *breaker) closed() bool { return !b.open.Load() }

// do tries fn, unless the breaker is open, and notes how it went.
func (b *breaker) do(fn func() error) error {
	if !b.closed() {
		return errOpen
	}
	return b.try(fn)
}

func (b *breaker) try(fn func() error) error {
	done, err := b.steps.Allow()
	if err != nil {
		return errOpen
	}
	err = errors.New("panicked") // unless fn returns
	defer func() { done(err) }()
	if err = fn(); err != nil {
		b.failure.Store(&err)
	}
	return err
}

func (b *breaker) lastError() error {
	if err := b.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// healLoop probes Redis while the breaker is not closed.
func (c *Cache) healLoop() {
	for {
		select {
		case <-c.stop:
			return
		case <-c.breaker.tripped:
		}
		c.opts.Log.Warn("redis does not answer: going on without it", "error", c.breaker.lastError())
		// The breaker is half open from RetryAfter on; ask a little more often.
		tick := time.NewTicker(c.opts.RetryAfter/4 + 1)
		for !c.breaker.closed() {
			select {
			case <-c.stop:
				tick.Stop()
				return
			case <-tick.C:
				_ = c.breaker.try(c.ping)
			}
		}
		tick.Stop()
		c.opts.Log.Info("redis answers again")
	}
}

// ping asks as impatiently as a read would.
func (c *Cache) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.ReadTimeout)
	defer cancel()
	return c.client.Ping(ctx).Err()
}
