// Package driver tells which parameters of an experience move its score: how
// closely each goes with it, and what part of what all of them explain is its own.
// Everything here is a pure function of sums that are exact integers; what too few
// answers cannot tell is absent.
//
// Correlation is not cause. Parameters also go with each other, so that their own
// correlations with the score count the same thing several times: shares are
// therefore relative weights (Johnson 2000), which part the explained variance among
// parameters that go together and neither depend on their order nor fall below 0.
package driver

import (
	"math"

	"github.com/rapport-cx/rapport/internal/stat"
)

// LeastN is how many questionnaires a correlation needs.
const LeastN = 10

// Pair is the sums of a parameter's answers (X) and the score's (Y) over the
// questionnaires that have both. Answers are 0 to 10: sums of squares times N stay
// within 63 bits up to 300 million questionnaires.
type Pair struct{ N, X, Y, XX, YY, XY int64 }

// Add counts a questionnaire.
func (p *Pair) Add(x, y int64) {
	p.N++
	p.X += x
	p.Y += y
	p.XX += x * x
	p.YY += y * y
	p.XY += x * y
}

// Merge adds the sums of other questionnaires.
func (p *Pair) Merge(o Pair) {
	p.N += o.N
	p.X += o.X
	p.Y += o.Y
	p.XX += o.XX
	p.YY += o.YY
	p.XY += o.XY
}

// Mean is the parameter's mean answer; false without any.
func (p *Pair) Mean() (float64, bool) {
	if p.N == 0 {
		return 0, false
	}
	return float64(p.X) / float64(p.N), true
}

// Correlation is Pearson's. False for fewer than LeastN questionnaires, or where one
// of the two never varies.
func (p *Pair) Correlation() (float64, bool) {
	if p.N < LeastN {
		return 0, false
	}
	return correlation(p.N, p.X, p.Y, p.XX, p.YY, p.XY)
}

// correlation compares variances with 0 while they are integers, where "never
// varies" is not a matter of rounding.
func correlation(n, x, y, xx, yy, xy int64) (float64, bool) {
	vx, vy := n*xx-x*x, n*yy-y*y
	if vx == 0 || vy == 0 {
		return 0, false
	}
	r := float64(n*xy-x*y) / (math.Sqrt(float64(vx)) * math.Sqrt(float64(vy)))
	return max(-1, min(1, r)), true
}

// Fisher is the 95 % interval of a correlation over n > 3 questionnaires: its inverse
// hyperbolic tangent is about normal, with variance 1/(n−3). That of ±1 is a point.
func Fisher(r float64, n int64) (low, high float64) {
	z, half := math.Atanh(r), stat.Z/math.Sqrt(float64(n-3))
	return math.Tanh(z - half), math.Tanh(z + half)
}
