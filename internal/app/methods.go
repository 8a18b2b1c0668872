package app

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/rapport-cx/rapport/internal/access"
)

// healthPrefix begins the methods that machines call every second.
const healthPrefix = "/grpc.health.v1.Health/"

// bounds of the durations, in seconds: a read from memory takes tens of
// microseconds, a commit milliseconds, a rebuild seconds.
var bounds = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// method is what is known of one rpc before it is called: everything that a call
// would otherwise build anew.
type method struct {
	span     string
	attr     slog.Attr
	line     string // the middle of the line of a call that went well
	quiet    bool   // health: no span, no line, no token
	repeats  *repeats
	rule     *access.Rule // what a caller needs; nil: to be a neighbour
	inFlight atomic.Int64
	duration metric.Float64Histogram
	byCode   [codes.Unauthenticated + 1][]metric.RecordOption
	set      metric.ObserveOption
}

// record counts one call.
func (m *method) record(ctx context.Context, code codes.Code, took time.Duration) {
	if int(code) >= len(m.byCode) {
		code = codes.Unknown
	}
	m.duration.Record(ctx, took.Seconds(), m.byCode[code]...)
}

// methods are all that the process serves. They are filled before the first call
// and only read after.
type methods struct {
	byName   map[string]*method
	unknown  *method
	duration metric.Float64Histogram
}

func newMethods(provider metric.MeterProvider) (*methods, error) {
	meter := provider.Meter("rapport.rpc")
	duration, err := meter.Float64Histogram("rapport.rpc.duration", metric.WithUnit("s"),
		metric.WithDescription("time from the first message to the last"), metric.WithExplicitBucketBoundaries(bounds...))
	if err != nil {
		return nil, err
	}
	ms := &methods{byName: make(map[string]*method), duration: duration}
	ms.unknown = ms.make("/unknown/Unknown")
	_, err = meter.Int64ObservableGauge("rapport.rpc.in_flight", metric.WithDescription("calls that are being served"),
		metric.WithInt64Callback(ms.observe))
	return ms, err
}

// add prepares the methods of a service as it is bound.
func (ms *methods) add(desc *grpc.ServiceDesc) {
	for _, m := range desc.Methods {
		ms.ensure("/" + desc.ServiceName + "/" + m.MethodName)
	}
	for _, s := range desc.Streams {
		ms.ensure("/" + desc.ServiceName + "/" + s.StreamName)
	}
}

func (ms *methods) ensure(name string) {
	if ms.byName[name] == nil {
		ms.byName[name] = ms.make(name)
	}
}

func (ms *methods) make(name string) *method {
	label := strings.TrimPrefix(name, "/")
	m := &method{
		span:     label,
		attr:     slog.String("method", label),
		line:     `","msg":"call","method":"` + label + `","code":"OK","micros":`,
		quiet:    strings.HasPrefix(name, healthPrefix),
		repeats:  &repeats{},
		rule:     access.RuleOf(name),
		duration: ms.duration,
		set:      metric.WithAttributeSet(attribute.NewSet(attribute.String("method", label))),
	}
	for code := range m.byCode {
		set := attribute.NewSet(attribute.String("method", label), attribute.String("code", codes.Code(code).String()))
		m.byCode[code] = []metric.RecordOption{metric.WithAttributeSet(set)}
	}
	return m
}

func (ms *methods) get(name string) *method {
	if m := ms.byName[name]; m != nil {
		return m
	}
	return ms.unknown
}

// observe reads the calls in flight when somebody asks, so that calls pay for an
// atomic addition only.
func (ms *methods) observe(_ context.Context, o metric.Int64Observer) error {
	for _, m := range ms.byName {
		o.Observe(m.inFlight.Load(), m.set)
	}
	return nil
}
