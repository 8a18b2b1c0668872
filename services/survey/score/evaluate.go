package score

import (
	"math"

	"github.com/rapport-cx/rapport/internal/stat"
)

// The groups of an NPS answer.
const (
	firstPassive  = 7
	firstPromoter = 9
)

// Interval is a 95 % interval; not Known where there are too few answers to tell.
type Interval struct {
	Low, High float64
	Known     bool
}

// around is the interval of a value with a standard error.
func around(value, se float64) Interval {
	return Interval{Low: value - z*se, High: value + z*se, Known: true}
}

// Result is what answers say. Value and Interval are in the metric's unit: NPS
// points, % for CSAT, CSI and LowShare, the scale for CES and Rating. Nothing is
// rounded, and an interval is not cut at the ends of its scale.
type Result struct {
	// Absent: nobody answered. Everything else is then meaningless.
	Absent bool
	N      int64
	Value  float64
	// Interval is the plain one: Wilson's for shares (known from the first answer
	// on), value ± 1.96·SE otherwise (from the second on).
	Interval Interval
	// SE is the standard error of Value, 0 where the interval is not Known.
	SE float64
	// Mean of the scores and how often each was given, for every kind.
	Mean   float64
	Counts [Scores]int64
	// Promoters, Passives and Detractors of an NPS sum to N.
	Promoters, Passives, Detractors int64
	// Positive is the answers a share counts, those at or above its threshold: a
	// CSAT's satisfied ones, a LowShare's low questionnaires.
	Positive int64
	// Weighted is a CSI's Σw·s/Σw, WeightedPercent the same as % of the scale's
	// top (the one industry benchmarks are set beside), with the interval of a
	// ratio of two sums.
	Weighted         float64
	WeightedPercent  float64
	WeightedInterval Interval
}

// Evaluate is the score of the answers of h.
func Evaluate(d Def, h Hist) Result {
	d = d.filled()
	r := Result{N: h.N(), Counts: h.Counts}
	if r.N <= 0 {
		return Result{Absent: true}
	}
	r.Mean = h.mean()
	switch d.Kind {
	case NPS:
		r.Detractors = h.between(0, firstPassive-1)
		r.Passives = h.between(firstPassive, firstPromoter-1)
		r.Promoters = h.between(firstPromoter, Scores-1)
	case CSAT, LowShare:
		r.Positive = d.positive(&h)
	case CSI:
		r.Weighted, r.WeightedPercent, r.WeightedInterval = weighted(d.Max, &h)
	}
	r.Value, r.SE = d.estimate(&h)
	r.Interval = d.interval(&h)
	return r
}

// positive is the answers that count in a share.
func (d Def) positive(h *Hist) int64 {
	return h.between(d.Threshold, Scores-1)
}

// interval is the plain 95 % interval of a non-empty Hist.
func (d Def) interval(h *Hist) Interval {
	if d.Kind == CSAT || d.Kind == LowShare {
		return wilson(d.positive(h), h.N())
	}
	if h.N() < 2 {
		return Interval{}
	}
	return around(d.estimate(h))
}

// estimate is the value of a non-empty Hist and its standard error, which is 0
// for a single answer.
func (d Def) estimate(h *Hist) (value, se float64) {
	n := h.N()
	switch d.Kind {
	case NPS:
		p, m := h.between(firstPromoter, Scores-1), h.between(0, firstPassive-1)
		value, se = nps(float64(p)/float64(n), float64(m)/float64(n), float64(n))
	case CSAT, LowShare:
		p := float64(d.positive(h)) / float64(n)
		value, se = 100*p, 100*math.Sqrt(p*(1-p)/float64(n))
	case CSI:
		unit := 100 / float64(d.Max*d.Max)
		value, se = mean(n, h.WS, h.W2S2)
		value, se = unit*value, unit*se
	default:
		s, s2 := h.sums()
		value, se = mean(n, s, s2)
	}
	if n < 2 {
		se = 0
	}
	return value, se
}

// nps is the score and its standard error from the shares of promoters and
// detractors: the variance of one answer is p + d − (p − d)².
func nps(p, d, n float64) (value, se float64) {
	variance := max(0, p+d-(p-d)*(p-d))
	return 100 * (p - d), 100 * math.Sqrt(variance/n)
}

// mean is Σx/n and its standard error. The variance is the sample's, over n − 1:
// over n it would be too small by just that factor, as the mean is taken from the
// same few answers. A share needs no such thing: its variance is known from p.
func mean(n, sum, squares int64) (value, se float64) {
	value = float64(sum) / float64(n)
	if n < 2 {
		return value, 0
	}
	deviations := max(0, float64(squares)-value*float64(sum))
	return value, math.Sqrt(deviations / float64(n-1) / float64(n))
}

// wilson is the score interval of x of n, in %.
func wilson(x, n int64) Interval {
	low, high := stat.Wilson(x, n)
	return Interval{Low: low, High: high, Known: true}
}
