package report

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

// meter counts what becomes of sections. It has no ids as labels: reports, sections and
// services are few.
type meter struct {
	sections metric.Int64Counter
	seconds  metric.Float64Histogram
	calls    metric.Int64Counter
	repeats  metric.Int64Counter
	opened   metric.Int64Counter
	watched  metric.Registration
}

// newMeter makes the instruments, and shows the state of each circuit. An instrument that
// cannot be made measures nothing.
func newMeter(circuits map[string]*circuit) *meter {
	m := otel.Meter("github.com/rapport-cx/rapport/services/gateway/report")
	out := &meter{}
	out.sections, _ = m.Int64Counter("rapport.report.sections",
		metric.WithDescription("Sections of reports, by section, source and status."))
	out.seconds, _ = m.Float64Histogram("rapport.report.section_duration", metric.WithUnit("s"),
		metric.WithDescription("What sections of reports took, by section and source."),
		metric.WithExplicitBucketBoundaries(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10))
	out.calls, _ = m.Int64Counter("rapport.report.calls",
		metric.WithDescription("Reads that sections asked for, by service and whether one that was on its way or asked already was shared."))
	out.repeats, _ = m.Int64Counter("rapport.report.repeats",
		metric.WithDescription("Reads that were asked again, by service."))
	out.opened, _ = m.Int64Counter("rapport.report.circuit_changes",
		metric.WithDescription("Changes of a service's circuit, by service and the state it came to."))
	gauge, _ := m.Int64ObservableGauge("rapport.report.circuit_open",
		metric.WithDescription("1 while a service that did not answer is left alone, by service."))
	out.watched, _ = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for name, c := range circuits {
			o.ObserveInt64(gauge, c.open(), metric.WithAttributes(attribute.String("service", name)))
		}
		return nil
	}, gauge)
	return out
}

// section counts one that is over.
func (m *meter) section(ctx context.Context, of *reportv1.Section, took time.Duration) {
	name, source := attribute.String("section", of.GetName()), attribute.String("source", of.GetSource())
	status := attribute.String("status", strings.ToLower(strings.TrimPrefix(of.GetStatus().String(), "STATUS_")))
	m.sections.Add(ctx, 1, metric.WithAttributes(name, source, status))
	if of.GetStatus() != reportv1.Section_STATUS_ABSENT {
		m.seconds.Record(ctx, took.Seconds(), metric.WithAttributes(name, source))
	}
}

// call counts a read; repeated: it was asked again.
func (m *meter) call(ctx context.Context, service string, shared, repeated bool) {
	of := attribute.String("service", service)
	m.calls.Add(ctx, 1, metric.WithAttributes(of, attribute.Bool("shared", shared)))
	if repeated {
		m.repeats.Add(ctx, 1, metric.WithAttributes(of))
	}
}

// changed counts a circuit that came to a state.
func (m *meter) changed(service, state string) {
	m.opened.Add(context.Background(), 1, metric.WithAttributes(attribute.String("service", service), attribute.String("state", state)))
}

// close takes the gauge away.
func (m *meter) close() error {
	if m.watched == nil {
		return nil
	}
	return m.watched.Unregister()
}
