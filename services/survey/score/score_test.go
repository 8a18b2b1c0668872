package score

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var allDefs = []Def{
	{Kind: NPS}, {Kind: CSAT}, {Kind: CSAT, Min: 1, Max: 10}, {Kind: CES}, {Kind: CSI},
	{Kind: Rating}, {Kind: Rating, Max: 10}, {Kind: LowShare},
}

type answer struct{ score, importance int }

// answers are n random answers that fit the definition, leaning to one side.
func answers(random *rand.Rand, d Def, n int) []answer {
	d = d.filled()
	lean := random.Float64() * 3
	draw := func() int {
		return d.Min + int(math.Pow(random.Float64(), lean)*float64(d.Max-d.Min+1)*0.999999)
	}
	out := make([]answer, n)
	for i := range out {
		out[i].score = draw()
		if d.Weighted() {
			out[i].importance = draw()
		}
	}
	return out
}

func histOf(list []answer) (h Hist) {
	for _, a := range list {
		h.Add(a.score, a.importance, 1)
	}
	return h
}

// scores is a Hist of so many answers of each score, from 0.
func scores(counts ...int64) (h Hist) {
	copy(h.Counts[:], counts)
	return h
}

// near compares to what the vectors print: want has so many digits that half a
// unit of the last is tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestDefaults(t *testing.T) {
	for _, tt := range []struct{ in, want Def }{
		{Def{Kind: NPS}, Def{NPS, 0, 10, 0}},
		{Def{Kind: CSAT}, Def{CSAT, 1, 5, 4}},
		{Def{Kind: CSAT, Min: 1, Max: 10}, Def{CSAT, 1, 10, 9}},
		{Def{Kind: CSAT, Max: 1}, Def{CSAT, 0, 1, 1}},
		{Def{Kind: CES}, Def{CES, 1, 7, 0}},
		{Def{Kind: CSI}, Def{CSI, 1, 10, 0}},
		{Def{Kind: Rating}, Def{Rating, 1, 5, 0}},
		{Def{Kind: LowShare}, Def{LowShare, 0, 1, 1}},
	} {
		if got := tt.in.filled(); got != tt.want {
			t.Errorf("%+v becomes %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

func TestLowShareCountsLowQuestionnaires(t *testing.T) {
	r := Evaluate(Def{Kind: LowShare}, lows(3, 10))
	if r.Value != 30 || r.Positive != 3 || r.N != 10 || r.Mean != 0.3 {
		t.Errorf("3 low questionnaires of 10: %+v", r)
	}
	near(t, "low share of Olist", Evaluate(Def{Kind: LowShare}, lows(3020, 8225)).Value, 100*3020.0/8225, 1e-12)
}

// lows is so many low questionnaires of all.
func lows(low, of int64) Hist { return scores(of-low, low) }

var olist = scores(0, 2638, 382, 667, 1184, 3354)

func TestHistIsASignedSum(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, d := range allDefs {
		a, b := answers(random, d, 50), answers(random, d, 80)
		ha, hb := histOf(a), histOf(b)
		both := histOf(append(append([]answer{}, a...), b...))
		sum := ha
		sum.Merge(&hb)
		if diff := cmp.Diff(both, sum); diff != "" {
			t.Errorf("%s: merging is not adding: %s", d.Kind, diff)
		}
		sum.Sub(&hb)
		if diff := cmp.Diff(ha, sum); diff != "" {
			t.Errorf("%s: what was merged is not taken out: %s", d.Kind, diff)
		}
		for _, x := range a {
			sum.Add(x.score, x.importance, -1)
		}
		if !sum.Empty() {
			t.Errorf("%s: answers leave a rest: %+v", d.Kind, sum)
		}
		if !d.Weighted() && both.W+both.WS+both.W2+both.W2S+both.W2S2 != 0 {
			t.Errorf("%s has weights", d.Kind)
		}
	}
}
