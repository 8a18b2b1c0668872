package rate

import (
	"math"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/stat"
)

const daysInYear = 365.25

// sample is what persons of a group bought: a place for each.
type sample struct {
	receipts, amounts, spans []float64
	// earlier counts who bought in the first half of the days, stayed those of them who did
	// in the second.
	earlier, stayed int64
}

func (s *sample) add(receipts, amount int64, span float64, earlier, later bool) {
	s.receipts, s.amounts, s.spans = append(s.receipts, float64(receipts)), append(s.amounts, float64(amount)), append(s.spans, span)
	if earlier {
		s.earlier++
		if later {
			s.stayed++
		}
	}
}

func (s *sample) persons() int64 { return int64(len(s.spans)) }

func (s *sample) purchases() (n int64) {
	for _, v := range s.receipts {
		n += int64(v)
	}
	return n
}

// ratio is Σy / Σx of persons, and how each of them bends it: the linear parts of a ratio
// estimator, of which the variance is n/(n−1) · Σ bends².
type ratio struct {
	known bool
	value float64
	bends []float64
}

func (s *sample) ratio(y, x []float64, scale float64) ratio {
	var sumY, sumX float64
	for i := range y {
		sumY, sumX = sumY+y[i], sumX+x[i]
	}
	if sumX == 0 {
		return ratio{}
	}
	r := ratio{known: true, value: scale * sumY / sumX, bends: make([]float64, len(y))}
	for i := range y {
		r.bends[i] = scale * (y[i] - sumY/sumX*x[i]) / sumX
	}
	return r
}

// variance of what bends add up to; below 0: unknown.
func variance(bends []float64) float64 {
	n := float64(len(bends))
	if n < 2 {
		return -1
	}
	var sum float64
	for _, b := range bends {
		sum += b * b
	}
	return sum * n / (n - 1)
}

func line(measure string, nBase, n int64, base, value ratio) *loyaltyv1.ImpactLine {
	out := &loyaltyv1.ImpactLine{Measure: measure, NBase: nBase, N: n}
	if base.known {
		out.Base = &base.value
	}
	if value.known {
		out.Value = &value.value
	}
	if base.known && value.known {
		change := value.value - base.value
		out.Change = &change
	}
	return out
}

// within sets the interval of a change by its variance.
func within(out *loyaltyv1.ImpactLine, variance float64) *loyaltyv1.ImpactLine {
	if out.Change != nil {
		half := stat.Z * math.Sqrt(variance)
		low, high := *out.Change-half, *out.Change+half
		out.Low, out.High = &low, &high
	}
	return out
}

// independent compares groups of different persons.
func independent(measure string, base, value ratio, nBase, n int64) *loyaltyv1.ImpactLine {
	out := line(measure, nBase, n, base, value)
	a, b := variance(base.bends), variance(value.bends)
	if a < 0 || b < 0 {
		return out
	}
	return within(out, a+b)
}

// paired compares the same persons in the same order with themselves.
func paired(measure string, base, value ratio, nBase, n int64) *loyaltyv1.ImpactLine {
	out := line(measure, nBase, n, base, value)
	if out.Change == nil {
		return out
	}
	bends := make([]float64, len(value.bends))
	for i := range bends {
		bends[i] = value.bends[i] - base.bends[i]
	}
	if v := variance(bends); v >= 0 {
		return within(out, v)
	}
	return out
}

// retention compares shares, with Newcombe's interval of their difference.
func retention(nBase, stayedBase, n, stayed int64) *loyaltyv1.ImpactLine {
	part := func(x, n int64) (r ratio, low, high float64) {
		if n == 0 {
			return ratio{}, 0, 0
		}
		low, high = stat.Wilson(x, n)
		return ratio{known: true, value: 100 * float64(x) / float64(n)}, low, high
	}
	base, baseLow, baseHigh := part(stayedBase, nBase)
	value, low, high := part(stayed, n)
	out := line("retention", nBase, n, base, value)
	if out.Change != nil {
		down := *out.Change - math.Hypot(value.value-low, baseHigh-base.value)
		up := *out.Change + math.Hypot(high-value.value, base.value-baseLow)
		out.Low, out.High = &down, &up
	}
	return out
}
