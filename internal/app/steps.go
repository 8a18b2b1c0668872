package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

// ReasonShuttingDown is the reason of a call that came to a draining process:
// another replica will take it.
const ReasonShuttingDown = "UNAVAILABLE"

// steps is what every call goes through. They are written out in one function
// each for unary calls and streams, on the bare OpenTelemetry API: as separate
// interceptors with the stock gRPC instrumentation they cost more than a
// repeated read does.
type steps struct {
	cfg     Config
	guard   *access.Guard
	tel     *telemetry.Telemetry
	tracer  trace.Tracer // nil: no spans
	log     slog.Handler
	methods *methods

	// draining ends when the process begins to drain, ending those who only watch.
	draining context.Context
	drain    context.CancelFunc
}

func newSteps(cfg Config, guard *access.Guard, tel *telemetry.Telemetry) (*steps, error) {
	s := &steps{cfg: cfg, guard: guard, tel: tel, log: tel.Log.Handler()}
	if tel.Tracer != nil {
		s.tracer = tel.Tracer.Tracer("rapport")
	}
	s.draining, s.drain = context.WithCancel(context.Background())
	var err error
	s.methods, err = newMethods(tel.Meter)
	return s, err
}

// call is one call on its way through the steps.
type call struct {
	method *method
	start  time.Time
	span   trace.Span
	brand  string
}

// begin joins the caller's trace, and opens a span only if somebody will see it.
func (s *steps) begin(ctx context.Context, name string) (context.Context, call) {
	c := call{method: s.methods.get(name), start: time.Now()}
	c.method.inFlight.Add(1)
	// Most calls have no trace: one look at the header is all they pay.
	if len(metadata.ValueFromIncomingContext(ctx, "traceparent")) > 0 {
		ctx = s.tel.Propagator.Extract(ctx, received{ctx})
	}
	if s.tracer != nil && !c.method.quiet {
		ctx, c.span = s.tracer.Start(ctx, c.method.span, trace.WithSpanKind(trace.SpanKindServer))
	}
	return ctx, c
}

// received reads the headers of an incoming call.
type received struct{ ctx context.Context }

func (r received) Get(key string) string {
	if v := metadata.ValueFromIncomingContext(r.ctx, key); len(v) > 0 {
		return v[0]
	}
	return ""
}
func (r received) Set(string, string) {}
func (r received) Keys() []string     { return nil }

func traced(ctx context.Context) bool { return trace.SpanContextFromContext(ctx).IsValid() }

// admit refuses callers that are not known and, from outside, all that come to a
// draining process. Health is asked by machines that hold no token, also then.
func (s *steps) admit(ctx context.Context, c *call, outside bool) (context.Context, error) {
	if c.method.quiet {
		return ctx, nil
	}
	if outside && s.draining.Err() != nil {
		return ctx, fault.Unavailable(ReasonShuttingDown, "this replica is shutting down; retry on another")
	}
	if s.guard.Silent() {
		return ctx, nil
	}
	who, err := s.guard.Authenticate(ctx, metadata.ValueFromIncomingContext(ctx, "authorization")...)
	if err != nil {
		return ctx, err
	}
	ctx = access.With(ctx, who, c.method.rule)
	if c.method.rule.Composes() {
		ctx = access.OnBehalf(ctx)
	}
	return ctx, s.guard.Limit(ctx)
}

// allow refuses what the caller's roles don't hold, before the request is judged: a
// stranger learns nothing from what is wrong with it.
func (s *steps) allow(ctx context.Context, c *call) error {
	if c.method.quiet {
		return nil
	}
	return s.guard.Admit(ctx, c.brand)
}

// end maps the error to what leaves, and tells of the call: its duration, its
// span and its one line in the log.
func (s *steps) end(ctx context.Context, c *call, err error) error {
	code, cause := codes.OK, err
	if err != nil {
		err = fault.Outgoing(err)
		code = fault.Code(err)
	}
	took := time.Since(c.start)
	c.method.inFlight.Add(-1)
	c.method.record(ctx, code, took)
	var id string
	if code == codes.Internal {
		// What went wrong is told here alone; the caller gets the id to ask with, the
		// same one through all neighbours.
		if id = fault.RequestID(cause); id == "" {
			id = traceID(ctx)
		}
		err = fault.WithRequestID(err, id)
	}
	if c.span != nil {
		endSpan(c.span, code)
	}
	s.line(ctx, c, code, took, err, id)
	return err
}

func endSpan(span trace.Span, code codes.Code) {
	span.SetAttributes(attribute.String("rpc.response.status_code", code.String()))
	if level(code) == slog.LevelError {
		span.SetStatus(otelcodes.Error, "")
	}
	span.End()
}

// level tells whose trouble a code is: ours, the moment's, or the caller's own.
func level(code codes.Code) slog.Level {
	switch code {
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return slog.LevelError
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// traceID is the trace's id; a call without a trace gets one to be found by.
func traceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		return span.TraceID().String()
	}
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// panicked is a panic as an error, with where it came from, for the log.
func panicked(p any) error {
	return fmt.Errorf("panic: %v\n%s", p, debug.Stack())
}
