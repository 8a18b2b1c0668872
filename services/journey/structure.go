package journey

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

// structure remembers what stands below subjects, which Survey keeps.
type structure struct {
	mu sync.Mutex
	of map[topOf]heard
}

type topOf struct {
	brand string
	top   access.Ref
}

// heard is what Survey said, and when. The set is shared: nobody may change it.
type heard struct {
	below map[access.Ref]bool
	at    time.Time
}

// below are a subject and all that stands below it; of one that is unknown there is
// nothing.
func (s *structure) below(ctx context.Context, survey surveyv1.SurveyServiceClient, brand string, top access.Ref, now time.Time) (map[access.Ref]bool, error) {
	if survey == nil {
		return nil, access.Denied()
	}
	key := topOf{brand, top}
	s.mu.Lock()
	known, ok := s.of[key]
	s.mu.Unlock()
	if age := now.Sub(known.at); ok && age >= 0 && age < askAgain {
		return known.below, nil
	}
	below, err := askBelow(ctx, survey, brand, top)
	if err != nil {
		if age := now.Sub(known.at); ok && age >= 0 && age < askAtMost && ctx.Err() == nil {
			return known.below, nil
		}
		return nil, fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "the structure cannot be asked for: try again").Because(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil || len(s.of) >= maxTops {
		s.of = map[topOf]heard{}
	}
	s.of[key] = heard{below, now}
	return below, nil
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
