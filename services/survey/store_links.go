package survey

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// linksBefore reads up to limit facts that made links of the kind asked for and have
// numbers below before, newest first. Open links are as many as there are places; a
// customer's facts are as many as the customer answered.
func (s *Store) linksBefore(ctx context.Context, brand string, in *surveyv1.ListSurveyLinksRequest, before int64, limit int) (out []feed.Fact, err error) {
	wanted := func(f *feed.Fact) bool {
		rec := &surveyv1.LinkRecord{}
		return in.GetSurveyId() == "" || proto.Unmarshal(f.Body, rec) == nil && rec.GetLink().GetSurveyId() == in.GetSurveyId()
	}
	if in.GetCustomerId() == 0 {
		err := s.log.ReadKind(ctx, brand, []int16{record.OpenLink}, 0, func(f *feed.Fact) error {
			if f.Seq < before && wanted(f) {
				out = append(out, *f)
			}
			return nil
		})
		slices.Reverse(out)
		return out[:min(limit, len(out))], floor.Lost("read links", err)
	}
	for len(out) < limit {
		facts, err := s.log.ReadWho(ctx, brand, in.GetCustomerId(), before, erasePage)
		if err != nil || len(facts) == 0 {
			return out, floor.Lost("read links", err)
		}
		for i := range facts {
			if before = facts[i].Seq; facts[i].Kind == record.Link && wanted(&facts[i]) {
				out = append(out, facts[i])
			}
		}
	}
	return out[:limit], nil
}
