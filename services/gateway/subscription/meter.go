package subscription

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meter counts what becomes of deliveries.
type meter struct {
	planned  metric.Int64Counter
	attempts metric.Int64Counter
	duration metric.Float64Histogram
}

func newMeter() *meter {
	m := otel.Meter("github.com/rapport-cx/rapport/services/gateway/subscription")
	planned, _ := m.Int64Counter("rapport.gateway.deliveries.planned", metric.WithDescription("reports of subscriptions that were due"))
	attempts, _ := m.Int64Counter("rapport.gateway.deliveries.attempts", metric.WithDescription("attempts to deliver them, by how they ended: sent, again, failed, cancelled"))
	duration, _ := m.Float64Histogram("rapport.gateway.deliveries.duration", metric.WithUnit("s"), metric.WithDescription("what an attempt takes, the report included"))
	return &meter{planned, attempts, duration}
}

// record counts one attempt.
func (m *meter) record(ctx context.Context, out outcome, took time.Duration) {
	name := strings.ToLower(strings.TrimPrefix(out.status.String(), "STATUS_"))
	if name == "pending" {
		name = "again"
	}
	m.attempts.Add(ctx, 1, metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", name))))
	m.duration.Record(ctx, took.Seconds())
}
