package survey

import (
	"context"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/sight"
)

// rank asks for a league table. One of employees leaves out those of whom few answered in
// a piece that the window's edges cut off, and where a single one has too few answers to
// be ranked, whose score is what the others leave of the whole, one more.
func (s *Server) rank(ctx context.Context, b *brand, see *sight.Sight, in *surveyv1.RankSubjectsRequest, offset, size int) (*surveyv1.RankSubjectsResponse, error) {
	out, err := b.asked.RankSubjects(ctx, in, offset, size, s.clock())
	if err != nil || !see.Hides() || in.GetKind() != commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE || out.GetRanked() == 0 {
		return out, err
	}
	cuts, err := s.cuts(ctx, b, see, splitOf(in), false)
	if err != nil || len(cuts) == 0 && out.GetUnranked() != 1 {
		return out, err
	}
	all, err := b.asked.RankSubjects(ctx, in, 0, int(out.GetRanked()), s.clock())
	if err != nil {
		return nil, err
	}
	kept := slices.DeleteFunc(slices.Clone(all.GetSubjects()), func(one *surveyv1.RankedSubject) bool {
		return cuts["EMPLOYEE:"+one.GetSubject().GetId()]
	})
	if int(all.GetUnranked())+len(all.GetSubjects())-len(kept) == 1 && len(kept) > 0 {
		least := slices.MinFunc(kept, func(x, y *surveyv1.RankedSubject) int {
			return int(max(-1, min(1, x.GetScore().GetN()-y.GetScore().GetN())))
		})
		kept = slices.DeleteFunc(kept, func(one *surveyv1.RankedSubject) bool { return one == least })
	}
	from := min(offset, len(kept))
	return &surveyv1.RankSubjectsResponse{
		Subjects: kept[from:min(from+size, len(kept))], Ranked: int32(len(kept)), Unranked: all.GetUnranked() + all.GetRanked() - int32(len(kept)),
		AsOf: all.GetAsOf(), Metric: all.GetMetric(),
	}, nil
}

// splitOf is the score by employee that a league table tells.
func splitOf(in *surveyv1.RankSubjectsRequest) *surveyv1.GetMetricRequest {
	scope := &surveyv1.Scope{Channels: in.GetChannels(), SegmentId: in.GetSegmentId(), Subjects: in.GetWithin()}
	if in.GetUnder() != nil {
		scope.Subjects = []*commonv1.SubjectRef{in.GetUnder()}
	}
	return &surveyv1.GetMetricRequest{
		Brand: in.GetBrand(), Metric: in.GetMetric(), Window: in.GetWindow(), Scope: scope,
		GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: in.GetKind()}},
	}
}
