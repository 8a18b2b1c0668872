package commit

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meter counts commits, never items one by one: what it costs is shared by
// all who share the commit.
type meter struct {
	size, waited, took metric.Int64Histogram
	refused            metric.Int64Counter

	record []metric.RecordOption
	add    []metric.AddOption
}

func newMeter(name string) *meter {
	m := otel.Meter("github.com/rapport-cx/rapport/internal/commit")
	label := metric.WithAttributeSet(attribute.NewSet(attribute.String("queue", name)))
	return &meter{
		// An instrument that cannot be made is one that does nothing.
		size: histogram(m, "rapport.commit.size", "{item}", "Items of one commit.",
			1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000),
		waited: histogram(m, "rapport.commit.wait", "us", "What the oldest item of a commit waited for it.",
			10, 100, 250, 500, 1000, 2500, 5000, 10_000, 50_000, 250_000, 1_000_000),
		took: histogram(m, "rapport.commit.duration", "us", "What a commit took.",
			50, 100, 250, 500, 1000, 2500, 5000, 10_000, 50_000, 250_000, 1_000_000),
		refused: counter(m, "rapport.commit.refused", "{item}", "Items refused because too many waited."),
		record:  []metric.RecordOption{label},
		add:     []metric.AddOption{label},
	}
}

func histogram(m metric.Meter, name, unit, text string, bounds ...float64) metric.Int64Histogram {
	h, _ := m.Int64Histogram(name, metric.WithUnit(unit), metric.WithDescription(text),
		metric.WithExplicitBucketBoundaries(bounds...))
	return h
}

func counter(m metric.Meter, name, unit, text string) metric.Int64Counter {
	c, _ := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(text))
	return c
}

func (m *meter) committed(items int, waited, took time.Duration) {
	ctx := context.Background()
	m.size.Record(ctx, int64(items), m.record...)
	m.waited.Record(ctx, waited.Microseconds(), m.record...)
	m.took.Record(ctx, took.Microseconds(), m.record...)
}

func (m *meter) refuse(items int) {
	m.refused.Add(context.Background(), int64(items), m.add...)
}
