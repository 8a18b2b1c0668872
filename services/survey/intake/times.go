package intake

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// ahead is how far a sender's clock may run before ours, or an answer stand
// before the experience it is about.
const ahead = 24 * time.Hour

// earliest is before any survey this suite could have been told of; a time
// before it is a zero or a broken format.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

func checkTimes(f *fault.Fields, in *surveyv1.Response, received time.Time) {
	for _, t := range []struct {
		path string
		at   *timestamppb.Timestamp
	}{
		{"response.experienced_at", in.GetExperiencedAt()},
		{"response.asked_at", in.GetAskedAt()},
		{"response.answered_at", in.GetAnsweredAt()},
	} {
		switch {
		case t.at == nil:
		case !t.at.IsValid():
			f.Field(t.path, "is not a time")
		case t.at.AsTime().Before(earliest):
			f.Field(t.path, "must not be before 1990")
		case t.at.AsTime().After(received.Add(ahead)):
			f.Field(t.path, "is more than 24 hours ahead of the server's clock")
		}
	}
	if e := in.GetExperiencedAt(); e != nil && e.AsTime().After(answered(in, received).Add(ahead)) {
		f.Field("response.experienced_at", "is more than 24 hours after answered_at")
	}
}

func unknownSubject(i int, ref *commonv1.SubjectRef) error {
	return fault.Invalid().Reason(commonv1.Reason_REASON_SUBJECT_UNKNOWN).
		Field(subjectPath(i), "%s %q is not in the directory", kindName(ref), ref.GetId()).Err()
}

func closedSubject(i int, ref *commonv1.SubjectRef) error {
	return fault.Invalid().Field(subjectPath(i), "%s %q was closed before this experience", kindName(ref), ref.GetId()).Err()
}

func twice(i int, ref *commonv1.SubjectRef) error {
	return fault.Invalid().Field(subjectPath(i), "%s %q is named twice", kindName(ref), ref.GetId()).Err()
}
