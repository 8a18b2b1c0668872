package report

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/rapport-cx/rapport/internal/access"
)

// company lets reports that ask the same at the same time ask it once: a hundred
// dashboards of one brand cost the services little more than one. Who comes while a
// call runs waits for the next, which begins when it ends: an answer is never older
// than the question.
type company struct {
	patience time.Duration
	mu       sync.Mutex
	calls    map[string]*line
}

// line is who asks one thing: those whose call runs, and those who wait for the next.
type line struct{ running, next *shared }

// shared is one call and those who wait for it.
type shared struct {
	do      func(context.Context) (any, error)
	ctx     context.Context
	cancel  context.CancelFunc
	waiting int
	done    chan struct{}
	out     any
	err     error
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

// ask makes the call, or waits for one that somebody else makes, and says which. The
// answer is shared: nobody may change it.
func (c *company) ask(ctx context.Context, key string, do func(context.Context) (any, error)) (out any, joined bool, err error) {
	call, joined := c.join(ctx, key, do)
	select {
	case <-call.done:
		return call.out, joined, call.err
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		if call.waiting--; call.waiting == 0 {
			call.cancel() // nobody wants it any more
		}
		return nil, joined, ctx.Err()
	}
}

// join finds a call that has not begun, or makes one.
func (c *company) join(ctx context.Context, key string, do func(context.Context) (any, error)) (_ *shared, joined bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.calls[key]
	if l != nil && l.next != nil && l.next.waiting > 0 {
		l.next.waiting++
		return l.next, true
	}
	call := &shared{do: do, waiting: 1, done: make(chan struct{})}
	// Whoever asked first may leave while others wait.
	call.ctx, call.cancel = context.WithTimeout(context.WithoutCancel(ctx), c.patience)
	if l != nil {
		l.next = call
		return call, false
	}
	l = &line{running: call}
	c.calls[key] = l
	go c.run(key, l)
	return call, false
}

// run makes the calls of a line, one after another, until nobody waits.
func (c *company) run(key string, l *line) {
	for call := l.running; call != nil; {
		call.err = protected(func() (err error) {
			call.out, err = call.do(call.ctx)
			return err
		})
		call.cancel()
		close(call.done)
		c.mu.Lock()
		call, l.next = l.next, nil
		if l.running = call; call == nil {
			delete(c.calls, key)
		}
		c.mu.Unlock()
	}
}
