package app

import (
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that is wrapped
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// encoded is a reply that is already what goes over the wire.
type encoded struct {
	of    proto.Message
	bytes []byte
}

// maxEncoded bounds what is kept of one reply; larger ones are coded anew.
const maxEncoded = 4 << 10

// codec is gRPC's own, but for replies that are encoded already and requests that
// were read before.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Marshal hands an encoded reply out as it is.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if e, ok := v.(*encoded); ok {
		return mem.BufferSlice{mem.SliceBuffer(e.bytes)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal reads what arrives, unless it is known.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	a, ok := v.(*arrival)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	if len(data) == 1 {
		return a.read(data[0].ReadOnlyData())
	}
	return a.read(data.Materialize())
}

// reuse returns the reply as it was encoded when the handler last gave this very
// message to this very request, as a cache of results does.
func (q *asked) reuse(reply proto.Message) any {
	if q == nil || q.key == "" {
		return reply
	}
	if last := q.last.Load(); last != nil && last.of == reply {
		return last
	}
	b, err := proto.Marshal(reply)
	if err != nil || len(b) > maxEncoded {
		return reply
	}
	e := &encoded{of: reply, bytes: b}
	q.last.Store(e)
	return e
}
