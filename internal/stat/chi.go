package stat

import "math"

// ChiSquareTail is the probability that a value of the χ² distribution with df degrees
// of freedom is at least x.
func ChiSquareTail(x float64, df int) float64 {
	switch {
	case x <= 0:
		return 1
	case math.IsInf(x, 1):
		return 0
	}
	return gammaTail(x/2, float64(df)/2)
}

// gammaTail is the regularized upper incomplete gamma function Q(a, x).
func gammaTail(x, a float64) float64 {
	log, _ := math.Lgamma(a)
	front := math.Exp(a*math.Log(x) - x - log)
	if x < a+1 {
		// The series of the lower part converges here, the fraction beyond.
		term := 1 / a
		sum := term
		for n := 1.0; n < rounds && term > sum*near; n++ {
			term *= x / (a + n)
			sum += term
		}
		return max(0, 1-front*sum)
	}
	f := &fraction{c: 1 / tiny, d: 1 / (x + 1 - a)}
	f.value = f.d
	for n := 1.0; n < rounds; n++ {
		if f.step(-n*(n-a), x+1-a+2*n) {
			break
		}
	}
	return front * f.value
}
