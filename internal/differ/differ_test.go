package differ_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/differ"
)

func event() *journeyv1.Event {
	return &journeyv1.Event{
		Source: "till", Kind: "purchase", OccurredAt: &timestamppb.Timestamp{Seconds: 9, Nanos: 5},
		Subjects:   []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s1"}},
		Lines:      []*journeyv1.Line{{Sku: "a", QuantityMilli: 1000}, {Sku: "b"}},
		Properties: map[string]string{"a": "b"},
	}
}

func TestFirst(t *testing.T) {
	for want, change := range map[string]func(e *journeyv1.Event){
		"":                              func(*journeyv1.Event) {},
		"event.kind":                    func(e *journeyv1.Event) { e.Kind, e.Reason = "return", "x" },
		"event.occurred_at":             func(e *journeyv1.Event) { e.OccurredAt = &timestamppb.Timestamp{Seconds: 9} },
		"event.subjects":                func(e *journeyv1.Event) { e.Subjects = nil },
		"event.subjects[0].id":          func(e *journeyv1.Event) { e.Subjects[0].Id = "s2" },
		"event.lines[0].quantity_milli": func(e *journeyv1.Event) { e.Lines[0].QuantityMilli = 1 },
		"event.lines":                   func(e *journeyv1.Event) { e.Lines = e.Lines[:1] },
		"event.properties":              func(e *journeyv1.Event) { e.Properties["a"] = "c" },
		"event.amount":                  func(e *journeyv1.Event) { e.Amount = &commonv1.Money{} },
	} {
		other := event()
		change(other)
		if got := differ.First("event", event(), other); got != want {
			t.Errorf("difference %q, want %q", got, want)
		}
	}
}
