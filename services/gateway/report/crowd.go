package report

import (
	"context"
	"math/bits"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/rapport-cx/rapport/internal/access"
)

// linger is for how long a caller waits for a report that somebody else is being told,
// before the next one is begun beside it: long enough for most reports to end, too short
// to matter to a deadline.
const linger = 25 * time.Millisecond

// crowd lets those who ask the same at the same time be told by one answer: a hundred
// dashboards of one brand cost the services little more than one. Reports are shared so,
// and the calls that reports are made of, of which different reports ask for the same. An
// answer is never older than the question: who comes while one is made is told the next.
type crowd struct {
	patience time.Duration
	// linger is for how long who comes while an answer is made waits for its end before
	// the next one is begun beside it; 0: however long that takes.
	linger time.Duration
	mu     sync.Mutex
	// running counts answers that are being made, waiting has those not begun.
	running map[string]int
	waiting map[string]*gathering
}

func newCrowd(patience, linger time.Duration) *crowd {
	return &crowd{patience: patience, linger: linger, running: map[string]int{}, waiting: map[string]*gathering{}}
}

// gathering is one answer and those who are told it.
type gathering struct {
	key string
	// from is the first one's context, of which only values are taken: whoever asked
	// first may leave while others wait.
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

// question is what may be answered together: the same request of the same caller, as
// the services may answer each caller otherwise.
func question(ctx context.Context, in any) (string, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(in.(proto.Message))
	if err != nil {
		return "", err
	}
	who := metadata.ValueFromIncomingContext(ctx, "authorization")
	who = append(who, metadata.ValueFromIncomingContext(ctx, access.MandateHeader)...)
	if p := access.FromContext(ctx); p != nil {
		who = append(who, p.Name)
	}
	return strings.Join(append(who, reflect.TypeOf(in).String(), string(body)), "\x00"), nil
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
	out, _, err := c.ask(ctx, key, end, func(ctx context.Context) (any, error) { return do(ctx) })
	if err != nil {
		return none, err
	}
	return out.(T), nil
}

// ask makes an answer, or waits for one that somebody else has made, and says which. It
// is made by the time end, if that is not zero, which is everybody's who is told it. The
// answer is shared: nobody may change it.
func (c *crowd) ask(ctx context.Context, key string, end time.Time, do func(context.Context) (any, error)) (out any, joined bool, err error) {
	g, joined := c.join(ctx, key, end, do)
	select {
	case <-g.done:
		return g.out, joined, g.err
	case <-ctx.Done():
		c.leave(g)
		return nil, joined, ctx.Err()
	}
}

// join finds an answer that has not begun, or makes one, which begins at once if none is
// being made.
func (c *crowd) join(ctx context.Context, key string, end time.Time, do func(context.Context) (any, error)) (g *gathering, joined bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g = c.waiting[key]
	if joined = g != nil && g.people > 0; !joined {
		// Of one that all have left nothing is taken over.
		g = &gathering{key: key, from: context.WithoutCancel(ctx), do: do, done: make(chan struct{})}
		c.waiting[key] = g
		if c.running[key] > 0 && c.linger > 0 {
			time.AfterFunc(c.linger, func() { c.beside(g) })
		}
	}
	g.people++
	if !end.IsZero() && (g.until.IsZero() || end.Before(g.until)) {
		g.until = end
	}
	if c.running[key] == 0 {
		c.begin(g)
		go c.run(g)
	}
	return g, joined
}

// beside begins an answer that has waited long enough for another.
func (c *crowd) beside(g *gathering) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !g.begun && g.people > 0 {
		c.begin(g)
		go c.run(g)
	}
}

// begin gives an answer its time; run must follow. The lock is held.
func (c *crowd) begin(g *gathering) {
	until := time.Now().Add(c.patience)
	if !g.until.IsZero() && g.until.Before(until) {
		until = g.until
	}
	g.begun = true
	g.from, g.cancel = context.WithDeadline(g.from, until)
	delete(c.waiting, g.key)
	c.running[g.key]++
}

// run makes an answer, and then those who wait for the next one theirs.
func (c *crowd) run(g *gathering) {
	for g != nil {
		g.err = protected(func() (err error) {
			g.out, err = g.do(g.from)
			return err
		})
		g.cancel()
		close(g.done)
		g = c.next(g.key)
	}
}

// next ends one answer of a key and begins the one that waits; nil: nobody wants it.
func (c *crowd) next(key string) *gathering {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[key]--; c.running[key] == 0 {
		delete(c.running, key)
	}
	g := c.waiting[key]
	if g == nil {
		return nil
	}
	if g.people == 0 {
		delete(c.waiting, key)
		return nil
	}
	c.begin(g)
	return g
}

// leave takes a caller away; an answer that nobody waits for any more ends.
func (c *crowd) leave(g *gathering) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.people--; g.people == 0 && g.cancel != nil {
		g.cancel()
	}
}
