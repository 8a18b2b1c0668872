package demo

import (
	"context"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Trickle lets experiences come to their end until ctx, so many that there are
// perMinute answers a minute. A server that refuses something is told of, and asked
// again with the next.
func Trickle(ctx context.Context, to Services, w *World, perMinute float64, clock func() time.Time, complain func(error)) {
	tick := time.NewTicker(time.Duration(float64(time.Minute) / perMinute * answerShare))
	defer tick.Stop()
	for n := uint64(0); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		events, response := w.Live(n, clock())
		if err := to.happen(ctx, w.opts.Brand, events, response); err != nil && ctx.Err() == nil {
			complain(err)
		}
	}
}

// happen records one experience: what happened before what was said of it.
func (to Services) happen(ctx context.Context, brand string, events []*journeyv1.Event, response *surveyv1.Response) error {
	told, err := to.Journey.RecordEvents(ctx, &journeyv1.RecordEventsRequest{Brand: brand, Events: events})
	if err != nil {
		return err
	}
	for _, r := range told.GetResults() {
		if r.GetError() != nil {
			return fault.FromStatus(r.GetError())
		}
	}
	if response == nil {
		return nil
	}
	_, err = to.Survey.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Brand: brand, Response: response})
	return err
}
