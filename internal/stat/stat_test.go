package stat

import (
	"math"
	"testing"
)

// The ends solve (p̂ − p)² = z²·p(1 − p)/n, which is what makes the interval Wilson's.
func TestWilsonSolvesItsEquation(t *testing.T) {
	for _, n := range []int64{1, 2, 10, 5164} {
		for x := int64(0); x <= n; x = next(x, n) {
			low, high := Wilson(x, n)
			if x == 0 && low != 0 || x == n && high != 100 {
				t.Fatalf("%d of %d: %v to %v", x, n, low, high)
			}
			share := float64(x) / float64(n)
			if low < 0 || high > 100 || low > 100*share+1e-9 || high < 100*share-1e-9 || low == high {
				t.Fatalf("%d of %d: %v to %v", x, n, low, high)
			}
			for _, end := range []float64{low / 100, high / 100} {
				d := (share-end)*(share-end) - Z*Z*end*(1-end)/float64(n)
				if math.Abs(d) > 1e-12 {
					t.Fatalf("%d of %d: %v is off by %v", x, n, end, d)
				}
			}
		}
	}
}

// next goes up by a seventh and ends at n itself.
func next(x, n int64) int64 {
	if x == n {
		return n + 1
	}
	return min(n, x+max(1, n/7))
}
