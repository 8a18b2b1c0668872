package app

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/rapport-cx/rapport/internal/fault"
)

// door is one way in: the steps, and whether they lead in from outside.
type door struct {
	*steps
	outside bool
}

// branded is every request of ours.
type branded interface{ GetBrand() string }

// unary takes one call through the steps.
func (d *door) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
	ctx, c := d.begin(ctx, info.FullMethod)
	q, _ := req.(*asked)
	if q != nil {
		req = q.req
	}
	if b, ok := req.(branded); ok {
		c.brand = b.GetBrand()
	}
	defer func() {
		if p := recover(); p != nil {
			reply, err = nil, panicked(p)
		}
		err = d.end(ctx, &c, err)
	}()
	inner, err := d.admit(ctx, &c, d.outside)
	if err != nil {
		return nil, err
	}
	if _, given := inner.Deadline(); !given {
		bounded := withDeadline(inner, d.cfg.Deadline)
		defer bounded.release()
		inner = bounded
	}
	if err = c.method.judge(req, q); err != nil {
		return nil, err
	}
	if reply, err = handle(inner, req); err != nil {
		return nil, err
	}
	// gRPC would send a missing reply as an empty one, with status OK.
	m, ok := reply.(proto.Message)
	if !ok || !m.ProtoReflect().IsValid() {
		return nil, errors.New("the handler gave neither a reply nor an error")
	}
	return q.reuse(m), nil
}

// judge checks a request against the rules of its proto file, unless it was
// checked before.
func (m *method) judge(req any, q *asked) error {
	if q != nil && q.good {
		return nil
	}
	if p, ok := req.(proto.Message); ok {
		if err := fault.Validate(p); err != nil {
			return err
		}
	}
	if q != nil {
		m.repeats.add(q)
	}
	return nil
}

// stream takes one stream through the steps.
func (d *door) stream(impl any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	ctx, c := d.begin(stream.Context(), info.FullMethod)
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
		err = d.end(ctx, &c, err)
	}()
	inner, err := d.admit(ctx, &c, d.outside)
	if err != nil {
		return err
	}
	inner, cancel := context.WithCancel(inner)
	defer cancel()
	// Whoever only watches would hold a drain to its end; an upload may finish.
	if info.IsServerStream && !info.IsClientStream {
		defer context.AfterFunc(d.draining, cancel)()
	}
	err = handle(impl, &checkedStream{ServerStream: stream, ctx: inner, call: &c})
	if err != nil && d.draining.Err() != nil && inner.Err() != nil && stream.Context().Err() == nil {
		return fault.Unavailable(ReasonShuttingDown, "this replica is shutting down; go on after your cursor on another").Because(err)
	}
	return err
}

// checkedStream validates each message and carries the context of the steps.
type checkedStream struct {
	grpc.ServerStream
	ctx  context.Context
	call *call
}

// Context is the caller's, after the steps.
func (s *checkedStream) Context() context.Context { return s.ctx }

// RecvMsg reads one message and checks it against the rules of its proto file.
func (s *checkedStream) RecvMsg(into any) error {
	if err := s.ServerStream.RecvMsg(into); err != nil {
		return err
	}
	if b, ok := into.(branded); ok && s.call.brand == "" {
		s.call.brand = b.GetBrand()
	}
	if m, ok := into.(proto.Message); ok {
		return fault.Validate(m)
	}
	return nil
}
