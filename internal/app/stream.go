package app

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

// stream takes one stream through the steps.
func (d *door) stream(impl any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	ctx, c := d.begin(stream.Context(), info.FullMethod)
	checked := &checkedStream{ServerStream: stream, ctx: ctx, call: &c, door: d, name: info.FullMethod}
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
		checked.record(fault.Code(err).String())
		err = d.end(ctx, &c, err)
	}()
	inner, err := d.admit(ctx, &c, d.outside)
	if err != nil {
		return err
	}
	inner, cancel := d.whileGood(inner)
	defer cancel()
	// Whoever only watches would hold a drain to its end; an upload may finish.
	if info.IsServerStream && !info.IsClientStream {
		defer context.AfterFunc(d.draining, cancel)()
	}
	checked.ctx = inner
	err = handle(impl, checked)
	switch {
	case err == nil || inner.Err() == nil || stream.Context().Err() != nil:
	case d.draining.Err() != nil:
		return fault.Unavailable(ReasonShuttingDown, "this replica is shutting down; go on after your cursor on another").Because(err)
	case fault.Reason(context.Cause(inner)) != "":
		return context.Cause(inner)
	}
	return err
}

var errExpired = fault.Unauthenticated(access.ReasonTokenInvalid, "the token has expired; come back with another")

// judgeAgain is how often whoever has a stream open is judged anew.
const judgeAgain = time.Second

// whileGood lets a stream run for no longer than its caller's token, and ends it when
// the token is taken back or allows something else.
func (d *door) whileGood(ctx context.Context) (context.Context, context.CancelFunc) {
	who := access.FromContext(ctx)
	if who == nil || who.Until().IsZero() {
		return context.WithCancel(ctx)
	}
	inner, cancel := context.WithCancelCause(ctx)
	go func() {
		end, look := time.NewTimer(time.Until(who.Until())), time.NewTicker(judgeAgain)
		defer end.Stop()
		defer look.Stop()
		for {
			select {
			case <-end.C:
				cancel(errExpired)
			case <-look.C:
				if err := d.guard.Again(inner, who); err != nil && inner.Err() == nil {
					cancel(err)
				}
			case <-inner.Done():
				return
			}
		}
	}()
	return inner, func() { cancel(nil) }
}

// checkedStream allows and validates each message and carries the context of the steps.
type checkedStream struct {
	grpc.ServerStream
	ctx     context.Context
	call    *call
	door    *door
	name    string
	once    sync.Once
	persons []int64 // whom the caller has read of, where that is recorded
}

// Context is the caller's, after the steps.
func (s *checkedStream) Context() context.Context { return s.ctx }

// RecvMsg reads one message and checks it: its brand against the caller's roles, for
// the next may be of another, and all of it against the rules of its proto file.
func (s *checkedStream) RecvMsg(into any) error {
	if err := s.ServerStream.RecvMsg(into); err != nil {
		return err
	}
	one := call{method: s.call.method, brand: brandOf(into)}
	if s.call.brand == "" {
		s.call.brand = one.brand
	}
	if err := s.door.allow(s.ctx, &one); err != nil {
		return err
	}
	m, ok := into.(proto.Message)
	if !ok {
		return nil
	}
	if s.audited() {
		s.persons = access.Persons(m, s.persons)
		s.once.Do(func() { s.record("OPEN") })
	}
	return fault.Validate(m)
}

func (s *checkedStream) audited() bool { return s.door.guard.Audited(s.ctx) }

// record tells when a stream begins, for it may last for days, and when it ends.
func (s *checkedStream) record(code string) {
	if s.audited() {
		s.door.guard.Record(s.ctx, s.name, s.call.brand, code, s.persons)
	}
}

// SendMsg notes of whom the caller reads.
func (s *checkedStream) SendMsg(m any) error {
	if p, ok := m.(proto.Message); ok && s.audited() {
		s.persons = access.Persons(p, s.persons)
	}
	return s.ServerStream.SendMsg(m)
}
