package commit

import (
	"context"
	"sync"
)

// Set has one queue per brand, made when first asked for. Brands are checked
// before they come here: a queue once made stays.
type Set[T, R any] struct {
	opts Options
	run  func(ctx context.Context, brand string, items []T) []Result[R]

	mu     sync.RWMutex
	queues map[string]*Queue[T, R]
	closed bool
}

// NewSet makes a set whose queues commit with run and have opts each.
func NewSet[T, R any](opts Options, run func(ctx context.Context, brand string, items []T) []Result[R]) *Set[T, R] {
	return &Set[T, R]{opts: opts, run: run, queues: map[string]*Queue[T, R]{}}
}

// Do runs one item in the queue of brand.
func (s *Set[T, R]) Do(ctx context.Context, brand string, item T) (R, error) {
	q, err := s.queue(brand)
	if err != nil {
		var none R
		return none, err
	}
	return q.Do(ctx, item)
}

// DoAll runs items in the queue of brand.
func (s *Set[T, R]) DoAll(ctx context.Context, brand string, items []T) []Result[R] {
	q, err := s.queue(brand)
	if err != nil {
		return failFrom(make([]Result[R], len(items)), 0, err)
	}
	return q.DoAll(ctx, items)
}

func (s *Set[T, R]) queue(brand string) (*Queue[T, R], error) {
	s.mu.RLock()
	q := s.queues[brand]
	s.mu.RUnlock()
	if q != nil {
		return q, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q = s.queues[brand]; q != nil {
		return q, nil
	}
	if s.closed {
		return nil, errClosed()
	}
	q = New(s.opts, func(ctx context.Context, items []T) []Result[R] { return s.run(ctx, brand, items) })
	s.queues[brand] = q
	return q, nil
}

// Close closes every queue and returns when all have drained, or with the
// error of ctx.
func (s *Set[T, R]) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	var queues []*Queue[T, R]
	for _, q := range s.queues {
		queues = append(queues, q)
	}
	s.mu.Unlock()
	// All refuse first: a caller must not slip into one while another drains.
	errs := make(chan error, len(queues))
	for _, q := range queues {
		go func() { errs <- q.Close(ctx) }()
	}
	var first error
	for range queues {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}
