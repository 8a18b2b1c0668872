package query

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// calm is how long changes are gathered before they are told as one.
const calm = 50 * time.Millisecond

// another is how often a watched segment is asked for: who enters and leaves it
// does not show in the log.
const another = time.Second

// WatchMetric sends the answer at once and again whenever it changes, until the
// context ends or send fails. Facts that touch no day of the window cost a
// look at their days and no evaluation; a window counted from today moves on at
// the brand's midnight. Responses are shared: nobody may change them.
func (b *Brand) WatchMetric(ctx context.Context, req *surveyv1.GetMetricRequest, clock func() time.Time, send func(*surveyv1.GetMetricResponse) error) error {
	var last *surveyv1.GetMetricResponse
	var told time.Time
	for {
		// Before asking, so that no fact can fall between the answer and the wait.
		seq := b.Engine.Applied(b.Name).Seq
		now := clock()
		answer, err := b.GetMetric(ctx, req, now)
		if err != nil {
			return err
		}
		if last == nil || answer != last && !sameNumbers(answer, last) {
			if err := send(answer); err != nil {
				return err
			}
			told = clock()
		}
		last = answer
		rest := b.Zone.StartOf(b.Zone.DayOf(now) + 1).Sub(now)
		if ofSegments(req) {
			rest = min(rest, another)
		}
		if err := b.changed(ctx, seq, rest); err != nil {
			return err
		}
		if err := sleep(ctx, calm-clock().Sub(told)); err != nil {
			return err
		}
	}
}

// sameNumbers ignores as_of: it moves with every fact of the days read, also
// with those of other metrics.
func sameNumbers(x, y *surveyv1.GetMetricResponse) bool {
	bare := func(r *surveyv1.GetMetricResponse) *surveyv1.GetMetricResponse {
		return &surveyv1.GetMetricResponse{Metric: r.GetMetric(), Total: r.GetTotal(), Series: r.GetSeries(), Zone: r.GetZone()}
	}
	return proto.Equal(bare(x), bare(y))
}

// changed returns when the log has moved behind seq, or when the time is up.
func (b *Brand) changed(ctx context.Context, seq int64, most time.Duration) error {
	waiting, stop := context.WithTimeout(ctx, most)
	defer stop()
	_, err := b.Engine.Wait(waiting, b.Name, seq)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if waiting.Err() != nil {
		return nil // midnight, or a segment that may have moved
	}
	return err
}

// sleep gathers changes that follow the last answer closely.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	pause := time.NewTimer(d)
	defer pause.Stop()
	select {
	case <-pause.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
