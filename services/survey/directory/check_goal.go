package directory

import (
	"math"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// CheckGoal refuses a goal for what does not exist, or that nothing can meet.
func (b *Book) CheckGoal(in *surveyv1.SetGoalRequest) error {
	g := in.GetGoal()
	if _, ok := b.Metric(g.GetMetric()); !ok {
		return fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "metric %q", g.GetMetric())
	}
	if g.GetSubject() != nil {
		if _, ok := b.Subject(g.GetSubject()); !ok {
			return fault.NotFound(commonv1.Reason_REASON_SUBJECT_UNKNOWN, "subject %s", show(g.GetSubject()))
		}
	}
	if t := g.GetTarget(); math.IsNaN(t) || math.IsInf(t, 0) {
		return fault.Invalid().Field("goal.target", "must be a number").Err()
	}
	return nil
}
