package commit

import "context"

// A waiter's state; it changes under Queue.mu only.
type state uint8

const (
	queued state = iota // in line
	chosen              // in line, and to lead the next commit
	taken               // in a commit: it is too late to take it back
	gone                // left out, because its context had ended
)

// waiter is one call in line: one item, or a slice of an import.
type waiter[T, R any] struct {
	ctx     context.Context
	items   []T
	results []Result[R] // as many as items; the leader fills them
	state   state
	// wake is told once: to lead (state chosen), or that results stand.
	wake chan struct{}

	prev, next *waiter[T, R]

	// Room for the item of Do, so that it costs no allocation.
	one       [1]T
	oneResult [1]Result[R]
}

func (q *Queue[T, R]) waiter() *waiter[T, R] {
	if w, ok := q.waiters.Get().(*waiter[T, R]); ok {
		return w
	}
	return &waiter[T, R]{wake: make(chan struct{}, 1)}
}

// release gives a waiter back. Only one that is in nobody else's hands may
// return: a caller who left while its commit ran leaves the waiter to the
// garbage collector.
func (q *Queue[T, R]) release(w *waiter[T, R]) {
	wake := w.wake
	*w = waiter[T, R]{wake: wake}
	q.waiters.Put(w)
}

// line is a list in order of arrival that anybody may leave.
type line[T, R any] struct {
	first, last *waiter[T, R]
}

func (l *line[T, R]) push(w *waiter[T, R]) {
	w.prev = l.last
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
}

func (l *line[T, R]) remove(w *waiter[T, R]) {
	if w.prev == nil {
		l.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
}
