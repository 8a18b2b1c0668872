package report

import surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"

// Differs tells whether two scores of a metric, of answers that are not the same, are
// apart beyond chance (95 %), by the suite's definition of a difference.
func Differs(m *surveyv1.Metric, a, b *surveyv1.Score) bool {
	return a.GetN() > 0 && b.GetN() > 0 && apart(sampled(m, a), sampled(m, b))
}
