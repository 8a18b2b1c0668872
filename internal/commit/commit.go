// Package commit is group commit: callers that arrive while a commit runs
// share the next one, so that one fsync serves many.
//
// There is no goroutine of the queue's own. The first caller to find the queue
// idle runs the commit itself, in its own goroutine, at once: a lone caller
// never waits for company and pays for no switch. When its commit is over it
// hands the lead to the oldest caller waiting and leaves with its answer.
//
// Items run in order of arrival and each exactly once, or they are refused.
// An item fails alone: run answers for every one of them.
package commit

import (
	"context"
	"sync"
	"time"
)

// Result is what became of one item.
type Result[R any] struct {
	Value R
	Err   error
}

// Run commits items and returns one result for each, in their order. Its
// context is nobody's: it ends with Options.Timeout alone and carries no
// values, so a caller who leaves cannot abort the others. Run must not keep
// items after it returns; it may use the slice of results again in its next
// call.
type Run[T, R any] func(ctx context.Context, items []T) []Result[R]

// Options of a queue; the zero value takes every default.
type Options struct {
	Name      string        // label of the metrics
	MaxBatch  int           // items a commit holds at most; 1000
	MaxQueued int           // items that may wait; 8192
	Timeout   time.Duration // of one commit; 10 s
}

func (o Options) withDefaults() Options {
	if o.MaxBatch <= 0 {
		o.MaxBatch = 1000
	}
	if o.MaxQueued <= 0 {
		o.MaxQueued = 8192
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	return o
}

// Queue runs one commit at a time. One brand has one queue: its log head is
// one row, and two commits would only wait for each other's lock.
type Queue[T, R any] struct {
	opts    Options
	run     Run[T, R]
	meter   *meter
	waiters sync.Pool // *waiter[T, R]
	batches sync.Pool // *batch[T, R]

	mu      sync.Mutex
	line    line[T, R]
	queued  int           // items in line
	since   time.Time     // when the oldest in line began to wait, about
	leading bool          // somebody leads: runs a commit or has been told to
	took    time.Duration // the last commit's time, for RetryInfo
	shared  int           // how many callers shared the last commit
	closed  bool
	idle    chan struct{} // closed when the last commit after Close is over
}

// New makes a queue that commits with run.
func New[T, R any](opts Options, run Run[T, R]) *Queue[T, R] {
	opts = opts.withDefaults()
	return &Queue[T, R]{opts: opts, run: run, meter: newMeter(opts.Name)}
}

// Do runs one item. When ctx ends before the item was taken into a commit, the
// item never runs. When it ends later Do returns the error of ctx although the
// item may be in: whoever asks again with the same key is told.
func (q *Queue[T, R]) Do(ctx context.Context, item T) (R, error) {
	w := q.waiter()
	w.one[0] = item
	w.items, w.results = w.one[:], w.oneResult[:]
	err := q.join(ctx, w)
	if err != nil {
		var none R
		return none, err
	}
	result := w.oneResult[0]
	q.release(w)
	return result.Value, result.Err
}

// DoAll runs many items and returns a result for each. Past MaxBatch they go
// in slices, each of which queues anew behind those who came meanwhile: a long
// import does not hold up the living. An item's own error may be that of ctx,
// with the meaning it has in Do, or a refusal.
func (q *Queue[T, R]) DoAll(ctx context.Context, items []T) []Result[R] {
	results := make([]Result[R], len(items))
	for from := 0; from < len(items); from += q.opts.MaxBatch {
		to := min(from+q.opts.MaxBatch, len(items))
		w := q.waiter()
		w.items, w.results = items[from:to], results[from:to]
		if err := q.join(ctx, w); err != nil {
			return failFrom(results, from, err)
		}
		q.release(w)
	}
	return results
}

// failFrom answers err for all results from one on, in a new slice: a commit
// that outlived its caller may still write into the old one.
func failFrom[R any](results []Result[R], from int, err error) []Result[R] {
	fresh := make([]Result[R], len(results))
	copy(fresh, results[:from])
	for i := from; i < len(fresh); i++ {
		fresh[i].Err = err
	}
	return fresh
}

// Close refuses what comes from now on and returns when all that waited has
// run, or with the error of ctx; what waits then still runs.
func (q *Queue[T, R]) Close(ctx context.Context) error {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		q.idle = make(chan struct{})
		if !q.leading {
			close(q.idle)
		}
	}
	q.mu.Unlock()
	select {
	case <-q.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
