package hot

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// meter counts in plain numbers, which OpenTelemetry collects when it wants
// to: counting costs a read a few nanoseconds.
type meter struct {
	hits, misses, rejected, failed atomic.Int64
	written, dropped               atomic.Int64

	tracer       trace.Tracer
	registration metric.Registration
}

// Stats is what a cache has done since it was opened.
type Stats struct {
	Hits, Misses int64
	Rejected     int64 // read and not believed
	Failed       int64 // not read, for want of an answer
	Written      int64
	Dropped      int64 // not written
	Breaker      string
}

// Stats reads the counters.
func (c *Cache) Stats() Stats {
	if c == nil {
		return Stats{Breaker: "none"}
	}
	m := c.count
	return Stats{
		Hits: m.hits.Load(), Misses: m.misses.Load(), Rejected: m.rejected.Load(), Failed: m.failed.Load(),
		Written: m.written.Load(), Dropped: m.dropped.Load(), Breaker: c.breaker.state().String(),
	}
}

func newMeter(service string, b *breaker) *meter {
	const name = "github.com/rapport-cx/rapport/internal/hot"
	m := &meter{tracer: otel.Tracer(name)}
	api := otel.Meter(name)
	// An instrument that cannot be made is one that does nothing.
	reads, _ := api.Int64ObservableCounter("rapport.hot.reads", metric.WithDescription("Keys asked of Redis, by outcome."))
	rejected, _ := api.Int64ObservableCounter("rapport.hot.rejected", metric.WithDescription("Values read from Redis and not believed."))
	writes, _ := api.Int64ObservableCounter("rapport.hot.writes", metric.WithDescription("Values for Redis, by outcome."))
	state, _ := api.Int64ObservableGauge("rapport.hot.breaker", metric.WithDescription("0 closed, 1 half open, 2 open."))
	of := attribute.String("service", service)
	outcome := func(s string) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(of, attribute.String("outcome", s)))
	}
	whole := metric.WithAttributeSet(attribute.NewSet(of))
	hit, miss, fail := outcome("hit"), outcome("miss"), outcome("error")
	written, dropped := outcome("written"), outcome("dropped")
	m.registration, _ = api.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(reads, m.hits.Load(), hit)
		o.ObserveInt64(reads, m.misses.Load(), miss)
		o.ObserveInt64(reads, m.failed.Load(), fail)
		o.ObserveInt64(rejected, m.rejected.Load(), whole)
		o.ObserveInt64(writes, m.written.Load(), written)
		o.ObserveInt64(writes, m.dropped.Load(), dropped)
		o.ObserveInt64(state, int64(b.state()), whole)
		return nil
	}, reads, rejected, writes, state)
	return m
}

func (m *meter) stop() {
	if m.registration != nil {
		_ = m.registration.Unregister()
	}
}
