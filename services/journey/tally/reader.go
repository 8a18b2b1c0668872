package tally

import (
	"errors"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/compact"
	"github.com/rapport-cx/rapport/services/journey/record"
)

var errSlab = errors.New("tally: packed slab is damaged")

// reader takes packed values off the front, subjects too.
type reader struct{ compact.Reader }

func (r *reader) subjects() []record.Subject {
	n := r.Count(2)
	if n == 0 {
		return nil
	}
	out := make([]record.Subject, n)
	for i := range out {
		out[i] = record.Subject{Kind: commonv1.SubjectKind(r.AtMost(1<<31 - 1)), ID: r.Text()}
		if r.Bad || i > 0 && compareSubjects(out[i-1], out[i]) >= 0 {
			r.Fail()
			return nil
		}
	}
	return out
}
