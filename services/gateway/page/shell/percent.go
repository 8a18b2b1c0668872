package shell

import (
	"cmp"
	"slices"
)

// Tenths are counts as tenths of a percent that sum to 1,000: each is rounded
// down, and what is missing goes to the largest remainders (equal ones: to the
// larger count, then to the first), so that what a reader adds up is 100 %.
// Without any counts there are none. Counts are not negative.
func Tenths(counts ...int64) []int {
	var total int64
	for _, c := range counts {
		total += c
	}
	if total <= 0 {
		return nil
	}
	out := make([]int, len(counts))
	const whole = 1000
	order := make([]int, len(counts))
	missing := whole
	for i, c := range counts {
		out[i] = int(whole * c / total)
		missing -= out[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(whole*counts[b]%total, whole*counts[a]%total), cmp.Compare(counts[b], counts[a]))
	})
	for _, i := range order[:missing] {
		out[i]++
	}
	return out
}
