package feed

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
)

// lag is how far consumers are behind. It is made with the first log, when the
// process has said where its metrics go.
var lag = sync.OnceValue(func() metric.Float64Histogram {
	h, _ := otel.Meter("github.com/rapport-cx/rapport/internal/feed").Float64Histogram("rapport.feed.lag", metric.WithUnit("s"),
		metric.WithDescription("Age of the oldest fact of a batch when a consumer has given it its effect."))
	return h
})

// lagged tells how old the oldest of the facts was when its effect stood.
func (c *Consumer) lagged(ctx context.Context, oldest *Fact) {
	age := c.Clock().Sub(time.UnixMicro(oldest.At))
	lag().Record(ctx, age.Seconds())
}
