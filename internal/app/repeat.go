package app

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// repeats remembers the requests of one method by their bytes on the wire.
// Dashboards ask the same few questions all day, and reading and judging one
// costs more than answering it from the cache of results. The handler gets the
// remembered message itself, so it may never change a request; the same question
// is the same pointer to it.
type repeats struct {
	mu    sync.RWMutex
	known map[string]*asked
}

// asked is a request on its way through the steps, and the last reply to it.
type asked struct {
	req proto.Message
	// key is the request on the wire; empty if it is too long to be remembered.
	key string
	// good is set once the request is known to break no rule. It is set before the
	// request is shared.
	good bool
	last atomic.Pointer[encoded]
}

// Bounds of what is remembered for a method: a few megabytes, replies included.
const maxRepeats, maxRepeatBytes = 1024, 512

// remembers tells methods whose requests repeat from those whose never do.
func remembers(method string) bool {
	for _, verb := range [...]string{"Get", "BatchGet", "List", "Rank", "Compare"} {
		if strings.HasPrefix(method, verb) {
			return true
		}
	}
	return false
}

// remembering lets the unary methods of a service that repeat be read once.
func remembering(desc *grpc.ServiceDesc, known func(method string) *repeats) *grpc.ServiceDesc {
	out := *desc
	out.Methods = make([]grpc.MethodDesc, len(desc.Methods))
	for i, m := range desc.Methods {
		if remembers(m.MethodName) {
			m.Handler = known(m.MethodName).handler(m.Handler)
		}
		out.Methods[i] = m
	}
	return &out
}

// handler takes the remembered request where next would read it anew.
func (r *repeats) handler(next grpc.MethodHandler) grpc.MethodHandler {
	return func(impl any, ctx context.Context, read func(any) error, step grpc.UnaryServerInterceptor) (any, error) {
		in := arrival{known: r}
		return next(impl, ctx, func(fresh any) error {
			in.fresh, _ = fresh.(proto.Message)
			return read(&in)
		}, func(ctx context.Context, _ any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			return step(ctx, in.is, info, handle)
		})
	}
}

// arrival is a request that is about to be read.
type arrival struct {
	known *repeats
	fresh proto.Message // to be filled if the request is not known
	is    *asked
}

// read fills the arrival from the wire.
func (a *arrival) read(wire []byte) error {
	if a.is = a.known.find(wire); a.is != nil {
		return nil
	}
	a.is = &asked{req: a.fresh}
	if len(wire) <= maxRepeatBytes {
		a.is.key = string(wire)
	}
	return proto.Unmarshal(wire, a.fresh)
}

func (r *repeats) find(wire []byte) *asked {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.known[string(wire)]
}

// add remembers a request that broke no rule. It forgets everything when it is
// full: what repeats is soon back.
func (r *repeats) add(q *asked) {
	q.good = true
	if q.key == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= maxRepeats {
		r.known = make(map[string]*asked)
	}
	r.known[q.key] = q
}
