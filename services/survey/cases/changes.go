package cases

import (
	"context"
	"sync"
)

// changes counts, per brand, the changes this process has made.
type changes struct {
	mu sync.Mutex
	by map[string]*change
}

type change struct {
	count int64
	next  chan struct{}
}

// entry is a brand's counter. Call with mu.
func (c *changes) entry(brand string) *change {
	if c.by == nil {
		c.by = map[string]*change{}
	}
	e := c.by[brand]
	if e == nil {
		e = &change{next: make(chan struct{})}
		c.by[brand] = e
	}
	return e
}

func (c *changes) add(brand string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entry(brand)
	e.count++
	close(e.next)
	e.next = make(chan struct{})
}

// Changes counts the changes this process made to a brand's cases since it
// started; the channel is closed at the next one. It may count a change that
// came to nothing. What other replicas do is not in it: see Revision.
func (d *Desk) Changes(brand string) (count int64, next <-chan struct{}) {
	d.changes.mu.Lock()
	defer d.changes.mu.Unlock()
	e := d.changes.entry(brand)
	return e.count, e.next
}

// Revision counts the changes all replicas ever made to a brand's cases: one
// small row, for a page that polls.
func (d *Desk) Revision(ctx context.Context, brand string) (int64, error) {
	return revision(ctx, d.db, brand)
}
