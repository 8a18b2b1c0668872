package lake

import (
	"container/list"
	"sync"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// key names what stays decoded.
type key struct {
	brand string
	unit  journeyv1.Unit
	days  calendar.Days
}

// cache keeps what was read last, within a budget. What it lets go of lives on with
// those who still read it.
type cache struct {
	budget int64

	mu    sync.Mutex
	by    map[key]*list.Element
	order *list.List // of *kept, the one used last in front
	used  int64
}

type kept struct {
	key   key
	held  *held
	bytes int64
}

func newCache(budget int64) *cache {
	return &cache{budget: budget, by: map[key]*list.Element{}, order: list.New()}
}

// get is what is kept under a key, or something new and empty.
func (c *cache) get(k key) *held {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.by[k]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*kept).held
	}
	h := newHeld(k)
	c.by[k] = c.order.PushFront(&kept{key: k, held: h})
	return h
}

// weigh tells what something takes by now, and lets go of what was not used for
// longest until the rest fits; of this one too, if it alone does not.
func (c *cache) weigh(h *held, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.by[h.key]
	if e == nil || e.Value.(*kept).held != h {
		return // let go of meanwhile
	}
	k := e.Value.(*kept)
	c.used += bytes - k.bytes
	k.bytes = bytes
	for e := c.order.Back(); e != nil && c.used > c.budget; {
		before := e.Prev()
		// One that weighs nothing is being filled right now.
		if k := e.Value.(*kept); k.bytes > 0 {
			c.used -= k.bytes
			c.order.Remove(e)
			delete(c.by, k.key)
		}
		e = before
	}
}
