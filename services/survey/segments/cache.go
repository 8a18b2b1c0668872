// Package segments keeps the members of Segmentation's segments that scores are
// asked of, as bit sets over customer numbers.
//
// Nothing is followed: whoever asks for a segment asks Segmentation whether the set
// held is still the one, unless that was just done. Segments that nobody asks about
// cost nothing, a replica that was away has nothing to catch up with, and an answer
// is never older than Recent. The price is one small call per segment and Recent.
package segments

import (
	"context"
	"sync"
	"time"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

const (
	// Recent is how old a set may be without being asked for again.
	Recent = 200 * time.Millisecond
	// Enough is how old a set may be while Segmentation cannot be asked: a segment
	// changes little in minutes, and a score of no segment helps nobody.
	Enough = 5 * time.Minute
	// restless is for how long a neighbour that did not answer is left alone.
	restless = time.Second
	// patience is how long one question to it may take, whoever asks.
	patience = 5 * time.Second
	// anew is how often a whole set is asked for although its number is the same: a
	// log that was restored from a backup gives numbers out twice.
	anew = 10 * time.Minute
	// budget bounds the memory of all sets, most how many segments are held.
	budget = 256 << 20
	most   = 10_000
)

// Cache is the sets of all brands. It is safe for concurrent use.
type Cache struct {
	client segmentationv1.SegmentationServiceClient
	clock  func() time.Time

	mu     sync.Mutex
	held   map[name]*segment
	size   int64
	budget int64
	tick   int64
}

// name is a segment of a brand.
type name struct{ brand, id string }

// segment is what is held of one segment. Whoever has its turn asks; all who want
// the same meanwhile wait for the turn, and then find it done.
type segment struct {
	name
	turn turn
	// walk is the turn of those who read the past, which may take many calls.
	walk turn

	mu      sync.Mutex
	now     *Set
	asOf    time.Time // commit of the last fact that now includes
	checked time.Time // when now was the newest for sure
	whole   time.Time // when now was sent as a whole
	failed  time.Time // when Segmentation last did not answer
	days    map[calendar.Day]past

	size, used int64 // under the cache's lock
}

// New makes a cache that asks client; nil: there is no Segmentation.
func New(client segmentationv1.SegmentationServiceClient, clock func() time.Time) *Cache {
	return &Cache{client: client, clock: clock, held: map[name]*segment{}, budget: budget}
}

// Now is who is in a segment. NotFound if there is none of the name, Unavailable if
// Segmentation cannot be asked and the last answer is too old.
func (c *Cache) Now(ctx context.Context, brand, id string) (*Set, error) {
	return c.newest(ctx, c.segment(brand, id))
}

func (c *Cache) newest(ctx context.Context, s *segment) (*Set, error) {
	if set := s.recent(c.clock()); set != nil {
		return set, nil
	}
	if err := s.turn.take(ctx); err != nil {
		return nil, err
	}
	defer s.turn.leave()
	return c.ask(ctx, s)
}

// segment finds or makes the place of a segment.
func (c *Cache) segment(brand, id string) *segment {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.held[name{brand, id}]
	if s == nil {
		if len(c.held) >= most {
			c.dropOldest(nil)
		}
		s = &segment{name: name{brand, id}, turn: make(turn, 1), walk: make(turn, 1), days: map[calendar.Day]past{}}
		c.held[s.name] = s
	}
	c.tick++
	s.used = c.tick
	return s
}

// turn is a lock that nobody waits for longer than the caller does.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) leave() { <-t }

// recent is the set held if it need not be asked for.
func (s *segment) recent(now time.Time) *Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil && now.Sub(s.checked) < Recent {
		return s.now
	}
	return nil
}

// drop forgets a segment.
func (c *Cache) drop(s *segment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[s.name] == s {
		delete(c.held, s.name)
		c.size -= s.size
	}
}

// weigh brings the memory of a segment to account, and keeps the budget by dropping
// those that were not asked for longest.
func (c *Cache) weigh(s *segment) {
	size := s.weight()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[s.name] != s {
		return
	}
	if size > c.budget {
		size = s.forgetPast()
	}
	c.size += size - s.size
	s.size = size
	for c.size > c.budget && len(c.held) > 1 {
		c.dropOldest(s)
	}
}

// dropOldest makes room at the cost of the segment that was not asked for longest,
// other than s.
func (c *Cache) dropOldest(s *segment) {
	var oldest *segment
	for _, o := range c.held {
		if o != s && (oldest == nil || o.used < oldest.used) {
			oldest = o
		}
	}
	if oldest != nil {
		delete(c.held, oldest.name)
		c.size -= oldest.size
	}
}

// weight is the memory of all sets held; days share many of them.
func (s *segment) weight() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[*Set]bool{s.now: true}
	size := s.now.size()
	for _, p := range s.days {
		if !seen[p.set] {
			seen[p.set] = true
			size += p.set.size()
		}
	}
	return size
}

func (s *segment) forgetPast() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.days = map[calendar.Day]past{}
	return s.now.size()
}
