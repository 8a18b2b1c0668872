package driver

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Fatalf("%s = %v, want %v", what, got, want)
	}
}

// A table of 30 both, 10 and 20 one of them, 40 neither has 1/√6.
func TestCorrelationVectors(t *testing.T) {
	table := func(both, x, y, neither int) Pair {
		var p Pair
		for i, n := range []int{both, x, y, neither} {
			for range n {
				p.Add([]int64{1, 1, 0, 0}[i], []int64{1, 0, 1, 0}[i])
			}
		}
		return p
	}
	p := table(30, 10, 20, 40)
	r, ok := p.Correlation()
	near(t, "r", r, 1/math.Sqrt(6), 1e-15)
	if mean, _ := p.Mean(); !ok || mean != 0.4 {
		t.Fatalf("mean %v, %v", mean, ok)
	}
	for sign, p := range map[float64]Pair{1: table(5, 0, 0, 5), -1: table(0, 5, 5, 0), 0: table(5, 5, 5, 5)} {
		r, ok := p.Correlation()
		if near(t, "r", r, sign, 1e-15); !ok {
			t.Fatal("absent")
		}
	}
	for name, p := range map[string]Pair{"nothing": {}, "nine": table(4, 0, 0, 5), "x never varies": table(5, 5, 0, 0), "y never varies": table(5, 0, 5, 0)} {
		if r, ok := p.Correlation(); ok {
			t.Errorf("%s: %v", name, r)
		}
	}
}

func TestFisherVectors(t *testing.T) {
	low, high := Fisher(0.5, 103) // artanh 0.5 = 0.549306, ± 1.96/10
	near(t, "low", low, 0.339304, 1e-6)
	near(t, "high", high, 0.632340, 1e-6)
	if low, high := Fisher(1, 10); low != 1 || high != 1 {
		t.Errorf("of 1: %v to %v", low, high)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		rho, n := 2*r.Float64()-1, LeastN+r.Int64N(1000)
		low, high := Fisher(rho, n)
		l, h := Fisher(rho, 4*n)
		if !(-1 <= low && low <= l && l <= rho && rho <= h && h <= high && high <= 1) {
			t.Fatalf("%v of %d: %v %v %v %v", rho, n, low, l, h, high)
		}
	}
}

// Two parameters that go together by 0.6, and with the score by 0.5 and 0.3: R² is
// (0.25 + 0.09 − 2·0.5·0.3·0.6)/(1 − 0.36) = 0.25. The root of the correlations has
// the squares 0.9 and 0.1, the squared weights on it are 0.225 and 0.025.
func TestWeightsByHand(t *testing.T) {
	values, vectors := matrix{{1, 0.6}, {0.6, 1}}.eigen()
	w := part(values, vectors, []float64{0.5, 0.3})
	near(t, "explained", w.Explained, 0.25, 1e-12)
	near(t, "first", w.Shares[0], 82, 1e-9)
	near(t, "second", w.Shares[1], 18, 1e-9)
}

// questionnaires draws answers that go together, with a score made of them.
func questionnaires(r *rand.Rand, n, k int) [][]int64 {
	out := make([][]int64, n)
	for i := range out {
		line := make([]int64, k+1)
		common := r.IntN(11)
		sum := 0
		for a := range k {
			v := (common + r.IntN(11)*(1+a%3)) / (2 + a%3)
			line[a] = int64(v)
			sum += v * (a + 1)
		}
		line[k] = int64(min(10, max(0, sum*2/(k*(k+1))+r.IntN(5)-2)))
		out[i] = line
	}
	return out
}

func jointOf(k int, lines [][]int64) *Joint {
	j := NewJoint(k)
	for _, line := range lines {
		j.Add(line)
	}
	return j
}

// regression is R² by the normal equations: another way to the same number.
func regression(lines [][]int64, k int) float64 {
	n := float64(len(lines))
	mean := make([]float64, k+1)
	for _, l := range lines {
		for a, v := range l {
			mean[a] += float64(v) / n
		}
	}
	m := make([][]float64, k+1)
	for a := range m {
		m[a] = make([]float64, k+1)
		for b := range m[a] {
			for _, l := range lines {
				m[a][b] += (float64(l[a]) - mean[a]) * (float64(l[b]) - mean[b])
			}
		}
	}
	total := m[k][k]
	for p := range k { // what elimination leaves of the score's squares is not explained
		for a := p + 1; a <= k; a++ {
			f := m[a][p] / m[p][p]
			for b := p; b <= k; b++ {
				m[a][b] -= f * m[p][b]
			}
		}
	}
	return 1 - m[k][k]/total
}

func TestWeightsAreARegression(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 60 {
		k := 1 + r.IntN(12)
		lines := questionnaires(r, LeastPer*k+r.IntN(500), k)
		w, ok := jointOf(k, lines).Weights()
		if !ok {
			t.Fatalf("round %d: absent", round)
		}
		near(t, "explained", w.Explained, regression(lines, k), 1e-9)
		sum := 0.0
		for _, s := range w.Shares {
			if sum += s; s < 0 {
				t.Fatalf("share %v", s)
			}
		}
		near(t, "sum of shares", sum, 100, 1e-9)
		// In another order they are the same.
		order := r.Perm(k)
		moved := make([][]int64, len(lines))
		for i, l := range lines {
			for _, a := range order {
				moved[i] = append(moved[i], l[a])
			}
			moved[i] = append(moved[i], l[k])
		}
		other, ok := jointOf(k, moved).Weights()
		if !ok {
			t.Fatal("absent in another order")
		}
		for i, a := range order {
			near(t, "share in another order", other.Shares[i], w.Shares[a], 1e-8)
		}
	}
}

// Parameters that have nothing to do with each other share by their correlations.
func TestUnrelatedParametersShareBySquares(t *testing.T) {
	j := NewJoint(2)
	for a := range int64(2) {
		for b := range int64(2) {
			for range 10 {
				j.Add([]int64{a, b, 2*a + b})
			}
		}
	}
	w, ok := j.Weights()
	if !ok {
		t.Fatal("absent")
	}
	near(t, "explained", w.Explained, 1, 1e-12)
	near(t, "first", w.Shares[0], 80, 1e-9)
	near(t, "second", w.Shares[1], 20, 1e-9)
}

func TestWeightsThatCannotBeTold(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	lines := questionnaires(r, 200, 3)
	with := func(k int, of func(l []int64) []int64) *Joint {
		j := NewJoint(k)
		for _, l := range lines {
			j.Add(of(l))
		}
		return j
	}
	for name, j := range map[string]*Joint{
		"no parameters":      NewJoint(0),
		"too few":            jointOf(3, lines[:29]),
		"twice the same":     with(2, func(l []int64) []int64 { return []int64{l[0], l[0], l[3]} }),
		"a sum":              with(3, func(l []int64) []int64 { return []int64{l[0], l[1], l[0] + l[1], l[3]} }),
		"one's opposite":     with(3, func(l []int64) []int64 { return []int64{l[0], l[1], 10 - l[0], l[3]} }),
		"one never varies":   with(2, func(l []int64) []int64 { return []int64{l[0], 5, l[3]} }),
		"score never varies": with(2, func(l []int64) []int64 { return []int64{l[0], l[1], 5} }),
	} {
		if w, ok := j.Weights(); ok {
			t.Errorf("%s: %v", name, w)
		}
	}
	unrelated := NewJoint(1)
	for i := range int64(40) {
		unrelated.Add([]int64{i % 2, i / 2 % 2})
	}
	if w, ok := unrelated.Weights(); !ok || w.Explained != 0 || w.Shares != nil {
		t.Errorf("nothing explained: %v %v", w, ok)
	}
}

func TestMergingIsCountingTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	lines := questionnaires(r, 300, 4)
	one, other := jointOf(4, lines[:120]), jointOf(4, lines[120:])
	one.Merge(other)
	all := jointOf(4, lines)
	if one.N != all.N || !slices.Equal(one.sum, all.sum) || !slices.Equal(one.cross, all.cross) {
		t.Error("the parts are not the whole")
	}
	var p, q, both Pair
	for i, l := range lines {
		both.Add(l[0], l[4])
		if i < 120 {
			p.Add(l[0], l[4])
		} else {
			q.Add(l[0], l[4])
		}
	}
	if p.Merge(q); p != both {
		t.Errorf("%+v, not %+v", p, both)
	}
}

// The decomposition multiplies out again, and its vectors stand upright.
func TestEigen(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for range 30 {
		n := 1 + r.IntN(30)
		m := make(matrix, n)
		for a := range m {
			m[a] = make([]float64, n)
			for b := range a + 1 {
				m[a][b] = 2*r.Float64() - 1
				m[b][a] = m[a][b]
			}
		}
		was := make(matrix, n)
		for a := range m {
			was[a] = slices.Clone(m[a])
		}
		values, vectors := m.eigen()
		back := vectors.spread(func(i int) float64 { return values[i] })
		upright := vectors.spread(func(int) float64 { return 1 })
		for a := range n {
			for b := range n {
				near(t, "multiplied out", back[a][b], was[a][b], 1e-12*float64(n))
				want := 0.0
				if a == b {
					want = 1
				}
				near(t, "upright", upright[a][b], want, 1e-12*float64(n))
			}
		}
	}
}

func TestQuadrants(t *testing.T) {
	got := Quadrants([]Standing{
		{true, 0.8, 30}, {true, 0.8, 90}, {true, 0.2, 30}, {true, 0.2, 90}, {false, 9, 9},
	})
	if want := []Quadrant{Mend, Keep, Watch, Ease, Unknown}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	alike := Quadrants([]Standing{{true, 0.1, 70.1}, {true, 0.1, 70.1}, {true, 0.1, 70.1}})
	if want := []Quadrant{Keep, Keep, Keep}; !slices.Equal(alike, want) {
		t.Errorf("at the mean: %v", alike)
	}
	if got := Quadrants([]Standing{{}, {}}); !slices.Equal(got, []Quadrant{Unknown, Unknown}) {
		t.Errorf("nothing known: %v", got)
	}
}
