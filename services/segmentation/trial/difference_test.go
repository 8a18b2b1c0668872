package trial

import (
	"math"
	"math/rand/v2"
	"testing"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/stat"
)

func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.IsNaN(*got) || math.Abs(*got-want) > 1e-6*max(1, math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, told64(got), want)
	}
}

func told64(x *float64) any {
	if x == nil {
		return "absent"
	}
	return *x
}

// nps is a score with so many promoters, passives and detractors.
func nps(p, n, d int64) Sample {
	all := p + n + d
	value := 100 * float64(p-d) / float64(all)
	return OfScore(&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_NPS},
		&surveyv1.Score{N: all, Value: &value, Promoters: p, Passives: n, Detractors: d})
}

// numbers is the tally of amounts as a sample.
func numbers(amounts ...int64) Sample {
	var m moments
	for _, x := range amounts {
		m.add(x)
	}
	return m.sample(int64(len(amounts)))
}

// The vector of the metric definitions: shares 1/2, 1/3, 1/6 have a variance of 5/9.
func TestDifferenceOfNPS(t *testing.T) {
	before, after := nps(60, 40, 20), nps(90, 20, 10)
	r := before.Reading()
	near(t, "value", r.Value, 100.0/3)
	near(t, "deviation", r.Deviation, 100*math.Sqrt(5.0/9))
	d := Beside(&before, &after, 10)
	se := 100 * math.Sqrt(5.0/9/120+(100.0/120-(80.0/120)*(80.0/120))/120)
	near(t, "change", d.Change, 100.0/3)
	near(t, "low", d.Low, 100.0/3-1.96*se)
	near(t, "high", d.High, 100.0/3+1.96*se)
	// With one promoter and one detractor more on either side.
	a, b := 40.0/122, 80.0/122
	steady := 100 * math.Sqrt((82.0/122-a*a)/122+(102.0/122-b*b)/122)
	near(t, "p", d.PValue, stat.TwoSided(100*(b-a)/steady))
	if !d.GetSignificant() || d.GetVerdict() != segmentationv1.Verdict_VERDICT_CONFIRMED {
		t.Errorf("%v", d)
	}
}

// What steadies NPS steadies any mean in the same way: it is the mean of −100, 0 and 100.
func TestSteadiedIsAnAnswerMoreAtEachEnd(t *testing.T) {
	for _, c := range []struct{ got, want Sample }{
		{nps(3, 4, 5), nps(4, 4, 6)}, {nps(1, 0, 0), nps(2, 0, 1)}, {OfShare(9, 9), OfShare(10, 11)},
		{rating(0, 0, 1, 2, 3), rating(0, 1, 1, 2, 4)}, {rating(0, 0, 0, 0, 1), rating(0, 1, 0, 0, 2)},
	} {
		got := c.got.steadied()
		near(t, "mean", &got.Value, c.want.Value)
		near(t, "variance", &got.variance, c.want.variance)
		if got.N != c.want.N {
			t.Errorf("%d answers, want %d", got.N, c.want.N)
		}
	}
}

// rating is a score on 1 to 4 with so many answers of each of 0 to 4.
func rating(histogram ...int64) Sample {
	n, sum := int64(0), int64(0)
	for score, x := range histogram {
		n, sum = n+x, sum+int64(score)*x
	}
	mean := float64(sum) / float64(n)
	return OfScore(&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_RATING, ScaleMin: 1, ScaleMax: 4},
		&surveyv1.Score{N: n, Value: &mean, Mean: &mean, Histogram: histogram})
}

// Student's sleep data, by Welch: t = 1.8608, 17.776 degrees of freedom, p = 0.07939,
// interval −0.20548 to 3.36548.
func TestWelch(t *testing.T) {
	before := numbers(7, -16, -2, -12, -1, 34, 37, 8, 0, 20)
	after := numbers(19, 8, 11, 1, -1, 44, 55, 16, 46, 34)
	d := Beside(&before, &after, 0)
	near(t, "change", d.Change, 15.8)
	for what, c := range map[string][2]float64{"low": {d.GetLow(), -2.05483}, "high": {d.GetHigh(), 33.65483}, "p": {d.GetPValue(), 0.07939414}} {
		if math.Abs(c[0]-c[1]) > 1e-5*max(1, math.Abs(c[1])) {
			t.Errorf("%s is %v, want %v", what, c[0], c[1])
		}
	}
	if d.GetSignificant() || d.GetVerdict() != segmentationv1.Verdict_VERDICT_UNSPECIFIED {
		t.Errorf("%v", d)
	}
}

// Money is exact beyond 64 bits of squares, in whatever order it comes.
func TestMomentsOfMuchMoney(t *testing.T) {
	var a, b moments
	for range 500_000 {
		a.add(5_000_000_000_001)
		b.add(4_999_999_999_999)
	}
	a.plus(&b)
	s := a.sample(1_000_000)
	near(t, "mean", &s.Value, 5e12)
	near(t, "variance", &s.variance, 1e6/999_999.0)
	loss := numbers(-3, 3)
	near(t, "variance with returns", &loss.variance, 18)
}

// A few alike answers prove nothing, and where nothing is known nothing is said.
func TestTooFewToTell(t *testing.T) {
	open := segmentationv1.Verdict_VERDICT_OPEN
	for name, c := range map[string]struct{ before, after Sample }{
		"nobody": {nps(0, 0, 0), nps(5, 0, 0)}, "one": {nps(1, 0, 0), nps(1, 0, 0)}, "two alike": {nps(2, 0, 0), nps(2, 0, 0)},
		"a few": {OfShare(3, 3), OfShare(3, 3)}, "no purchases": {numbers(0, 0), numbers(0, 0, 0)}, "constant purchases": {numbers(1, 1), numbers(5, 5)},
		"one buyer": {numbers(1), numbers(5, 7)}, "overall": {overall(50, 90), overall(50, 95)},
	} {
		if d := Beside(&c.before, &c.after, 5); d.GetSignificant() || d.GetVerdict() != open {
			t.Errorf("%s: %v", name, d)
		}
	}
	few, none := numbers(5, 5), nps(0, 0, 0)
	if d := Beside(&few, &few, 5); d.Low != nil || d.PValue != nil || d.Change == nil {
		t.Errorf("without variation: %v", d)
	}
	if d := Beside(&none, &none, 5); d.GetBefore().Value != nil || d.Change != nil {
		t.Errorf("without answers: %v", d)
	}
}

func overall(n int64, value float64) Sample {
	return OfScore(&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL}, &surveyv1.Score{N: n, Value: &value})
}

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		before, after int64 // of 1,000
		expected      float64
		want          segmentationv1.Verdict
	}{
		"confirmed": {500, 600, 5, segmentationv1.Verdict_VERDICT_CONFIRMED}, "confirmed fall": {500, 400, -30, segmentationv1.Verdict_VERDICT_CONFIRMED},
		"reversed": {500, 400, 5, segmentationv1.Verdict_VERDICT_REVERSED}, "reversed rise": {500, 600, -1, segmentationv1.Verdict_VERDICT_REVERSED},
		"refuted": {500, 505, 10, segmentationv1.Verdict_VERDICT_REFUTED}, "refuted fall": {500, 495, -10, segmentationv1.Verdict_VERDICT_REFUTED},
		"open": {500, 505, 3, segmentationv1.Verdict_VERDICT_OPEN}, "nothing expected": {500, 700, 0, segmentationv1.Verdict_VERDICT_UNSPECIFIED},
	} {
		before, after := OfShare(c.before, 1000), OfShare(c.after, 1000)
		if got := Beside(&before, &after, c.expected).GetVerdict(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Under no change one in twenty is found significant, and the interval has the true
// change nineteen times of twenty: also of purchases, which most people make none of.
func TestDifferencesKeepTheirWord(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	const rounds = 2000
	found, missed := 0, 0
	for range rounds {
		var a, b moments
		for range 150 {
			a.add(int64(max(0, rnd.NormFloat64()*800)))
		}
		for range 300 {
			b.add(int64(max(0, rnd.NormFloat64()*800)))
		}
		x, y := a.sample(150), b.sample(300)
		d := Beside(&x, &y, 0)
		if d.GetSignificant() {
			found++
		}
		if d.GetLow() > 0 || d.GetHigh() < 0 {
			missed++
		}
		if d.GetSignificant() != (d.GetPValue() < 0.05) {
			t.Fatalf("p and the interval disagree: %v", d)
		}
	}
	if found != missed || found < rounds*3/100 || found > rounds*7/100 {
		t.Errorf("%d of %d found, %d missed", found, rounds, missed)
	}
}

// A plan's n has the power it promises, and the power told is that of its n.
func TestPlan(t *testing.T) {
	before := OfShare(500, 1000)
	p := Plan(&before, 5)
	near(t, "baseline", p.Baseline, 50)
	near(t, "deviation", p.Deviation, 50)
	// 2·(2.8016·50/5)² = 1569.79…
	if p.GetN() != 1000 || p.GetNeeded() != 1570 {
		t.Errorf("%v", p)
	}
	enough := OfShare(785, 1570)
	if power := Plan(&enough, 5).GetPower(); math.Abs(power-80) > 0.1 {
		t.Errorf("power with the n needed is %v", power)
	}
	same := OfShare(7, 7)
	if p := Plan(&same, 5); p.Needed != nil || p.Power != nil || p.GetBaseline() != 100 {
		t.Errorf("without variation: %v", p)
	}
	none := nps(0, 0, 0)
	if p := Plan(&none, 5); p.Baseline != nil || p.Deviation != nil {
		t.Errorf("without answers: %v", p)
	}
	if p := Plan(&before, 1e-300); p.Needed != nil {
		t.Errorf("needed beyond all numbers: %v", p)
	}
}
