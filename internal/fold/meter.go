package fold

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meter counts what the engine does. Instruments that cannot be made are no-ops.
type meter struct {
	loads, written, evictions, unusable, restarts counter
	drift, shared, computed                       counter
	lag                                           metric.Float64Histogram
	watch                                         metric.Registration
	// of tells one process's services apart.
	of metric.MeasurementOption
}

// counter counts for one service.
type counter struct {
	metric.Int64Counter
	of metric.MeasurementOption
}

func (c counter) add(ctx context.Context, n int64) { c.Add(ctx, n, c.of) }

func newMeter(service string, resident, results *atomic.Int64) meter {
	m := otel.Meter("github.com/rapport-cx/rapport/internal/fold")
	of := metric.WithAttributeSet(attribute.NewSet(attribute.String("service", service)))
	count := func(name, what string) counter {
		c, _ := m.Int64Counter("rapport.fold."+name, metric.WithDescription(what))
		return counter{c, of}
	}
	out := meter{
		of:        of,
		loads:     count("loads", "Slabs loaded into memory."),
		written:   count("written", "Slabs written back."),
		evictions: count("evictions", "Slabs dropped to keep the memory budget."),
		unusable:  count("unusable_bases", "Stored or cached slabs refused: unreadable, or of another log."),
		restarts:  count("restarts", "Brands folded anew because their log was replaced."),
		drift:     count("drift", "Slabs that differed from a fold from zero."),
		shared:    count("results_shared", "Results answered from Redis."),
		computed:  count("results_computed", "Results computed."),
	}
	out.lag, _ = m.Float64Histogram("rapport.fold.lag", metric.WithUnit("s"),
		metric.WithDescription("Age of another replica's facts when they are applied."))
	slabs, _ := m.Int64ObservableGauge("rapport.fold.resident_bytes", metric.WithUnit("By"),
		metric.WithDescription("Memory held by loaded slabs."))
	near, _ := m.Int64ObservableGauge("rapport.fold.results_bytes", metric.WithUnit("By"),
		metric.WithDescription("Memory held by the near cache of results."))
	out.watch, _ = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(slabs, resident.Load(), of)
		o.ObserveInt64(near, results.Load(), of)
		return nil
	}, slabs, near)
	return out
}

func (m meter) lagged(ctx context.Context, clock func() time.Time, atMicros int64) {
	m.lag.Record(ctx, float64(clock().UnixMicro()-atMicros)/1e6, m.of)
}

func (m meter) close() {
	if m.watch != nil {
		m.watch.Unregister() //nolint:errcheck // nothing is left to do with it
	}
}
