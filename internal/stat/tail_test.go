package stat

import (
	"math"
	"testing"
)

// agree fails unless two numbers do to so many parts of the second.
func agree(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > within*math.Abs(want) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}

func TestNormal(t *testing.T) {
	for z, p := range map[float64]float64{0: 0.5, 1: 0.841344746068543, -1.96: 0.0249978951482205, 3: 0.998650101968370, -6: 9.86587645037698e-10} {
		agree(t, "Φ", Normal(z), p, 1e-12)
		agree(t, "two-sided", TwoSided(z), 2*min(p, 1-p), 1e-9)
		if z != 0 {
			agree(t, "quantile", NormalQuantile(p), z, 1e-9)
		}
	}
	agree(t, "quantile of 97.5 %", NormalQuantile(0.975), 1.959963984540054, 1e-12)
	agree(t, "quantile of 80 %", NormalQuantile(0.8), ZPower, 1e-4)
}

// The columns of 95 % and 99 %, two-sided, of Student's table.
func TestStudent(t *testing.T) {
	for df, want := range map[float64][2]float64{
		1: {12.7062047364, 63.6567411629}, 2: {4.30265272991, 9.92484320092}, 5: {2.57058183661, 4.03214298356},
		10: {2.22813885196, 3.16927267262}, 30: {2.04227245630, 2.74999565357}, 120: {1.97993040505, 2.61742114477},
	} {
		agree(t, "95 %", StudentQuantile(0.975, df), want[0], 1e-9)
		agree(t, "99 %", StudentQuantile(0.995, df), want[1], 1e-9)
		agree(t, "other side", StudentQuantile(0.025, df), -want[0], 1e-9)
		agree(t, "tail", StudentTwoSided(want[0], df), 0.05, 1e-8)
	}
	// With one degree of freedom it is Cauchy's, with two it has a closed form.
	for _, x := range []float64{0.01, 0.5, 1, 7, 1e4} {
		agree(t, "Cauchy", StudentTwoSided(x, 1), 1-2/math.Pi*math.Atan(x), 1e-7)
		agree(t, "two degrees", StudentTwoSided(-x, 2), 1-x/math.Sqrt(2+x*x), 1e-7)
	}
	if p := StudentTwoSided(0, 3.5); p != 1 {
		t.Errorf("at 0: %v", p)
	}
	// It goes over into the normal one without a step.
	agree(t, "nearly many", StudentQuantile(0.975, many-1), NormalQuantile(0.975), 3e-6)
	agree(t, "nearly many, tail", StudentTwoSided(5, many-1), TwoSided(5), 1e-3)
}

// The columns of 5 % and 0.1 % of the table of χ².
func TestChiSquare(t *testing.T) {
	for df, want := range map[int][2]float64{
		1: {3.84145882069, 10.8275661707}, 2: {5.99146454711, 13.8155105580}, 3: {7.81472790325, 16.2662361962},
		10: {18.3070380533, 29.5882984450}, 100: {124.342113404, 149.449252777},
	} {
		agree(t, "5 %", ChiSquareTail(want[0], df), 0.05, 1e-8)
		agree(t, "0.1 %", ChiSquareTail(want[1], df), 0.001, 1e-8)
	}
	for _, x := range []float64{1e-9, 0.3, 1, 2.9, 3.1, 40, 700} {
		agree(t, "two degrees", ChiSquareTail(x, 2), math.Exp(-x/2), 1e-10)
		agree(t, "one degree", ChiSquareTail(x, 1), TwoSided(math.Sqrt(x)), 1e-9)
	}
	if ChiSquareTail(0, 4) != 1 || ChiSquareTail(math.Inf(1), 4) != 0 {
		t.Error("ends of the tail")
	}
}
