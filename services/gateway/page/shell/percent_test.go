package shell

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTenthsSumToAHundredPercent(t *testing.T) {
	for _, tt := range []struct {
		counts []int64
		want   []int
	}{
		{[]int64{45, 39, 51}, []int{333, 289, 378}},
		{[]int64{1, 1, 1}, []int{334, 333, 333}},
		{[]int64{1436, 968, 342}, []int{523, 352, 125}},
		{[]int64{0, 0, 5}, []int{0, 0, 1000}},
		{[]int64{1, 199, 0}, []int{5, 995, 0}},
		{[]int64{0, 0}, nil},
		{nil, nil},
	} {
		if diff := cmp.Diff(tt.want, Tenths(tt.counts...)); diff != "" {
			t.Errorf("%v: %s", tt.counts, diff)
		}
	}
	random := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		counts := make([]int64, 1+random.IntN(8))
		var total int64
		for i := range counts {
			counts[i] = random.Int64N(50)
			total += counts[i]
		}
		sum := 0
		for i, p := range Tenths(counts...) {
			sum += p
			if exact := 1000 * float64(counts[i]) / float64(total); math.Abs(float64(p)-exact) >= 1 {
				t.Fatalf("%v: %v became %d", counts, exact, p)
			}
		}
		if total > 0 && sum != 1000 {
			t.Fatalf("%v: percentages sum to %d", counts, sum)
		}
	}
}
