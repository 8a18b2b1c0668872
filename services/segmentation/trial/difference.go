package trial

import (
	"math"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/stat"
)

// finding is what a difference is worth.
type finding struct {
	// low and high are its plain 95 % interval, if plain.
	low, high float64
	plain     bool
	// least and most are the interval by which is decided; tested tells there is one.
	least, most float64
	tested      bool
	p           float64
	significant bool
}

// Beside sets one sample beside another one, taken as independent of it. Expected is the
// change that was expected; 0: none.
func Beside(before, after *Sample, expected float64) *segmentationv1.Difference {
	out := &segmentationv1.Difference{Before: before.Reading(), After: after.Reading()}
	if expected != 0 {
		out.Verdict = segmentationv1.Verdict_VERDICT_OPEN
	}
	if before.N == 0 || after.N == 0 {
		return out
	}
	change := after.Value - before.Value
	out.Change = &change
	if !before.known || !after.known {
		return out
	}
	var f finding
	if before.ends != nil {
		f = answered(before, after, change)
	} else {
		f = welch(before, after, change)
	}
	if f.plain {
		out.Low, out.High = finite(f.low), finite(f.high)
	}
	if f.tested {
		out.PValue, out.Significant = finite(f.p), f.significant
		out.Verdict = f.verdict(change, expected)
	}
	return out
}

// answered compares means on a scale. The interval is the plain one; it is decided with
// a pseudo-answer at each end of the scale on either side.
func answered(before, after *Sample, change float64) (f finding) {
	if f.plain = before.N >= 2 && after.N >= 2; f.plain {
		margin := stat.Z * math.Sqrt(before.error2()+after.error2())
		f.low, f.high = change-margin, change+margin
	}
	a, b := before.steadied(), after.steadied()
	steady, se := b.Value-a.Value, math.Sqrt(a.error2()+b.error2())
	f.tested, f.least, f.most = true, steady-stat.Z*se, steady+stat.Z*se
	// With few answers against many pseudo-answers may turn the sign. What they turn is
	// no finding.
	if f.p = 1; steady*change > 0 {
		f.p = stat.TwoSided(steady / se)
		f.significant = math.Abs(steady) > stat.Z*se
	}
	return f
}

// welch compares means of any numbers by Welch's test: neither must the groups vary
// alike, nor be of one size. Where nobody varies nothing can be told.
func welch(before, after *Sample, change float64) (f finding) {
	if before.N < 2 || after.N < 2 {
		return f
	}
	a, b := before.error2(), after.error2()
	se := math.Sqrt(a + b)
	if se == 0 {
		return f
	}
	// Satterthwaite's degrees of freedom, from shares of the sum: squares of money would
	// not be far from the end of what a number can hold.
	x, y := a/(a+b), b/(a+b)
	df := 1 / (x*x/float64(before.N-1) + y*y/float64(after.N-1))
	margin := stat.StudentQuantile(0.975, df) * se
	f.low, f.high = change-margin, change+margin
	f.least, f.most = f.low, f.high
	f.plain, f.tested = true, true
	f.p = stat.StudentTwoSided(change/se, df)
	f.significant = f.low > 0 || f.high < 0
	return f
}

// verdict is what may be said of an expected change. To say no, the change must be less
// than expected by both intervals: one that goes beyond what was expected, but not
// surely beyond 0, refutes nothing.
func (f *finding) verdict(change, expected float64) segmentationv1.Verdict {
	short := expected > max(f.high, f.most)
	if expected < 0 {
		short = expected < min(f.low, f.least)
	}
	switch {
	case expected == 0:
		return segmentationv1.Verdict_VERDICT_UNSPECIFIED
	case f.significant && change*expected > 0:
		return segmentationv1.Verdict_VERDICT_CONFIRMED
	case f.significant:
		return segmentationv1.Verdict_VERDICT_REVERSED
	case f.plain && short:
		return segmentationv1.Verdict_VERDICT_REFUTED
	}
	return segmentationv1.Verdict_VERDICT_OPEN
}

// Total fills in what a change comes to over all persons of an arm. Of buyers, which are
// counted in %, it is persons.
func Total(r *segmentationv1.ArmResult) {
	d, persons := r.GetDifference(), float64(r.GetDifference().GetAfter().GetN())
	if r.GetMeasure().GetPurchases() == segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_BUYERS {
		persons /= 100
	}
	times := func(x *float64) *float64 {
		if x == nil {
			return nil
		}
		return some(*x * persons)
	}
	r.Total, r.TotalLow, r.TotalHigh = times(d.Change), times(d.Low), times(d.High)
}
