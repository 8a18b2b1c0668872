package panel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// By the rule of RFM: the cut is the value at the nearest rank, whoever has more is in
// the next part, and equal values are never parted.
func TestQuantiles(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		all := make([]float64, 1+r.IntN(60))
		if r.IntN(20) == 0 {
			all = make([]float64, 20_000) // more than are sorted at once
		}
		spread := 1 + r.IntN(200)
		for i := range all {
			all[i] = float64(r.IntN(spread)-spread/2) / 4
		}
		sorted := slices.Sorted(slices.Values(all))
		var want []float64
		for k := 1; k < parts; k++ {
			end := sorted[int(math.Ceil(float64(len(sorted)*k)/parts))-1]
			if at, _ := slices.BinarySearchFunc(sorted, end, func(a, b float64) int {
				if a <= b {
					return -1
				}
				return 1
			}); at < len(sorted) {
				want = append(want, sorted[at])
			}
		}
		want = slices.Compact(want)
		got := quantiles(append([]float64{math.NaN()}, all...))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("of %d numbers: %s", len(all), diff)
		}
	}
	if got := quantiles([]float64{math.NaN()}); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

func TestDistinct(t *testing.T) {
	var all []float64
	for i := range 100 {
		all = append(all, float64(i%most), math.NaN())
	}
	got, few := distinct(all)
	if len(got) != most || !few || !slices.IsSorted(got) {
		t.Errorf("%v, %v", got, few)
	}
	if got, few = distinct(append(all, -1)); few {
		t.Errorf("one more: %v", got)
	}
}

func TestSortable(t *testing.T) {
	all := []float64{math.Inf(-1), -1e300, -2, -1, -1e-300, 0, 1e-300, 1, 2, 1e300, math.Inf(1)}
	for i, n := range all {
		if unsortable(sortable(n)) != n || i > 0 && sortable(all[i-1]) >= sortable(n) {
			t.Errorf("%g", n)
		}
	}
	if sortable(math.Copysign(0, -1)) != sortable(0) {
		t.Error("there are two zeros")
	}
}
