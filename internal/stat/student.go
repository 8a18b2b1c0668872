package stat

import "math"

// many degrees of freedom are as good as without end: the quantile of 95 % is off by
// less than 3 in a million.
const many = 1e6

// StudentTwoSided is the probability that a value of Student's distribution is at
// least as far from 0 as t. df must be above 0 and need not be whole.
func StudentTwoSided(t, df float64) float64 {
	if df >= many {
		return TwoSided(t)
	}
	return beta(df/(df+t*t), df/2, 0.5)
}

// StudentQuantile is the value that one of Student's distribution is at most with
// probability p, between 0 and 1.
func StudentQuantile(p, df float64) float64 {
	switch {
	case df >= many:
		return NormalQuantile(p)
	case p < 0.5:
		return -StudentQuantile(1-p, df)
	}
	outside := 2 * (1 - p)
	low, high := 0.0, 1.0
	for StudentTwoSided(high, df) > outside {
		if low, high = high, 2*high; math.IsInf(high, 1) {
			return high
		}
	}
	// Halving ends where no number lies between: some 50 rounds of a cheap function.
	for {
		middle := low + (high-low)/2
		if middle <= low || middle >= high {
			return high
		}
		if StudentTwoSided(middle, df) > outside {
			low = middle
		} else {
			high = middle
		}
	}
}

// beta is the regularized incomplete beta function I_x(a, b).
func beta(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	// On the other side the fraction converges slowly, and the function is symmetric.
	case x > (a+1)/(a+b+2):
		return 1 - beta(1-x, b, a)
	}
	return math.Exp(a*math.Log(x)+b*math.Log1p(-x)-math.Log(a)-logBeta(a, b)) * betaFraction(x, a, b)
}

func logBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	both, _ := math.Lgamma(a + b)
	return x + y - both
}

// rounds bounds fractions; those of a million degrees of freedom need a few hundred.
const rounds = 10_000

// tiny stands for 0 where it would divide, near is when a fraction no longer changes.
const (
	tiny = 1e-300
	near = 1e-16
)

// betaFraction is the continued fraction of I_x(a, b), from the front (Lentz).
func betaFraction(x, a, b float64) float64 {
	f := newFraction(1 - (a+b)*x/(a+1))
	for m := 1.0; m < rounds; m++ {
		f.step(m*(b-m)*x/((a+2*m-1)*(a+2*m)), 1)
		if f.step(-(a+m)*(a+b+m)*x/((a+2*m)*(a+2*m+1)), 1) {
			break
		}
	}
	return f.value
}

// fraction is a continued fraction as far as it was read: 1/(first + …).
type fraction struct{ value, c, d float64 }

func newFraction(first float64) *fraction {
	d := 1 / solid(first)
	return &fraction{value: d, c: 1, d: d}
}

// step reads one more part, upper/(lower + …), and tells whether that changed nothing.
func (f *fraction) step(upper, lower float64) bool {
	f.d = 1 / solid(lower+upper*f.d)
	f.c = solid(lower + upper/f.c)
	change := f.c * f.d
	f.value *= change
	return math.Abs(change-1) <= near
}

func solid(x float64) float64 {
	if math.Abs(x) < tiny {
		return tiny
	}
	return x
}
