package panel

import (
	"math"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/stat"
)

// usualPower is the probability of finding a difference, in %, where nothing else is
// asked for.
const usualPower = 80

// Endless is a population that is never asked through.
const Endless = -1

// scale is what a score can be. Its variance is greatest in the middle, and of a score
// s between the ends it is that of answers at the ends alone.
type scale struct{ low, high float64 }

var scales = map[segmentationv1.Measured]scale{
	segmentationv1.Measured_MEASURED_SHARE: {0, 100},
	segmentationv1.Measured_MEASURED_NPS:   {-100, 100},
}

func (s scale) variance(score float64) float64 { return (score - s.low) * (s.high - score) }

func (s scale) has(score float64) bool { return score >= s.low && score <= s.high }

func (s scale) middle() float64 { return (s.low + s.high) / 2 }

// SampleSize tells how many must answer. population are the persons there are, in
// each group, Endless if there is no end.
func SampleSize(in *segmentationv1.GetSampleSizeRequest, population int64) (*segmentationv1.GetSampleSizeResponse, error) {
	s, f := scales[in.GetMeasured()], fault.Invalid()
	if in.Expected != nil && !s.has(in.GetExpected()) {
		f.Field("expected", "must be %g to %g", s.low, s.high)
	}
	if d := in.GetDifference(); d >= s.high-s.low {
		f.Field("difference", "must be below %g", s.high-s.low)
	} else if in.Expected != nil && d > 0 && f.Len() == 0 && !s.has(in.GetExpected()+d) && !s.has(in.GetExpected()-d) {
		f.Field("difference", "leads beyond the scale from what is expected")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	need := s.forMargin(in.Expected, in.GetMargin())
	if d := in.GetDifference(); d > 0 {
		power := in.GetPower()
		if power == 0 {
			power = usualPower
		}
		need = s.forDifference(in.Expected, d, power/100)
	}
	out := &segmentationv1.GetSampleSizeResponse{Answers: answers(need, population)}
	rate := in.GetResponseRate()
	if rate == 0 {
		rate = 100
	}
	out.Ask = whole(float64(out.Answers) * 100 / rate)
	out.Beyond = population >= 0 && out.Ask > population
	return out, nil
}

// forMargin is z² σ² / d².
func (s scale) forMargin(expected *float64, margin float64) float64 {
	score := s.middle()
	if expected != nil {
		score = *expected
	}
	return stat.Z * stat.Z * s.variance(score) / (margin * margin)
}

// forDifference is (z½α + zβ)² (σ₁² + σ₂²) / δ², for each of two groups. Without an
// expected score both lie around the middle, where that is greatest.
func (s scale) forDifference(expected *float64, difference, power float64) float64 {
	variance := 2 * s.variance(s.middle()+difference/2)
	if expected != nil {
		other := 0.0
		for _, score := range []float64{*expected - difference, *expected + difference} {
			if s.has(score) {
				other = max(other, s.variance(score))
			}
		}
		variance = s.variance(*expected) + other
	}
	z := max(0, stat.Z+math.Sqrt2*math.Erfinv(2*power-1))
	return z * z * variance / (difference * difference)
}

// answers rounds up, at least to 1. Of a population fewer are needed:
// n / (1 + (n−1)/N), never more than all.
func answers(need float64, population int64) int64 {
	need = max(1, need)
	if population > 0 {
		need /= 1 + (need-1)/float64(population)
	}
	return whole(need)
}

// whole rounds up what is not whole already, as far as floating point can tell.
func whole(n float64) int64 {
	const most = 1 << 62
	if n >= most {
		return most
	}
	return int64(math.Ceil(n - 1e-9*n))
}
