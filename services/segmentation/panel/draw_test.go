package panel

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func upTo(n uint64) (all []uint64) {
	for id := range n {
		all = append(all, id+1)
	}
	return all
}

func TestDraw(t *testing.T) {
	draw := func(size int, seed int64, fit func(context.Context, []int64) ([]bool, error)) ([]int64, int64) {
		t.Helper()
		ids, passed, err := Draw(t.Context(), upTo(3000), size, seed, fit)
		if err != nil {
			t.Fatal(err)
		}
		return ids, passed
	}
	some, _ := draw(1000, 7, nil)
	again, _ := draw(1000, 7, nil)
	fewer, _ := draw(10, 7, nil)
	if !slices.Equal(some, again) || !slices.Equal(some[:10], fewer) {
		t.Error("the same seed drew others")
	}
	if other, _ := draw(1000, 8, nil); slices.Equal(some, other) {
		t.Error("another seed drew the same")
	}
	if once := slices.Compact(slices.Sorted(slices.Values(some))); len(once) != 1000 {
		t.Errorf("%d different ones", len(once))
	}
	all, _ := draw(5000, 1, nil)
	slices.Sort(all)
	if len(all) != 3000 || all[0] != 1 || all[2999] != 3000 {
		t.Errorf("%d of all", len(all))
	}
	// Those who are not fit leave their place to the next drawn.
	odd := func(_ context.Context, ids []int64) ([]bool, error) {
		fits := make([]bool, len(ids))
		for i, id := range ids {
			fits[i] = id%2 == 1
		}
		return fits, nil
	}
	fit, passed := draw(100, 7, odd)
	var want []int64
	n := int64(0)
	for _, id := range some {
		if len(want) == 100 {
			break
		}
		if n++; id%2 == 1 {
			want = append(want, id)
		}
	}
	if diff := cmp.Diff(want, fit); diff != "" || passed != n-100 {
		t.Errorf("%d passed over of %d: %s", passed, n, diff)
	}
	if fit, passed = draw(3000, 7, odd); len(fit) != 1500 || passed != 1500 {
		t.Errorf("%d, %d passed over", len(fit), passed)
	}
}

// Every member is drawn as often as any other.
func TestDrawIsFair(t *testing.T) {
	counts := map[int64]int{}
	for seed := range int64(20_000) {
		ids, _, err := Draw(t.Context(), upTo(10), 3, seed, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			counts[id]++
		}
	}
	// 6,000 expected, with a deviation of √(20000 · 0.3 · 0.7) = 65.
	for id, n := range counts {
		if n < 6000-5*65 || n > 6000+5*65 {
			t.Errorf("%d was drawn %d times", id, n)
		}
	}
}
