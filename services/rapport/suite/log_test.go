package suite

import (
	"context"
	"strings"
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// nameOf is the short name that whom takes.
func nameOf(id *commonv1.Identity) string {
	if id.GetKind() == commonv1.Identity_KIND_CARD {
		return "card:" + strings.TrimPrefix(id.GetValue(), "77 ")
	}
	return "mail:" + strings.TrimSuffix(id.GetValue(), "@example.com")
}

// logs is what the feeds of the services tell from their beginning.
type logs struct {
	// events and responses are the newest versions by external id, recorded how
	// often each came for the first time.
	events    map[string]*journeyv1.Event
	responses map[string]*surveyv1.Response
	recorded  map[string]int
	resolved  map[string]int
	outcomes  map[string]*journeyv1.OrderOutcome
}

// readLogs reads both feeds up to where they are.
func readLogs(t *testing.T, f *fleet) *logs {
	t.Helper()
	l := &logs{events: map[string]*journeyv1.Event{}, responses: map[string]*surveyv1.Response{}, recorded: map[string]int{},
		resolved: map[string]int{}, outcomes: map[string]*journeyv1.OrderOutcome{}}
	l.readEvents(t, f)
	l.readResponses(t, f)
	return l
}

func (l *logs) readEvents(t *testing.T, f *fleet) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := f.journey.WatchEvents(ctx, &journeyv1.WatchEventsRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	head := f.number("journey", `SELECT seq FROM log_head WHERE brand = $1`, brand)
	for at := int64(0); at < head; {
		in, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		at = in.GetCursor().GetSeq()
		for _, one := range in.GetFacts() {
			switch x := one.GetFact().(type) {
			case *journeyv1.JourneyFact_Recorded:
				l.recorded[x.Recorded.GetExternalId()]++
				l.events[x.Recorded.GetExternalId()] = x.Recorded
			case *journeyv1.JourneyFact_Resolved:
				l.resolved[x.Resolved.GetExternalId()]++
				l.events[x.Resolved.GetExternalId()] = x.Resolved
			case *journeyv1.JourneyFact_Outcome:
				l.outcomes[x.Outcome.GetOrderId()] = x.Outcome
			}
		}
	}
}

func (l *logs) readResponses(t *testing.T, f *fleet) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := f.survey.WatchResponses(ctx, &surveyv1.WatchResponsesRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	head := f.number("survey", `SELECT seq FROM log_head WHERE brand = $1`, brand)
	for at := int64(0); at < head; {
		in, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		at = in.GetCursor().GetSeq()
		for _, e := range in.GetEvents() {
			key := e.GetResponse().GetExternalId()
			if e.GetKind() == surveyv1.ResponseEvent_KIND_RECORDED {
				l.recorded[key]++
			}
			l.responses[key] = e.GetResponse()
		}
	}
}
