package report

import (
	"math"

	"google.golang.org/protobuf/proto"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/stat"
)

// sample is what an interval needs to know of answers, each taken as its worth in the
// metric's unit: a promoter is 100, a detractor −100, a satisfied answer 100 %.
type sample struct {
	n, sum, squares float64
	// known is false where the answers cannot be told from the score.
	known bool
	// shared: variances are those of shares, over n; else of means, over n − 1.
	shared bool
	// low and top are the ends of the scale.
	low, top float64
}

// sampled reads a score. It gives the answers back exactly, or up to rounding for
// parameters of CSI, whose interval tells how far they are spread.
func sampled(m *surveyv1.Metric, s *surveyv1.Score) sample {
	n := float64(s.GetN())
	out := sample{n: n, known: n > 0, low: float64(m.GetScaleMin()), top: float64(m.GetScaleMax())}
	switch m.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_NPS:
		out.low, out.top, out.shared = -100, 100, true
		out.sum = 100 * float64(s.GetPromoters()-s.GetDetractors())
		out.squares = 1e4 * float64(s.GetPromoters()+s.GetDetractors())
	case surveyv1.MetricKind_METRIC_KIND_CSAT, surveyv1.MetricKind_METRIC_KIND_LOW_SHARE:
		out.low, out.top, out.shared = 0, 100, true
		out.sum, out.squares = 100*float64(s.GetPositive()), 1e4*float64(s.GetPositive())
	case surveyv1.MetricKind_METRIC_KIND_CES, surveyv1.MetricKind_METRIC_KIND_RATING:
		for x, k := range s.GetHistogram() {
			out.sum += float64(x) * float64(k)
			out.squares += float64(x*x) * float64(k)
		}
	case surveyv1.MetricKind_METRIC_KIND_CSI_ITEM:
		// Least satisfaction goes with least importance, most with most.
		unit := 100 / (out.top * out.top)
		out.low, out.top = unit*out.low*out.low, 100
		se := (s.GetHigh() - s.GetLow()) / (2 * stat.Z)
		out.sum = n * s.GetValue()
		out.squares = se*se*n*(n-1) + n*s.GetValue()*s.GetValue()
	default: // of the overall index the answers are not known
		out.known = false
	}
	return out
}

// steadied has one more answer at each end of the scale, so that no variance is zero.
func (a sample) steadied() sample {
	a.n, a.sum, a.squares = a.n+2, a.sum+a.low+a.top, a.squares+a.low*a.low+a.top*a.top
	return a
}

// without takes away answers that are among those of a.
func (a sample) without(b sample) sample {
	a.n, a.sum, a.squares = a.n-b.n, a.sum-b.sum, a.squares-b.squares
	a.known = a.known && b.known && a.n > 0
	return a
}

// estimate is the mean and its standard error; n must be above 0.
func (a sample) estimate() (mean, se float64) {
	mean = a.sum / a.n
	deviations := max(0, a.squares-a.n*mean*mean)
	if a.shared {
		return mean, math.Sqrt(deviations) / a.n
	}
	return mean, math.Sqrt(deviations / (a.n - 1) / a.n)
}

// apart tells whether two independent samples differ beyond chance (95 %), by the
// suite's definition of a difference. With few answers against many the pseudo-answers
// may turn the sign; what they turn is no finding.
func apart(a, b sample) bool {
	if !a.known || !b.known {
		return false
	}
	steadyA, seA := a.steadied().estimate()
	steadyB, seB := b.steadied().estimate()
	steady, plain := steadyA-steadyB, a.sum/a.n-b.sum/b.n
	return math.Abs(steady) > stat.Z*math.Hypot(seA, seB) && steady*plain > 0
}

// changed sets a score beside that of another stretch of time; nil if that was not
// asked for.
func changed(m *surveyv1.Metric, score, then *surveyv1.Score) *reportv1.Change {
	if then == nil {
		return nil
	}
	out := difference(score.Value, then.Value, then.GetN())
	out.Significant = out.Change != nil && apart(sampled(m, score), sampled(m, then))
	return out
}

// difference sets a value beside another one of n.
func difference(value, then *float64, n int64) *reportv1.Change {
	out := &reportv1.Change{Then: then, N: n}
	if value != nil && then != nil {
		out.Change = proto.Float64(*value - *then)
	}
	return out
}
