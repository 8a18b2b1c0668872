package intake

import (
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// CheckOutput refuses fields that only the server fills in: a caller who sets
// one expects something that would not happen.
func CheckOutput(in *surveyv1.Response) error {
	f := fault.Invalid()
	for _, o := range []struct {
		field string
		set   bool
	}{
		{"id", in.GetId() != ""},
		{"version", in.GetVersion() != 0},
		{"received_at", in.GetReceivedAt() != nil},
		{"counted_in", len(in.GetCountedIn()) > 0},
		{"retracted", in.GetRetracted()},
		{"changed_at", in.GetChangedAt() != nil},
		{"change_reason", in.GetChangeReason() != ""},
		{"replies", len(in.GetReplies()) > 0},
	} {
		if o.set {
			f.Field("response."+o.field, "is filled in by the server")
		}
	}
	return f.Err()
}
