package trial

import (
	"math"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/stat"
)

// Sample is a measure over some answers or persons: their number, their mean and how
// far one of them lies from it.
type Sample struct {
	N     int64
	Value float64
	// variance of one of them; not known where only a mean is told.
	variance float64
	known    bool
	// ends are those of the scale, of measures that have one.
	ends *scale
}

// scale is what one answer can be at least and at most.
type scale struct {
	low, top float64
	// fixed tells that the variance follows from the mean, as of shares: it is over n
	// then, of a mean of anything else over n − 1.
	fixed bool
}

var (
	points = &scale{low: -100, top: 100, fixed: true}
	share  = &scale{low: 0, top: 100, fixed: true}
)

// OfScore is the sample that a score of Survey's was counted from.
func OfScore(m *surveyv1.Metric, s *surveyv1.Score) Sample {
	n := float64(s.GetN())
	out := Sample{N: s.GetN(), Value: s.GetValue(), known: true}
	switch m.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_NPS:
		p, d := float64(s.GetPromoters())/n, float64(s.GetDetractors())/n
		out.ends, out.variance = points, 1e4*max(0, p+d-(p-d)*(p-d))
	case surveyv1.MetricKind_METRIC_KIND_CSAT, surveyv1.MetricKind_METRIC_KIND_LOW_SHARE:
		out = OfShare(s.GetPositive(), s.GetN())
	case surveyv1.MetricKind_METRIC_KIND_CES, surveyv1.MetricKind_METRIC_KIND_RATING:
		out.ends = &scale{low: float64(m.GetScaleMin()), top: float64(m.GetScaleMax())}
		out.variance = spread(s.GetHistogram(), s.GetMean())
	case surveyv1.MetricKind_METRIC_KIND_CSI_ITEM:
		// Importance × satisfaction of one answer is in no histogram, but in the interval.
		least := float64(m.GetScaleMin()) / float64(m.GetScaleMax())
		out.ends = &scale{low: 100 * least * least, top: 100}
		if s.Low != nil && s.High != nil {
			se := (s.GetHigh() - s.GetLow()) / (2 * stat.Z)
			out.variance = se * se * n
		}
	default:
		out.known = false
	}
	return out
}

// OfShare is the sample of a share, in %.
func OfShare(x, n int64) Sample {
	p := float64(x) / float64(n)
	return Sample{N: n, Value: 100 * p, variance: 1e4 * p * (1 - p), known: true, ends: share}
}

// spread is the variance of answers, over n − 1.
func spread(histogram []int64, mean float64) float64 {
	n, sum := int64(0), 0.0
	for score, answers := range histogram {
		n += answers
		sum += float64(answers) * (float64(score) - mean) * (float64(score) - mean)
	}
	if n < 2 {
		return 0
	}
	return sum / float64(n-1)
}

// Reading is the sample as it is told.
func (s *Sample) Reading() *segmentationv1.Reading {
	out := &segmentationv1.Reading{N: s.N}
	if s.N == 0 {
		return out
	}
	out.Value = some(s.Value)
	if s.N >= 2 && s.known {
		out.Deviation = some(math.Sqrt(s.variance))
	}
	return out
}

// error2 is the square of the mean's standard error.
func (s *Sample) error2() float64 { return s.variance / float64(s.N) }

// steadied has one more answer at each end of the scale, so that no variance is zero:
// ten of ten out of a handful must not win every comparison.
func (s *Sample) steadied() Sample {
	degrees := func(n float64) float64 {
		if s.ends.fixed {
			return n
		}
		return n - 1
	}
	n, more := float64(s.N), float64(s.N+2)
	low, top := s.ends.low, s.ends.top
	squares := degrees(n)*s.variance + n*s.Value*s.Value + low*low + top*top
	mean := (n*s.Value + low + top) / more
	return Sample{N: s.N + 2, Value: mean, variance: max(0, squares-more*mean*mean) / degrees(more), known: true, ends: s.ends}
}
