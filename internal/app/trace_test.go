package app

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rapport-cx/rapport/internal/fault"
)

func TestOneTraceOverNeighbours(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	r := startTold(t, "", nil, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	inside := r.inside(t)
	r.probe.neighbour = func(ctx context.Context) error {
		return inside.Invoke(ctx, echo, wrapperspb.String("secret"), new(wrapperspb.StringValue))
	}
	close(r.probe.release)
	const caller = "4bf92f3577b34da6a3ce929d0e0e4736"
	ctx := metadata.AppendToOutgoingContext(context.Background(), "traceparent", "00-"+caller+"-00f067aa0ba902b7-01")
	if err := r.dial(t).Invoke(ctx, echo, wrapperspb.String("wait"), new(wrapperspb.StringValue)); err == nil {
		t.Error("the neighbour's error is lost")
	}
	for _, line := range r.lines(t) {
		if line["trace_id"] != caller {
			t.Errorf("out of the trace: %v", line)
		}
	}
	ended := spans.Ended()
	if len(ended) != 2 {
		t.Fatalf("%d spans", len(ended))
	}
	inner, outer := ended[0], ended[1]
	if outer.SpanContext().TraceID().String() != caller || inner.Parent().SpanID() != outer.SpanContext().SpanID() {
		t.Errorf("outer %v, inner's parent %v", outer.SpanContext(), inner.Parent())
	}
	if outer.Name() != "rapport.test.v1.Probe/Echo" || outer.Status().Code.String() != "Error" {
		t.Errorf("got %s, %v", outer.Name(), outer.Status())
	}
}

func TestOneIDOverNeighboursWithoutATrace(t *testing.T) {
	r := start(t, "", nil)
	inside := r.inside(t)
	r.probe.neighbour = func(ctx context.Context) error {
		return inside.Invoke(ctx, echo, wrapperspb.String("secret"), new(wrapperspb.StringValue))
	}
	close(r.probe.release)
	_, err := say(r.dial(t), "wait")
	id := fault.RequestID(err)
	lines := r.lines(t)
	if id == "" || len(lines) != 2 || lines[0]["trace_id"] != id || lines[1]["trace_id"] != id {
		t.Errorf("%q is not in %v", id, lines)
	}
}
