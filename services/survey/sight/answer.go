package sight

import (
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/few"
)

// Trim leaves out the groups of subjects that the caller does not see: an answer that
// names one's own store may name others beside it. Answers are shared: it copies.
func (s *Sight) Trim(in *surveyv1.GetMetricRequest, out *surveyv1.GetMetricResponse) *surveyv1.GetMetricResponse {
	if !s.bound {
		return out
	}
	var at []int
	for i, by := range in.GetGroupBy() {
		if by.GetDimension() == surveyv1.Dimension_DIMENSION_SUBJECT {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return out
	}
	series := slices.DeleteFunc(slices.Clone(out.GetSeries()), func(one *surveyv1.Series) bool {
		return slices.ContainsFunc(at, func(i int) bool { return !s.Sees(keyed(one.GetKey()[i])) })
	})
	return &surveyv1.GetMetricResponse{
		Metric: out.GetMetric(), Total: out.GetTotal(), Series: series, AsOf: out.GetAsOf(), Zone: out.GetZone(),
	}
}

// keyed is the subject that a series is of: KIND:id.
func keyed(key string) *commonv1.SubjectRef {
	kind, id, _ := strings.Cut(key, ":")
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind(commonv1.SubjectKind_value["SUBJECT_KIND_"+kind]), Id: id}
}

// Goals leaves those of subjects that the caller sees; those of the brand as a whole
// are for who sees all of it. Of an employee with few answers it tells the target only.
func (s *Sight) Goals(out *surveyv1.ListGoalsResponse) *surveyv1.ListGoalsResponse {
	if !s.bound && !s.few && s.cadence == 0 {
		return out
	}
	shown := &surveyv1.ListGoalsResponse{}
	for _, g := range out.GetGoals() {
		subject := g.GetGoal().GetSubject()
		if s.One(subject) != nil {
			continue
		}
		hidden := s.few && subject.GetKind() == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE && few.Few(g.GetScore().GetN())
		if hidden || s.cadence.Dates(g.GetGoal().GetDays()) != nil {
			g = &surveyv1.GoalAttainment{Goal: g.GetGoal(), Score: Hidden()}
		}
		shown.Goals = append(shown.Goals, g)
	}
	return shown
}
