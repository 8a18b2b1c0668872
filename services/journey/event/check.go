package event

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// ahead is how far a sender's clock may run before ours.
const ahead = 24 * time.Hour

// earliest is before anything this suite could have been told of; a time before it
// is a zero or a broken format.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// checkOutput refuses fields that only the server fills in: a caller who sets one
// expects something that would not happen.
func checkOutput(f *fault.Fields, in *journeyv1.Event) {
	if in.GetId() != "" {
		f.Field("event.id", "is filled in by the server")
	}
	if in.GetReceivedAt() != nil {
		f.Field("event.received_at", "is filled in by the server")
	}
	if len(in.GetOccasions()) > 0 {
		f.Field("event.occasions", "is filled in by the server")
	}
}

func checkTimes(f *fault.Fields, in *journeyv1.Event, received time.Time) {
	if at := in.GetOccurredAt(); checkTime(f, "event.occurred_at", at) && at.AsTime().After(received.Add(ahead)) {
		f.Field("event.occurred_at", "is more than 24 hours ahead of the server's clock")
	}
	if in.GetPromisedAt() != nil {
		checkTime(f, "event.promised_at", in.GetPromisedAt())
	}
}

func checkTime(f *fault.Fields, path string, at *timestamppb.Timestamp) bool {
	switch {
	case !at.IsValid():
		f.Field(path, "is not a time")
	case at.AsTime().Before(earliest):
		f.Field(path, "must not be before 1990")
	default:
		return true
	}
	return false
}

// checkTexts refuses control characters where texts are keys: not every database
// and no person can tell them apart.
func checkTexts(f *fault.Fields, in *journeyv1.Event) {
	for _, t := range [...]struct{ path, text string }{
		{"event.order_id", in.GetOrderId()}, {"event.touchpoint", in.GetTouchpoint()}, {"event.reason", in.GetReason()},
	} {
		if strings.IndexFunc(t.text, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0 {
			f.Field(t.path, "must have no control characters")
		}
	}
}

// subjects packs what an event names; each once.
func subjects(f *fault.Fields, refs []*commonv1.SubjectRef) []record.Subject {
	if len(refs) == 0 {
		return nil
	}
	out := make([]record.Subject, len(refs))
	for i, ref := range refs {
		out[i] = record.Subject{Kind: ref.GetKind(), ID: ref.GetId()}
		if slices.Contains(out[:i], out[i]) {
			f.Field(fmt.Sprintf("event.subjects[%d]", i), "%s %q is named twice",
				strings.TrimPrefix(ref.GetKind().String(), "SUBJECT_KIND_"), ref.GetId())
		}
	}
	return out
}

func micros(t *timestamppb.Timestamp) int64 { return t.GetSeconds()*1e6 + int64(t.GetNanos())/1000 }

// whole cuts a time to the microseconds by which events are ordered, so that a
// list shows the order it is in.
func whole(t *timestamppb.Timestamp) *timestamppb.Timestamp {
	if t == nil || t.GetNanos()%1000 == 0 {
		return t
	}
	return &timestamppb.Timestamp{Seconds: t.GetSeconds(), Nanos: t.GetNanos() / 1000 * 1000}
}
