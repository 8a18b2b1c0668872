package score

import "math"

// weighted is R = Σw·s/Σw, as it is and as % of the scale's top. Both sums are
// random, so the interval is that of a ratio: Var R ≈ Σw²(s − R)² / (Σw)², over
// n − 1 as for a mean. With equal weights it is the interval of the mean.
func weighted(top int, h *Hist) (value, percent float64, interval Interval) {
	if h.W <= 0 {
		return 0, 0, Interval{}
	}
	w, n := float64(h.W), float64(h.N())
	value = float64(h.WS) / w
	unit := 100 / float64(top)
	if n >= 2 {
		deviations := float64(h.W2S2) - 2*value*float64(h.W2S) + value*value*float64(h.W2)
		se := math.Sqrt(max(0, deviations)*n/(n-1)) / w
		interval = around(unit*value, unit*se)
	}
	return value, unit * value, interval
}

// Overall is the handbook's index over several parameters.
type Overall struct {
	// Absent: no parameter was answered.
	Absent bool
	// Parameters that were answered, and the number of answers in them.
	Parameters int
	Answers    int64
	// Value is the mean of the parameters' CSI, in %. It has no interval: the
	// parameters' sums do not tell which answers came from one person.
	Value float64
	// Mean of the scores of all parameters.
	Mean float64
	// Weighted is Σw·s/Σw over all parameters, WeightedPercent the same as % of
	// the scale's top.
	Weighted, WeightedPercent float64
}

// EvaluateOverall is the overall CSI of the parameters, each pooled already. A
// parameter nobody answered is left out.
func EvaluateOverall(parameters []Hist) Overall {
	def := Def{Kind: CSI}.filled()
	var pool Hist
	var sum float64
	var o Overall
	for i := range parameters {
		h := &parameters[i]
		if h.N() <= 0 {
			continue
		}
		value, _ := def.estimate(h)
		sum += value
		pool.Merge(h)
		o.Parameters++
	}
	if o.Parameters == 0 {
		return Overall{Absent: true}
	}
	o.Answers = pool.N()
	o.Mean = pool.mean()
	o.Value = sum / float64(o.Parameters)
	o.Weighted, o.WeightedPercent, _ = weighted(def.Max, &pool)
	return o
}
