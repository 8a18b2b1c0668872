package commit

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// join brings w into a commit, as its leader when nobody leads, and returns
// when its results stand. After an error w belongs to the queue.
func (q *Queue[T, R]) join(ctx context.Context, w *waiter[T, R]) error {
	w.ctx = ctx
	q.mu.Lock()
	if err := q.admit(w); err != nil {
		q.mu.Unlock()
		q.release(w)
		return err
	}
	if q.line.first == nil {
		q.since = time.Now()
	}
	q.line.push(w)
	q.queued += len(w.items)
	if !q.leading {
		q.leading = true
		w.state = chosen
		return q.lead(w)
	}
	q.mu.Unlock()

	select {
	case <-w.wake:
	case <-ctx.Done():
		return q.leave(w)
	}
	q.mu.Lock()
	if w.state != chosen {
		q.mu.Unlock()
		return nil
	}
	return q.lead(w)
}

// admit refuses who comes late, or too many. It is called with mu held.
func (q *Queue[T, R]) admit(w *waiter[T, R]) error {
	switch err := w.ctx.Err(); {
	case err != nil:
		return err
	case q.closed:
		return errClosed()
	case q.queued > 0 && q.queued+len(w.items) > q.opts.MaxQueued:
		q.meter.refuse(len(w.items))
		return errFull(q.retryAfter())
	}
	return nil
}

// retryAfter guesses when the line will have gone, from the last commit.
func (q *Queue[T, R]) retryAfter() time.Duration {
	commits := 1 + q.queued/q.opts.MaxBatch
	return min(max(time.Duration(commits)*q.took, 50*time.Millisecond), 5*time.Second)
}

// leave takes w out of line because its context has ended.
func (q *Queue[T, R]) leave(w *waiter[T, R]) error {
	q.mu.Lock()
	was := w.state
	switch was {
	case queued:
		q.drop(w)
	case chosen:
		<-w.wake // it was told to lead and did not hear it
		q.drop(w)
		q.passOn()
	}
	q.mu.Unlock()
	if was == taken {
		select {
		case <-w.wake: // the answer came at the same moment: it is worth more
			return nil
		default:
			return w.ctx.Err()
		}
	}
	err := w.ctx.Err()
	q.release(w)
	return err
}

// drop and passOn are called with mu held.
func (q *Queue[T, R]) drop(w *waiter[T, R]) {
	q.line.remove(w)
	q.queued -= len(w.items)
	w.state = gone
}

// passOn hands the lead to the oldest in line, or ends it.
func (q *Queue[T, R]) passOn() (led bool) {
	if next := q.line.first; next != nil {
		next.state = chosen
		next.wake <- struct{}{} // has room: a waiter is told once
		return true
	}
	q.leading = false
	if q.closed {
		close(q.idle)
	}
	return false
}

// batch is what one commit takes; it is used again for a later one.
type batch[T, R any] struct {
	waiters []*waiter[T, R]
	items   []T
	waited  time.Duration // of the oldest
}

// lead runs the next commit, for w and for all who fit in beside it. It is
// entered with mu held and leaves without it.
func (q *Queue[T, R]) lead(w *waiter[T, R]) error {
	if err := w.ctx.Err(); err != nil {
		q.drop(w)
		q.passOn()
		q.mu.Unlock()
		q.release(w)
		return err
	}
	if pause := q.linger(); pause > 0 {
		q.mu.Unlock()
		time.Sleep(pause)
		q.mu.Lock()
	}
	b := q.take()
	q.mu.Unlock()
	q.commit(w, b)
	return nil
}

const (
	// crowd is how many must have shared a commit for the next one to be waited for.
	crowd = 4
	// longest is how long that is at most, shortest at least: what is less takes longer to
	// wait for than it is.
	longest  = 250 * time.Microsecond
	shortest = 50 * time.Microsecond
)

// linger is how long a leader gives those who were answered a moment ago to come again, a
// tenth of what a commit takes at most: what a commit costs, however many share it, is
// shared by more. A lone caller never waits, nor does anybody for a commit that takes next
// to nothing, as reads do. It is called with mu held.
func (q *Queue[T, R]) linger() time.Duration {
	pause := min(q.took/10, longest)
	if q.shared < crowd || q.queued >= q.opts.MaxBatch || pause < shortest {
		return 0
	}
	return pause
}

// take empties the line from the front into a batch, with mu held. The leader
// stands first. Another whose context has ended is left out here, and hears it
// from its context: nothing runs for somebody who is known to have left.
func (q *Queue[T, R]) take() *batch[T, R] {
	b, ok := q.batches.Get().(*batch[T, R])
	if !ok {
		b = new(batch[T, R])
	}
	now := time.Now()
	b.waited = now.Sub(q.since)
	q.since = now
	for w := q.line.first; w != nil; w = q.line.first {
		if w.state != chosen && w.ctx.Err() != nil {
			q.drop(w)
			continue
		}
		if len(b.items) > 0 && len(b.items)+len(w.items) > q.opts.MaxBatch {
			break
		}
		q.line.remove(w)
		q.queued -= len(w.items)
		w.state = taken
		b.waiters = append(b.waiters, w)
		b.items = append(b.items, w.items...)
	}
	return b
}

// commit runs b, wakes the others of b and passes the lead on. Who is woken last
// runs first: the next commit begins before the others go on. Even when run panics or ends
// the goroutine, the others get an answer and the queue lives on.
func (q *Queue[T, R]) commit(leader *waiter[T, R], b *batch[T, R]) {
	began := time.Now()
	var results []Result[R]
	failure := errEnded
	defer func() {
		b.settle(results, failure)
		took := time.Since(began)
		for _, w := range b.waiters {
			if w != leader {
				w.wake <- struct{}{}
			}
		}
		q.mu.Lock()
		q.took, q.shared = took, len(b.waiters)
		led := q.passOn()
		q.mu.Unlock()
		q.meter.committed(len(b.items), b.waited, took)
		q.recycle(b)
		if led {
			runtime.Gosched() // to the next leader, who was woken last
		}
	}()
	results, failure = q.guarded(b.items)
}

// guarded calls run and turns a panic, or a wrong number of results, into a
// failure of the whole batch.
func (q *Queue[T, R]) guarded(items []T) (results []Result[R], failure error) {
	defer func() {
		if r := recover(); r != nil {
			results, failure = nil, fmt.Errorf("commit panicked: %v\n%s", r, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), q.opts.Timeout)
	defer cancel()
	results = q.run(ctx, items)
	if len(results) != len(items) {
		return nil, fmt.Errorf("commit of %d items answered for %d", len(items), len(results))
	}
	return results, nil
}

// settle gives every waiter its part of the results, or all of them failure.
func (b *batch[T, R]) settle(results []Result[R], failure error) {
	for _, w := range b.waiters {
		n := len(w.results)
		if failure == nil {
			copy(w.results, results)
			results = results[n:]
			continue
		}
		for i := range w.results {
			w.results[i] = Result[R]{Err: failure}
		}
	}
}

// recycle empties b before it is kept, so that it keeps nothing of its items.
func (q *Queue[T, R]) recycle(b *batch[T, R]) {
	clear(b.waiters)
	clear(b.items)
	b.waiters, b.items = b.waiters[:0], b.items[:0]
	q.batches.Put(b)
}
