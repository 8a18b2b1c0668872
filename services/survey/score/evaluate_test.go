package score

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNPSVectors(t *testing.T) {
	value, se := nps(1.0/2, 1.0/6, 100)
	near(t, "NPS of shares 1/2, 1/3, 1/6", value, 33.33, 0.005)
	near(t, "its variance", se*se, 5.0/9*100, 1e-9)
	near(t, "its margin at n = 100", z*se, 14.61, 0.005)

	var sfo Hist
	sfo.Add(10, 0, 1436)
	sfo.Add(8, 0, 968)
	sfo.Add(3, 0, 342)
	r := Evaluate(Def{Kind: NPS}, sfo)
	near(t, "NPS of SFO 2017", r.Value, 39.84, 0.005)
	if r.N != 2746 || r.Promoters != 1436 || r.Passives != 968 || r.Detractors != 342 {
		t.Errorf("SFO 2017: %+v", r)
	}
	near(t, "margin", r.Interval.High-r.Value, z*r.SE, 1e-9)
	edges := Evaluate(Def{Kind: NPS}, scores(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))
	if edges.Detractors != 7 || edges.Passives != 2 || edges.Promoters != 2 {
		t.Errorf("one answer of each score: %+v", edges)
	}
}

func TestShareVectors(t *testing.T) {
	r := Evaluate(Def{Kind: CSAT}, olist)
	near(t, "CSAT of Olist", r.Value, 55.17, 0.005)
	near(t, "mean of Olist", r.Mean, 3.2716, 0.00005)
	near(t, "mean of Olist as a rating", Evaluate(Def{Kind: Rating}, olist).Value, 3.2716, 0.00005)
	if r.N != 8225 || r.Positive != 4538 {
		t.Errorf("Olist: n = %d, positive %d", r.N, r.Positive)
	}
	for _, tt := range []struct {
		x, n      int64
		low, high float64
	}{
		{95, 100, 88.8249, 97.8460}, // by the textbook formula
		{1, 1, 20.6543, 100},
		{0, 10, 0, 27.7536},
		{5, 10, 23.6593, 76.3407},
	} {
		got := wilson(tt.x, tt.n)
		near(t, "Wilson's lower bound", got.Low, tt.low, 0.001)
		near(t, "Wilson's upper bound", got.High, tt.high, 0.001)
	}
}

func TestMeanVectors(t *testing.T) {
	// 4, 5, 6, 7: mean 5.5, sample variance 5/3.
	r := Evaluate(Def{Kind: CES}, scores(0, 0, 0, 0, 1, 1, 1, 1))
	near(t, "CES", r.Value, 5.5, 0)
	near(t, "its standard error", r.SE, math.Sqrt(5.0/3/4), 1e-12)
	if same := Evaluate(Def{Kind: CES}, scores(0, 0, 0, 9)); !same.Interval.Known || same.Interval.Low != 3 || same.Interval.High != 3 {
		t.Errorf("the plain interval of equal answers: %+v", same.Interval)
	}
}

func TestCSIVectors(t *testing.T) {
	weights, satisfaction := []int{7, 5, 9, 3, 6}, []int{8, 4, 8, 3, 4}
	parameters := make([]Hist, len(weights))
	var pool Hist
	for i := range weights {
		parameters[i].Add(satisfaction[i], weights[i], 1)
		pool.Merge(&parameters[i])
	}
	for i, want := range []float64{56, 20, 72, 9, 24} {
		near(t, "CSI of a parameter", Evaluate(Def{Kind: CSI}, parameters[i]).Value, want, 1e-9)
	}
	o := EvaluateOverall(slices.Concat(parameters, []Hist{{}}))
	near(t, "overall CSI", o.Value, 36.2, 1e-9)
	near(t, "weighted CSI", o.Weighted, 6.0333, 0.00005)
	near(t, "weighted CSI in %", o.WeightedPercent, 60.33, 0.005)
	if o.Parameters != 5 || o.Answers != 5 || pool.WS != 181 || pool.W != 30 {
		t.Errorf("overall: %+v of %+v", o, pool)
	}
	if !EvaluateOverall([]Hist{{}, {}}).Absent || !EvaluateOverall(nil).Absent {
		t.Error("no answers at all have an overall CSI")
	}
	// All 10: below 100 where importance is.
	var full Hist
	full.Add(10, 6, 4)
	r := Evaluate(Def{Kind: CSI}, full)
	near(t, "CSI of full satisfaction", r.Value, 60, 1e-9)
	near(t, "weighted", r.WeightedPercent, 100, 1e-9)
}

func TestOverallIsNotPooled(t *testing.T) {
	var many, one Hist
	many.Add(10, 10, 99)
	one.Add(1, 10, 1)
	near(t, "mean of 100 and 10", EvaluateOverall([]Hist{many, one}).Value, 55, 1e-9)
}

// Values and standard errors from the sums equal those from the answers one by
// one, by the two-pass textbook formulas.
func TestSumsTellWhatAnswersDo(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for _, d := range allDefs {
		for n := 2; n < 60; n++ {
			list := answers(random, d, n)
			r := Evaluate(d, histOf(list))
			value, se := byAnswer(d.filled(), list)
			near(t, d.Kind.String(), r.Value, value, 1e-9)
			near(t, d.Kind.String()+" standard error", r.SE, se, 1e-6)
			if d.Kind == CSI {
				checkRatio(t, r, list)
			}
		}
	}
}

func byAnswer(d Def, list []answer) (value, se float64) {
	n := float64(len(list))
	xs := make([]float64, len(list))
	degrees := n
	for i, a := range list {
		switch {
		case d.Kind == NPS && a.score >= 9, (d.Kind == CSAT || d.Kind == LowShare) && a.score >= d.Threshold:
			xs[i] = 100
		case d.Kind == NPS && a.score <= 6:
			xs[i] = -100
		case d.Kind == CSI:
			xs[i], degrees = float64(a.score)/10*float64(a.importance)/10*100, n-1
		case d.Kind == CES || d.Kind == Rating:
			xs[i], degrees = float64(a.score), n-1
		}
		value += xs[i] / n
	}
	for _, x := range xs {
		se += (x - value) * (x - value)
	}
	return value, math.Sqrt(se / degrees / n)
}

func checkRatio(t *testing.T, r Result, list []answer) {
	t.Helper()
	var w, ws, deviations float64
	for _, a := range list {
		w += float64(a.importance)
		ws += float64(a.importance * a.score)
	}
	for _, a := range list {
		e := float64(a.importance) * (float64(a.score) - ws/w)
		deviations += e * e
	}
	n := float64(len(list))
	near(t, "ratio", r.Weighted, ws/w, 1e-9)
	near(t, "ratio's margin", r.WeightedInterval.High-r.WeightedPercent, z*10*math.Sqrt(deviations*n/(n-1))/w, 1e-5)
}

func TestNoAnswersAreAbsent(t *testing.T) {
	var taken Hist
	taken.Add(5, 0, -1)
	for _, d := range allDefs {
		for _, h := range []Hist{{}, taken} {
			if r := Evaluate(d, h); !r.Absent || r.Interval.Known {
				t.Errorf("%s of nobody: %+v", d.Kind, r)
			}
		}
		one := histOf(answers(rand.New(rand.NewPCG(4, 4)), d, 1))
		r := Evaluate(d, one)
		if share := d.Kind == CSAT || d.Kind == LowShare; r.Absent || r.Interval.Known != share || r.SE != 0 {
			t.Errorf("%s of one answer: %+v", d.Kind, r)
		}
	}
}

func TestBucketsSumToN(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for _, d := range allDefs {
		for n := 1; n < 200; n += 7 {
			h := histOf(answers(random, d, n))
			r := Evaluate(d, h)
			var sum int64
			for _, c := range r.Counts {
				sum += c
			}
			if sum != int64(n) || r.N != int64(n) {
				t.Fatalf("%s: buckets sum to %d of %d", d.Kind, sum, n)
			}
			if d.Kind == NPS && r.Promoters+r.Passives+r.Detractors != r.N {
				t.Fatalf("NPS groups of %+v", r)
			}
			if d.Kind == CSAT {
				rest := Evaluate(Def{Kind: LowShare}, lows(r.N-r.Positive, r.N))
				near(t, "a share and its rest", r.Value+rest.Value, 100, 1e-9)
			}
		}
	}
}

// Ten times the same answers: the same value, a narrower interval.
func TestMoreOfTheSameIsSurer(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	for _, d := range allDefs {
		for n := 2; n < 80; n += 3 {
			h := histOf(answers(random, d, n))
			many := h
			for range 9 {
				many.Merge(&h)
			}
			a, b := Evaluate(d, h), Evaluate(d, many)
			near(t, d.Kind.String(), b.Value, a.Value, 1e-9)
			if b.Interval.High-b.Interval.Low > a.Interval.High-a.Interval.Low+1e-9 {
				t.Fatalf("%s: %+v of %d is %+v of %d", d.Kind, a.Interval, n, b.Interval, 10*n)
			}
		}
	}
}
