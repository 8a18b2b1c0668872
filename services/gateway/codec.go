package gateway

import (
	"bytes"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// newCodec writes proto JSON with zeros and empty lists spelt out, and what is
// absent left out: no answers must not read as null or 0. A misspelt field of a
// request is an error, since ignoring it would answer another question.
func newCodec() codec {
	return codec{&runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true}}}
}

type codec struct{ *runtime.JSONPb }

// StreamContentType names what streams are: a message a line.
func (codec) StreamContentType(any) string { return "application/x-ndjson" }

// mimeEvents is what browsers' EventSource accepts.
const mimeEvents = "text/event-stream"

// eventCodec writes streams as server-sent events, each what a line would be. An answer
// of one piece stays JSON.
type eventCodec struct{ codec }

// StreamContentType names what streams are.
func (eventCodec) StreamContentType(any) string { return mimeEvents }

// Marshal writes one message; those of a stream come wrapped, as a result or an error.
func (c eventCodec) Marshal(v any) ([]byte, error) {
	b, err := c.codec.Marshal(v)
	if _, whole := v.(proto.Message); err != nil || whole {
		return b, err
	}
	// Proto JSON has no line breaks unless it is indented, and data must have none.
	return append([]byte("data: "), bytes.TrimSpace(b)...), nil
}

// Delimiter ends an event.
func (eventCodec) Delimiter() []byte { return []byte("\n\n") }
