package analysis

import (
	"math/bits"
	"slices"
	"time"
)

// Spread is how some times lie: nearest-rank percentiles (the value at rank ⌈n·p⌉
// of the ascending list), and the median as the mean of the two middle values.
type Spread struct {
	N                     int64
	Median, P50, P90, P99 time.Duration
}

// spread reads microseconds, in any order, and leaves them in another. It is nil
// without values.
func spread(v []int64) *Spread {
	n := len(v)
	if n == 0 {
		return nil
	}
	half, most, last := rank(n, 50), rank(n, 90), rank(n, 99)
	out := &Spread{N: int64(n)}
	nth(v, half)
	nth(v[half:], most-half)
	nth(v[most:], last-most)
	out.P50, out.P90, out.P99 = micros(v[half]), micros(v[most]), micros(v[last])
	out.Median = out.P50
	if n%2 == 0 {
		// The upper middle one is the least of those behind the lower. Halves are of an
		// even number of nanoseconds, so nothing is lost.
		out.Median = out.P50/2 + micros(slices.Min(v[half+1:]))/2
	}
	return out
}

// rank is where percentile p of n values stands, from 0.
func rank(n, p int) int { return (n*p+99)/100 - 1 }

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// nth moves the k-th smallest value to place k, nothing greater before it and
// nothing less behind. Selecting costs a few passes where sorting costs twenty.
func nth(v []int64, k int) {
	// Values that always split badly are sorted in the end: never worse than that.
	for tries := 4 * bits.Len(uint(len(v))); len(v) > 48 && tries > 0; tries-- {
		left, right := halve(v)
		switch {
		case k <= right:
			v = v[:right+1]
		case k >= left:
			v, k = v[left:], k-left
		default:
			return
		}
	}
	slices.Sort(v)
}

// halve puts values so that v[:right+1] ≤ pivot, v[left:] ≥ pivot, and what lies
// between equals it. Both sides are shorter than v.
func halve(v []int64) (left, right int) {
	pivot := ninther(v)
	left, right = 0, len(v)-1
	for left <= right {
		for v[left] < pivot {
			left++
		}
		for v[right] > pivot {
			right--
		}
		if left <= right {
			v[left], v[right] = v[right], v[left]
			left++
			right--
		}
	}
	return left, right
}

// ninther guesses the middle value: the median of three medians of three.
func ninther(v []int64) int64 {
	step := len(v) / 9
	third := func(i int) int64 { return middle(v[i*step], v[(i+1)*step], v[(i+2)*step]) }
	return middle(third(0), third(3), third(6))
}

func middle(a, b, c int64) int64 { return max(min(a, b), min(max(a, b), c)) }
