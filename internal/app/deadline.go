package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// deadline bounds a call whose caller gave no bound. A timer is set only once
// somebody waits on Done: an answer from memory is given before anybody does, and
// setting and stopping a timer would be a fifth of what the steps cost.
type deadline struct {
	context.Context
	at    time.Time
	once  sync.Once
	timed atomic.Pointer[timed]
}

type timed struct {
	context.Context
	cancel context.CancelFunc
}

func withDeadline(parent context.Context, after time.Duration) *deadline {
	return &deadline{Context: parent, at: time.Now().Add(after)}
}

// Deadline is when the call must be done.
func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

// Done sets the timer, once.
func (d *deadline) Done() <-chan struct{} {
	d.once.Do(func() {
		ctx, cancel := context.WithDeadline(d.Context, d.at)
		d.timed.Store(&timed{ctx, cancel})
	})
	return d.timed.Load().Done()
}

// Err tells of a deadline that passed even if nobody waits for it.
func (d *deadline) Err() error {
	if t := d.timed.Load(); t != nil {
		return t.Err()
	}
	if err := d.Context.Err(); err != nil {
		return err
	}
	if !time.Now().Before(d.at) {
		<-d.Done() // so that Err and Done agree from here on
		return d.timed.Load().Err()
	}
	return nil
}

// Value asks the timed context where there is one: contexts derived from this one
// find it there and are ended with it, without a goroutine each.
func (d *deadline) Value(key any) any {
	if t := d.timed.Load(); t != nil {
		return t.Value(key)
	}
	return d.Context.Value(key)
}

// release stops the timer when the call is over.
func (d *deadline) release() {
	if t := d.timed.Load(); t != nil {
		t.cancel()
	}
}
