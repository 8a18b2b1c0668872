// Package stat has the intervals that numbers of every service carry.
package stat

import "math"

// Z is the normal quantile of a 95 % interval, as the definitions write it.
const Z = 1.96

// Wilson is the 95 % interval of the share x of n, in %. It never leaves 0–100 and
// does not shrink to a point at either end. n must be above 0.
func Wilson(x, n int64) (low, high float64) {
	p, m := float64(x)/float64(n), float64(n)
	centre := (p + Z*Z/(2*m)) / (1 + Z*Z/m)
	half := Z / (1 + Z*Z/m) * math.Sqrt(p*(1-p)/m+Z*Z/(4*m*m))
	low, high = 100*max(0, centre-half), 100*min(1, centre+half)
	// At the ends of the scale the interval ends there too, whatever rounding says.
	if x == 0 {
		low = 0
	}
	if x == n {
		high = 100
	}
	return low, high
}
