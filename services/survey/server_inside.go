package survey

import (
	"context"
	"slices"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
)

// A caller who sees a part of the structure only brings responses of that part: each
// names subjects, and all of them are seen. What it changes counts there, and still
// does when it is changed.

// inside tells whether the caller may bring a response of these subjects; nil: any.
type inside func([]*commonv1.SubjectRef) bool

// inside is as the structure is known to this replica.
func (s *Server) inside(ctx context.Context, b *brand) inside {
	see := s.sight(ctx, b)
	if !see.Bound() {
		return nil
	}
	return func(of []*commonv1.SubjectRef) bool {
		return len(of) > 0 && !slices.ContainsFunc(of, func(ref *commonv1.SubjectRef) bool { return !see.Sees(ref) })
	}
}

// permits refuses a response of other parts. A subject that another replica has
// defined a moment ago is looked for once more.
func (s *Server) permits(ctx context.Context, b *brand, may inside, in *surveyv1.Response) error {
	if may == nil || may(in.GetSubjects()) {
		return nil
	}
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return floor.Unavailable("read definitions", err)
	}
	if again := s.inside(ctx, b); again != nil && !again(in.GetSubjects()) {
		return access.Denied()
	}
	return nil
}

// changing is change for one response, which must count in what the caller sees; to a
// caller who sees a part only, one that is not there reads as one that is elsewhere.
func (s *Server) changing(ctx context.Context, b *brand, id string, do func(at *standing) ([]feed.Fact, error)) error {
	see := s.sight(ctx, b)
	err := s.store.change(ctx, b.ID, func(log feed.Reader, _ time.Time) ([]feed.Fact, error) {
		at, err := stand(ctx, log, b.ID, id)
		if err != nil {
			return nil, err
		}
		if see.Bound() && !see.Touches(at.counted(b)) {
			return nil, access.Denied()
		}
		return do(at)
	})
	return elsewhere(see, err)
}

// denied tells a refusal of who asks from one of what is asked.
func denied(err error) bool { return fault.Is(err, access.ReasonDenied) }
