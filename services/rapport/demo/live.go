package demo

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Live makes an experience that has just come to its end, told twice: its events,
// and the answer about it, given now; nil if there is none. n tells one from another.
func (w *World) Live(n uint64, now time.Time) ([]*journeyv1.Event, *surveyv1.Response) {
	key := mix(uint64(now.UnixNano())) ^ n
	c := w.chance(ofLive, key)
	local := now.In(w.zone)
	y, m, d := local.Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, w.zone)
	at := local.Add(-time.Duration(10+c.IntN(80)) * time.Minute)
	byDay := at.Hour() >= 9 && at.Hour() < 22 && !at.Before(day)
	if !byDay {
		day = day.AddDate(0, 0, -1) // at night people answer about the day before
	}
	e := w.experience(c, day)
	if byDay {
		e.at = at
	}
	e.number = fmt.Sprintf("%d-%d", now.UnixNano(), n)
	if e.channel.ordered() {
		e.order = "L" + e.number
	}
	events := w.story(LiveSource, key, e, time.Time{}, now)
	if !e.answers {
		return events, nil
	}
	r := w.respond(c, e)
	r.AskedAt, r.AnsweredAt = timestamppb.New(local.Add(-2*time.Minute)), timestamppb.New(local)
	r.Source, r.ExternalId = LiveSource, e.number
	return events, r
}

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
