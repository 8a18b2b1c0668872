package analysis

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSpreadIsTheSortedOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		v := make([]int64, r.IntN(400))
		width := 1 + r.Int64N(1<<uint(r.IntN(40)))
		for i := range v {
			v[i] = r.Int64N(width) - width/3
		}
		want := sorted(v)
		if diff := cmp.Diff(want, spread(v)); diff != "" {
			t.Fatalf("%d values below %d: (-want +got)\n%s", len(v), width, diff)
		}
	}
}

func TestSpreadOfHardOrders(t *testing.T) {
	const n = 100_000
	for name, at := range map[string]func(i int) int64{
		"equal":     func(int) int64 { return 7 },
		"ascending": func(i int) int64 { return int64(i) },
		"falling":   func(i int) int64 { return int64(-i) },
		"organ":     func(i int) int64 { return int64(min(i, n-i)) },
		"saw":       func(i int) int64 { return int64(i % 9) },
	} {
		v := make([]int64, n)
		for i := range v {
			v[i] = at(i)
		}
		ordered := slices.Sorted(slices.Values(v))
		got := spread(v)
		want := &Spread{
			N: n, Median: (micros(ordered[n/2-1]) + micros(ordered[n/2])) / 2,
			P50: micros(ordered[n/2-1]), P90: micros(ordered[n*9/10-1]), P99: micros(ordered[n*99/100-1]),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestMedianKeepsTheHalfMicrosecond(t *testing.T) {
	if got := spread([]int64{4, 1}).Median; got != 2500*time.Nanosecond {
		t.Errorf("median of 1 and 4 µs = %v", got)
	}
	if got := spread([]int64{-4, -1}).Median; got != -2500*time.Nanosecond {
		t.Errorf("median of -1 and -4 µs = %v", got)
	}
}
