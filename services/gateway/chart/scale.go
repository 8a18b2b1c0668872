// Package chart lays out small charts: it turns numbers into coordinates, and a
// template draws them as SVG. It knows nothing of what the numbers mean.
package chart

import (
	"math"
	"strconv"
)

// scale maps values to the length of an axis.
type scale struct{ low, high, from, to float64 }

func (s scale) at(v float64) float64 {
	if s.high == s.low {
		return (s.from + s.to) / 2
	}
	return s.from + (v-s.low)/(s.high-s.low)*(s.to-s.from)
}

// Ticks are round numbers, about n of them, whose first and last enclose low to
// high.
func Ticks(low, high float64, n int) []float64 {
	if high <= low {
		low, high = low-1, high+1
	}
	step := roundStep((high - low) / float64(max(n-1, 1)))
	first, last := math.Floor(low/step), math.Ceil(high/step)
	out := make([]float64, 0, int(last-first)+1)
	for i := first; i <= last; i++ {
		out = append(out, i*step) // multiplied, not added up: 0 stays 0
	}
	return out
}

// roundStep is the next of 1, 2, 5, 10, … at or above v.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// number writes a coordinate: a tenth of a pixel is enough for any screen.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	if s == "-0.0" {
		return "0.0"
	}
	return s
}
