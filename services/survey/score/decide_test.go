package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestCompareNPS(t *testing.T) {
	var now, before Hist
	now.Add(10, 0, 60)
	now.Add(7, 0, 20)
	now.Add(0, 0, 20)
	before.Add(10, 0, 30)
	before.Add(7, 0, 30)
	before.Add(0, 0, 40)
	c := Compare(Def{Kind: NPS}, now, before)
	near(t, "difference", c.Delta, 50, 1e-9)
	// Variances 0.8 − 0.16 and 0.7 − 0.01.
	near(t, "margin", c.Margin, 196*math.Sqrt(0.64/100+0.69/100), 1e-9)
	near(t, "steady difference", c.SteadyDelta, 100*(40.0/102+10.0/102), 1e-9)
	if !c.Known || !c.Significant || !c.Better || c.Absent {
		t.Errorf("%+v", c)
	}
}

func TestCompareShares(t *testing.T) {
	var a, b Hist
	a.Add(5, 0, 56)
	a.Add(1, 0, 14)
	b.Add(5, 0, 48)
	b.Add(1, 0, 32)
	c := Compare(Def{Kind: CSAT}, a, b)
	// Extended: 57 of 72 and 49 of 82.
	near(t, "difference", c.Delta, 20, 1e-9)
	near(t, "margin", c.Margin, 196*math.Sqrt(0.8*0.2/70+0.6*0.4/80), 1e-9)
	near(t, "steady difference", c.SteadyDelta, 100*(57.0/72-49.0/82), 1e-9)
	near(t, "steady margin", c.SteadyMargin, 14.1655, 0.0001)
	low := Compare(Def{Kind: LowShare}, lows(14, 70), lows(32, 80))
	if !c.Significant || !c.Better || !low.Significant || !low.Better || math.Abs(low.Delta+c.Delta) > 1e-9 {
		t.Errorf("satisfied %+v, low %+v", c, low)
	}
}

func TestFewAnswersDecideNothing(t *testing.T) {
	var two, bad, one Hist
	two.Add(10, 10, 2)
	bad.Add(1, 1, 2)
	one.Add(10, 10, 1)
	for _, d := range []Def{{Kind: NPS}, {Kind: Rating, Min: 0, Max: 10}, {Kind: CSAT, Min: 1, Max: 10}, {Kind: CSI}} {
		c := Compare(d, two, bad)
		if c.Significant || !c.Known || c.Margin != 0 {
			t.Errorf("%s: two against two: %+v", d.Kind, c)
		}
		if c := Compare(d, one, bad); c.Known || c.Significant || c.Absent {
			t.Errorf("%s: one against two: %+v", d.Kind, c)
		}
		if c := Compare(d, two, Hist{}); !c.Absent {
			t.Errorf("%s: two against nobody: %+v", d.Kind, c)
		}
		if got := Attain(d, two, 0).Status; got == NoData {
			t.Errorf("%s: %s", d.Kind, got)
		}
	}
}

func TestCompareIsAntisymmetric(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for _, d := range allDefs {
		for range 300 {
			a, b := histOf(answers(random, d, 1+random.IntN(100))), histOf(answers(random, d, 1+random.IntN(100)))
			ab, ba := Compare(d, a, b), Compare(d, b, a)
			if ab.Delta != -ba.Delta || ab.Significant != ba.Significant || ab.Margin != ba.Margin || (ab.Better && ba.Better) {
				t.Fatalf("%s: %+v and %+v", d.Kind, ab, ba)
			}
			if same := Compare(d, a, a); same.Significant || same.Delta != 0 {
				t.Fatalf("%s: a set differs from itself: %+v", d.Kind, same)
			}
		}
	}
}

func TestOneOfOneDoesNotBeatMany(t *testing.T) {
	var one, many, worst Hist
	one.Add(10, 10, 1)
	many.Add(10, 10, 95)
	many.Add(2, 2, 5)
	worst.Add(1, 1, 100)
	for _, d := range []Def{{Kind: NPS}, {Kind: CSAT, Min: 1, Max: 10}, {Kind: Rating, Min: 1, Max: 10}, {Kind: CSI}} {
		r := Rank(d, []Item[string]{{"one", one}, {"worst", worst}, {"many", many}}, 1).Ranked
		if r[0].ID != "many" || r[0].Rank != 1 || r[0].Best != 1 {
			t.Errorf("%s: first is %+v", d.Kind, r[0])
		}
	}
	if r := Rank(Def{Kind: LowShare}, []Item[int]{{1, lows(0, 1)}, {2, lows(5, 100)}}, 0).Ranked; r[0].ID != 2 || r[1].ID != 1 {
		t.Errorf("low shares: %+v", r)
	}
}

func TestRankSetsFewApart(t *testing.T) {
	h := func(n int64) (h Hist) { h.Add(9, 0, n); return h }
	r := Rank(Def{Kind: NPS}, []Item[string]{{"c", h(5)}, {"b", h(4)}, {"none", Hist{}}, {"a", h(5)}, {"d", h(6)}, {"B", h(1)}}, 5)
	var ranked, few []string
	for _, p := range r.Ranked {
		ranked = append(ranked, p.ID)
	}
	for _, p := range r.TooFew {
		few = append(few, fmt.Sprint(p.ID, p.N, p.Absent, p.Rank))
	}
	if !slices.Equal(ranked, []string{"d", "a", "c"}) || !slices.Equal(few, []string{"B1 false 0", "b4 false 0", "none0 true 0"}) {
		t.Errorf("ranked %v, too few %v", ranked, few)
	}
}

// Whatever the items: places are a permutation, descend by bound, lie in their
// range, the range is what counting every pair gives, tiers hold together, and
// the order of the input does not matter.
func TestRankingInvariants(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	for _, d := range allDefs {
		for range 30 {
			items := make([]Item[int], random.IntN(60))
			for i := range items {
				items[i] = Item[int]{ID: i, Hist: histOf(answers(random, d, random.IntN(1+random.IntN(300))))}
			}
			r := Rank(d, items, 3)
			checkRanking(t, d, r, len(items))
			random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
			if again := Rank(d, items, 3); !slices.Equal(again.Ranked, r.Ranked) || !slices.Equal(again.TooFew, r.TooFew) {
				t.Fatalf("%s: the order of the items matters", d.Kind)
			}
		}
	}
}

func checkRanking(t *testing.T, d Def, r Ranking[int], items int) {
	t.Helper()
	if len(r.Ranked)+len(r.TooFew) != items {
		t.Fatalf("%d and %d of %d items", len(r.Ranked), len(r.TooFew), items)
	}
	low := func(p Place[int]) float64 { return p.Low }
	high := func(p Place[int]) float64 { return p.High }
	if d.LowerIsBetter() {
		low, high = func(p Place[int]) float64 { return -p.High }, func(p Place[int]) float64 { return -p.Low }
	}
	leader := 0
	for i, p := range r.Ranked {
		best, worst := 1, len(r.Ranked)
		for _, o := range r.Ranked {
			if low(o) > high(p) {
				best++
			}
			if high(o) < low(p) {
				worst--
			}
		}
		if p.Rank != i+1 || p.Best != best || p.Worst != worst || best > p.Rank || worst < p.Rank {
			t.Fatalf("%s: %+v may stand from %d to %d", d.Kind, p, best, worst)
		}
		if i == 0 {
			continue
		}
		o := r.Ranked[i-1]
		if low(o) < low(p) || (low(o) == low(p) && o.ID > p.ID) {
			t.Fatalf("%s: %+v before %+v", d.Kind, o, p)
		}
		apart := high(p) < low(r.Ranked[leader])
		if apart {
			leader = i
		}
		if (p.Tier == o.Tier) == apart || p.Tier < o.Tier || p.Tier > o.Tier+1 {
			t.Fatalf("%s: tier %d after %d, apart %v", d.Kind, p.Tier, o.Tier, apart)
		}
	}
}

// One more best answer never lowers the bound an item is ranked by, and one more
// worst answer never raises the other one. (It may raise the first: it makes an
// item that has nothing but the worst surer.)
func TestABetterAnswerNeverHurts(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	for _, d := range allDefs {
		full := d.filled()
		best, worst := answer{full.Max, 0}, answer{full.Min, 0}
		if d.LowerIsBetter() {
			best, worst = worst, best
		}
		if d.Weighted() {
			best.importance, worst.importance = full.Max, full.Min
		}
		for range 2000 {
			h := histOf(answers(random, d, 1+random.IntN(1+random.IntN(200))))
			up, down := h, h
			up.Add(best.score, best.importance, 1)
			down.Add(worst.score, worst.importance, 1)
			p, u, w := place(full, 0, &h), place(full, 1, &up), place(full, 2, &down)
			if d.LowerIsBetter() {
				for _, x := range []*Place[int]{&p, &u, &w} {
					x.Low, x.High = -x.High, -x.Low
				}
			}
			if u.Low < p.Low-1e-9 || w.High > p.High+1e-9 {
				t.Fatalf("%s: %+v with a better answer %+v, with a worse one %+v", d.Kind, p, u, w)
			}
		}
	}
}

func TestAttain(t *testing.T) {
	var good Hist // 80 % positive of 1,000: 77.4 to 82.4
	good.Add(5, 0, 800)
	good.Add(2, 0, 200)
	csat, low := Def{Kind: CSAT}, Def{Kind: LowShare}
	answers := map[Kind]Hist{CSAT: good, LowShare: lows(200, 1000)}
	for _, tt := range []struct {
		def    Def
		target float64
		want   Status
		gap    float64
	}{
		{csat, 70, MetForSure, 10}, {csat, 79, Met, 1}, {csat, 80, Met, 0}, {csat, 81, Missed, -1}, {csat, 90, MissedForSure, -10},
		{low, 30, MetForSure, 10}, {low, 21, Met, 1}, {low, 20, Met, 0}, {low, 19, Missed, -1}, {low, 10, MissedForSure, -10},
	} {
		a := Attain(tt.def, answers[tt.def.Kind], tt.target)
		if a.Status != tt.want {
			t.Errorf("%s against %v: %s, want %s", tt.def.Kind, tt.target, a.Status, tt.want)
		}
		near(t, "gap", a.Gap, tt.gap, 1e-9)
	}
	near(t, "80 of 90", Attain(csat, good, 90).Percent, 100*80.0/90, 1e-9)
	near(t, "20 where 10 was wanted", Attain(low, answers[LowShare], 10).Percent, 50, 1e-9)
	if a := Attain(csat, Hist{}, 10); a != (Attainment{}) || a.Status != NoData {
		t.Errorf("nobody: %+v", a)
	}
	if a := Attain(Def{Kind: NPS}, scores(1), -5); a.Known {
		t.Errorf("percent of a negative target: %+v", a)
	}
	// A margin of zero is no certainty.
	if a := Attain(Def{Kind: NPS}, scores(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2), 50); a.Status != Met {
		t.Errorf("two promoters: %s", a.Status)
	}
}

func TestHigherTargetIsNeverEasier(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 10))
	for _, d := range allDefs {
		for range 200 {
			h := histOf(answers(random, d, 1+random.IntN(200)))
			last := MetForSure
			for i := 0; i <= 220; i++ {
				target := float64(i) - 110
				if d.LowerIsBetter() {
					target = -target
				}
				s := Attain(d, h, target).Status
				if s > last || s == NoData {
					t.Fatalf("%s: %s at %v after %s", d.Kind, s, target, last)
				}
				last = s
			}
		}
	}
}

func BenchmarkRank(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			random := rand.New(rand.NewPCG(11, 11))
			items := make([]Item[int64], n)
			for i := range items {
				items[i].ID = int64(i)
				for s := range Scores {
					items[i].Hist.Add(s, 0, random.Int64N(100))
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				Rank(Def{Kind: NPS}, items, 1)
			}
		})
	}
}
