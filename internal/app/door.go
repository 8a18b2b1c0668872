package app

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

// door is one way in: the steps, and whether they lead in from outside.
type door struct {
	*steps
	outside bool
}

// branded is every request of ours.
type branded interface{ GetBrand() string }

// brandOf is the brand that a request is about. Those that ask for a question to be
// watched have it in there.
func brandOf(req any) string {
	if b, ok := req.(branded); ok {
		return b.GetBrand()
	}
	m, ok := req.(proto.Message)
	if !ok {
		return ""
	}
	brand := ""
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Message() == nil || f.Cardinality() == protoreflect.Repeated {
			return true
		}
		b, ok := v.Message().Interface().(branded)
		if ok {
			brand = b.GetBrand()
		}
		return !ok
	})
	return brand
}

// unary takes one call through the steps.
func (d *door) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
	ctx, c := d.begin(ctx, info.FullMethod)
	q, _ := req.(*asked)
	if q != nil {
		req = q.req
	}
	c.brand = brandOf(req)
	inner, told := ctx, proto.Message(nil)
	defer func() {
		if p := recover(); p != nil {
			reply, err = nil, panicked(p)
		}
		if d.guard.Audited(inner) {
			request, _ := req.(proto.Message)
			d.guard.Record(inner, info.FullMethod, c.brand, fault.Code(err).String(), access.Persons(told, access.Persons(request, nil)))
		}
		err = d.end(ctx, &c, err)
	}()
	if inner, err = d.admit(ctx, &c, d.outside); err != nil {
		return nil, err
	}
	if err = d.allow(inner, &c); err != nil {
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
	told = m
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
