// Package sight is what one caller sees of a brand's numbers: it narrows questions to
// the caller's part of the structure before they are asked, so that answers are cached
// under the question as narrowed, and takes out of answers what few persons gave.
//
// A question that names a subject the caller does not see is denied, whether or not
// there is such a subject; one that names none is about all that the caller sees.
// Requests are shared with everybody who asks the same: narrowing copies.
package sight

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

// Sight is what one caller sees, at one moment.
type Sight struct {
	book    *directory.Book
	zone    *calendar.Zone
	cadence access.Cadence
	few     bool // scores of few persons are hidden
	bound   bool
	seen    map[uint32]bool // everything that is seen, if bound
	tops    []*commonv1.SubjectRef
}

// New resolves a narrowing by the structure of now.
func New(n *access.Narrowing, book *directory.Book, zone *calendar.Zone, now time.Time) *Sight {
	s := &Sight{book: book, zone: zone, cadence: access.Cadence(n.Finest), few: n.FewHidden, bound: n.Bound()}
	if !s.bound {
		return s
	}
	var named []access.Ref
	for i, list := range n.Tops {
		below := s.below(list, now)
		if i == 0 {
			s.seen = below
		}
		for number := range s.seen {
			if !below[number] {
				delete(s.seen, number)
			}
		}
		named = append(named, list...)
	}
	// In a tree what several lists have in common is what stands below those of their
	// tops that all of them see.
	for _, r := range named {
		ref := r.Proto()
		if s.Sees(ref) && !slices.ContainsFunc(s.tops, func(t *commonv1.SubjectRef) bool { return proto.Equal(t, ref) }) {
			s.tops = append(s.tops, ref)
		}
	}
	return s
}

func (s *Sight) below(tops []access.Ref, now time.Time) map[uint32]bool {
	out := map[uint32]bool{}
	for _, r := range tops {
		n, ok := s.book.Subject(r.Proto())
		if !ok || out[n] {
			continue
		}
		for _, below := range s.book.Under(n, now) {
			out[below] = true
		}
	}
	return out
}

// Bound says that the caller sees a part of the structure only.
func (s *Sight) Bound() bool { return s.bound }

// Sees tells whether a subject is seen; one that is unknown is seen by those alone who
// see everything.
func (s *Sight) Sees(ref *commonv1.SubjectRef) bool {
	if !s.bound {
		return true
	}
	n, ok := s.book.Subject(ref)
	return ok && s.seen[n]
}

// Holds tells whether a subject of this number is seen.
func (s *Sight) Holds(n uint32) bool { return !s.bound || s.seen[n] }

// One allows a question about one subject, which must be named if the caller is bound.
func (s *Sight) One(ref *commonv1.SubjectRef) error {
	if s.bound && (ref == nil || !s.Sees(ref)) {
		return access.Denied()
	}
	return nil
}

// Within are the subjects that a question about some is about; none: all there are.
func (s *Sight) Within(asked ...*commonv1.SubjectRef) ([]*commonv1.SubjectRef, error) {
	if !s.bound {
		return asked, nil
	}
	for _, ref := range asked {
		if !s.Sees(ref) {
			return nil, access.Denied()
		}
	}
	if len(asked) == 0 {
		asked = s.tops
	}
	if len(asked) == 0 {
		return nil, access.Denied()
	}
	return asked, nil
}

// Touches tells whether something that counts in these subjects, as experienced, is
// among what the caller's questions are about.
func (s *Sight) Touches(counted []*commonv1.SubjectRef) bool {
	return !s.bound || slices.ContainsFunc(counted, func(in *commonv1.SubjectRef) bool {
		return slices.ContainsFunc(s.tops, func(t *commonv1.SubjectRef) bool { return proto.Equal(in, t) })
	})
}

// Scope narrows whose answers are counted.
func (s *Sight) Scope(in *surveyv1.Scope) (*surveyv1.Scope, error) {
	if !s.bound {
		return in, nil
	}
	within, err := s.Within(in.GetSubjects()...)
	if err != nil {
		return nil, err
	}
	out := proto.CloneOf(in)
	if out == nil {
		out = &surveyv1.Scope{}
	}
	out.Subjects = within
	return out, nil
}
