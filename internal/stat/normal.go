package stat

import "math"

// ZPower is the normal quantile of a power of 80 %.
const ZPower = 0.8416

// Normal is the probability that a standard normal value is at most z.
func Normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// NormalQuantile is the value that a standard normal one is at most with probability
// p, between 0 and 1.
func NormalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// TwoSided is the probability that a standard normal value is at least as far from 0
// as z.
func TwoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }
