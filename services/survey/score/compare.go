package score

import "math"

// steadied is h with one pseudo-answer at each end of the scale, so that no
// variance is zero. An importance goes with its score: least with worst, most
// with best.
func (d Def) steadied(h Hist) Hist {
	low, top := 0, 0
	if d.Weighted() {
		low, top = d.Min, d.Max
	}
	h.Add(d.Min, low, 1)
	h.Add(d.Max, top, 1)
	return h
}

// Difference is how far one result is from another, such as this week from the
// last. Two results are compared as independent: to compare a store with its
// network, take the store out of the network first.
type Difference struct {
	// Absent: one of the two has no answers.
	Absent bool
	// Delta is a − b, plain. Margin is the 95 % margin beside it, 1.96·√(SE₁² +
	// SE₂²) of the plain standard errors, of shares too; Known where both have at
	// least two answers.
	Delta  float64
	Margin float64
	Known  bool
	// Significant: the difference is more than chance. Decided with a pseudo-answer
	// at each end of either scale: |Δ'| > 1.96·SE', where Δ' and SE' are those of
	// the two extended sets. For shares p' = (x + 1)/(n + 2) and SE'² = Σ p'(1 −
	// p')/(n + 2), which is the interval of Agresti and Caffo.
	Significant bool
	// Better: a is on the good side of b, significant or not.
	Better bool
	// SteadyDelta and SteadyMargin are Δ' and 1.96·SE'.
	SteadyDelta, SteadyMargin float64
}

// Compare sets a against b; both are answers of one definition.
func Compare(d Def, a, b Hist) Difference {
	d = d.filled()
	if a.N() <= 0 || b.N() <= 0 {
		return Difference{Absent: true}
	}
	var out Difference
	out.Delta, out.Margin = d.apart(&a, &b)
	out.Known = a.N() >= 2 && b.N() >= 2
	if !out.Known {
		out.Margin = 0
	}
	steadyA, steadyB := d.steadied(a), d.steadied(b)
	out.SteadyDelta, out.SteadyMargin = d.apart(&steadyA, &steadyB)
	out.Better = out.Delta != 0 && (out.Delta < 0) == d.LowerIsBetter()
	// With few answers against many the pseudo-answers may turn the sign. What
	// they turn is no finding.
	out.Significant = math.Abs(out.SteadyDelta) > out.SteadyMargin && out.SteadyDelta*out.Delta > 0
	return out
}

// apart is the difference of two non-empty Hists and its 95 % margin.
func (d Def) apart(a, b *Hist) (delta, margin float64) {
	valueA, seA := d.estimate(a)
	valueB, seB := d.estimate(b)
	return valueA - valueB, z * math.Hypot(seA, seB)
}
