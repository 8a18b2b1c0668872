package report

import (
	"context"
	"math/bits"
	"strconv"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
)

// linger is for how long a caller waits for a report that somebody else is being told,
// before the next one is begun beside it: long enough for most reports to end, too short
// to matter to a deadline.
const linger = 25 * time.Millisecond

// crowd lets callers who ask for the same report at the same time share one: company does
// so for what reports are made of, which leaves each of a hundred dashboards to be put
// together by itself. A report is never older than the question: who comes while one is
// made is told the next.
type crowd struct {
	patience time.Duration
	mu       sync.Mutex
	// running counts reports that are being made, waiting has those not begun.
	running map[string]int
	waiting map[string]*gathering
}

func newCrowd(patience time.Duration) *crowd {
	return &crowd{patience: patience, running: map[string]int{}, waiting: map[string]*gathering{}}
}

// gathering is one report and those who are told it.
type gathering struct {
	key string
	// from is the first one's context, of which only values are taken.
	from   context.Context
	do     func(context.Context) (any, error)
	people int
	// until is the earliest of their deadlines; zero: none has one.
	until  time.Time
	begun  bool
	cancel context.CancelFunc
	done   chan struct{}
	out    any
	err    error
}

// inCrowd tells a report that others may be told as well, who may wait about as long.
// Nobody may change it.
func inCrowd[T any](ctx context.Context, c *crowd, in proto.Message, do func(context.Context) (T, error)) (T, error) {
	var none T
	key, err := question(ctx, in)
	if err != nil {
		return none, err
	}
	end, hurried := ctx.Deadline()
	if hurried {
		// Those whose time differs by less than half: the earliest end is everybody's.
		key += "\x00" + strconv.Itoa(bits.Len64(uint64(max(0, time.Until(end).Milliseconds()))))
	}
	g := c.join(ctx, key, end, func(ctx context.Context) (any, error) { return do(ctx) })
	select {
	case <-g.done:
		if g.err != nil {
			return none, g.err
		}
		return g.out.(T), nil
	case <-ctx.Done():
		c.leave(g)
		return none, ctx.Err()
	}
}

// join finds a report that has not begun, or makes one, which begins at once if none is
// being made.
func (c *crowd) join(ctx context.Context, key string, end time.Time, do func(context.Context) (any, error)) *gathering {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.waiting[key]
	if g == nil {
		g = &gathering{key: key, from: context.WithoutCancel(ctx), do: do, done: make(chan struct{})}
		c.waiting[key] = g
		if c.running[key] > 0 {
			time.AfterFunc(linger, func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.begin(g)
			})
		}
	}
	g.people++
	if !end.IsZero() && (g.until.IsZero() || end.Before(g.until)) {
		g.until = end
	}
	if c.running[key] == 0 {
		c.begin(g)
	}
	return g
}

// begin makes a report, if anybody still wants it. The lock is held.
func (c *crowd) begin(g *gathering) {
	if g.begun {
		return
	}
	g.begun = true
	delete(c.waiting, g.key)
	if g.people == 0 {
		close(g.done)
		return
	}
	until := time.Now().Add(c.patience)
	if !g.until.IsZero() && g.until.Before(until) {
		until = g.until
	}
	ctx, cancel := context.WithDeadline(g.from, until)
	g.cancel = cancel
	c.running[g.key]++
	go func() {
		defer cancel()
		g.err = protected(func() (err error) {
			g.out, err = g.do(ctx)
			return err
		})
		close(g.done)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.running[g.key]--; c.running[g.key] == 0 {
			delete(c.running, g.key)
		}
		if next := c.waiting[g.key]; next != nil {
			c.begin(next)
		}
	}()
}

// leave takes a caller away; a report that nobody waits for any more ends.
func (c *crowd) leave(g *gathering) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.people--; g.people == 0 && g.cancel != nil {
		g.cancel()
	}
}
