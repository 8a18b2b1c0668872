// Package structure tells what stands below what, for services that know subjects only by
// what facts name: Survey keeps the structure, and is asked for it now and then.
package structure

import (
	"context"
	"sync"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// maxSeen bounds the subjects that a question is narrowed to.
	maxSeen = 20_000
	// askAgain is how old what Survey said of the structure may be: a till that brings
	// an event a second does not ask each time. While Survey is away it may be older.
	askAgain  = 10 * time.Second
	askAtMost = time.Hour
	// maxTops bounds the parts that are remembered.
	maxTops = 1000
)

// Structure remembers what stands below subjects, which Survey keeps.
type Structure struct {
	survey surveyv1.SurveyServiceClient
	clock  func() time.Time
	mu     sync.Mutex
	of     map[topOf]heard
}

// New asks Survey, which may be nil: then nobody knows what stands below what.
func New(survey surveyv1.SurveyServiceClient, clock func() time.Time) *Structure {
	return &Structure{survey: survey, clock: clock}
}

type topOf struct {
	brand string
	top   access.Ref
}

// heard is what Survey said, and when: a subject and all that stands below it, and the
// same by kind and id; of one that is unknown there is nothing. Both are shared: nobody
// may change them.
type heard struct {
	below  map[access.Ref]bool
	sorted []*commonv1.SubjectRef
	at     time.Time
}

// below is what stands below a subject.
func (s *Structure) below(ctx context.Context, brand string, top access.Ref) (heard, error) {
	key, now := topOf{brand, top}, s.clock()
	s.mu.Lock()
	known, ok := s.of[key]
	s.mu.Unlock()
	if age := now.Sub(known.at); ok && age >= 0 && age < askAgain {
		return known, nil
	}
	below, err := askBelow(ctx, s.survey, brand, top)
	if err != nil {
		if age := now.Sub(known.at); ok && age >= 0 && age < askAtMost && ctx.Err() == nil {
			return known, nil
		}
		return heard{}, fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "the structure cannot be asked for: try again").Because(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil || len(s.of) >= maxTops {
		s.of = map[topOf]heard{}
	}
	s.of[key] = heard{below, sorted(below), now}
	return s.of[key], nil
}

func askBelow(ctx context.Context, survey surveyv1.SurveyServiceClient, brand string, top access.Ref) (map[access.Ref]bool, error) {
	out := map[access.Ref]bool{}
	for token := ""; ; {
		page, err := survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: brand, Under: top.Proto(), PageSize: 1000, PageToken: token})
		if fault.Is(err, commonv1.Reason_REASON_SUBJECT_UNKNOWN) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		out[top] = true
		for _, one := range page.GetSubjects() {
			out[access.Ref{Kind: one.GetRef().GetKind(), ID: one.GetRef().GetId()}] = true
		}
		if token = page.GetNextPageToken(); token == "" || len(out) > maxSeen {
			return out, nil
		}
	}
}
