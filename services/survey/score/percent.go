package score

import (
	"cmp"
	"slices"
)

// Percentages are counts as whole percent that sum to 100, for display: each is
// rounded down, and what is missing goes to the largest remainders (equal ones:
// to the larger count, then to the first). Without any counts there are none.
// Counts are not negative.
func Percentages(counts ...int64) []int {
	var total int64
	for _, c := range counts {
		total += c
	}
	if total <= 0 {
		return nil
	}
	out := make([]int, len(counts))
	order := make([]int, len(counts))
	missing := 100
	for i, c := range counts {
		out[i] = int(100 * c / total)
		missing -= out[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(100*counts[b]%total, 100*counts[a]%total), cmp.Compare(counts[b], counts[a]))
	})
	for _, i := range order[:missing] {
		out[i]++
	}
	return out
}
