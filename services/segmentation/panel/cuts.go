package panel

import (
	"math"
	"slices"
	"sort"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// cuts are where buckets of numbers begin, all but the first.
type cuts struct {
	lows []float64
	// each tells that a bucket is one value, and that nothing lies below the first.
	each bool
	// version and day are those of the column that they were found for.
	version uint64
	day     calendar.Day
}

// bucket is where a number belongs.
func (c *cuts) bucket(n float64) int {
	at := 0
	if len(c.lows) > 8 {
		return sort.Search(len(c.lows), func(i int) bool { return c.lows[i] > n })
	}
	for at < len(c.lows) && c.lows[at] <= n {
		at++
	}
	return at
}

// most is how many values are shown each by itself; parts how many parts there are
// otherwise.
const (
	most  = 20
	parts = 5
)

// cutsOf are the cuts of a distribution: as asked for, or those that everybody gives.
func (v *View) cutsOf(s *spread) *cuts {
	c := v.columns[s.field.Name]
	if c.words != nil {
		return nil
	}
	if len(s.bounds) > 0 {
		return &cuts{lows: s.bounds}
	}
	today := c.days(v.Day)
	day := calendar.Day(today)
	if known := c.cut.Load(); known != nil && known.version == c.version && known.day == day {
		return known
	}
	found := &cuts{version: c.version, day: day}
	all := c.numbers
	if c.since {
		all = make([]float64, len(c.numbers))
		for i, n := range c.numbers {
			all[i] = c.shown(n, today)
		}
	}
	if found.lows, found.each = distinct(all); !found.each {
		found.lows = quantiles(all)
	}
	c.cut.Store(found)
	return found
}

// distinct are the values there are; false if there are too many.
func distinct(all []float64) (values []float64, few bool) {
	last := math.NaN()
	for _, n := range all {
		if n != n || n == last {
			continue
		}
		last = n
		at, found := slices.BinarySearch(values, n)
		if found {
			continue
		}
		if len(values) == most {
			return nil, false
		}
		values = slices.Insert(values, at, n)
	}
	return values, true
}

// quantiles are where the parts begin, each with equal values whole: the least value
// above the one at the nearest rank of each part's end.
func quantiles(all []float64) (lows []float64) {
	keys := make([]uint64, 0, len(all))
	for _, n := range all {
		if n == n {
			keys = append(keys, sortable(n))
		}
	}
	total := len(keys)
	if total == 0 {
		return nil
	}
	ends := make([]uint64, 0, parts-1)
	for k := 1; k < parts; k++ {
		ends = append(ends, nth(keys, (total*k+parts-1)/parts-1, 48))
	}
	ends = slices.Compact(ends)
	next := make([]uint64, len(ends))
	for i := range next {
		next[i] = math.MaxUint64
	}
	for _, key := range keys {
		// The last end below the key is the one whose part begins there.
		at := len(ends) - 1
		for at >= 0 && ends[at] >= key {
			at--
		}
		if at >= 0 && key < next[at] {
			next[at] = key
		}
	}
	for _, key := range next {
		if key != math.MaxUint64 {
			lows = append(lows, unsortable(key))
		}
	}
	return lows
}

// sortable maps numbers to keys in the same order.
func sortable(n float64) uint64 {
	key := math.Float64bits(n + 0) // there are two zeros, and they are equal
	if key>>63 == 1 {
		return ^key
	}
	return key | 1<<63
}

func unsortable(key uint64) float64 {
	if key>>63 == 1 {
		return math.Float64frombits(key &^ (1 << 63))
	}
	return math.Float64frombits(^key)
}

// nth is the key of a rank, from 0, in ascending order. It looks at 16 bits after the
// other, and only at those keys that have the bits found so far.
func nth(keys []uint64, rank, shift int) uint64 {
	if len(keys) < 1<<12 {
		some := slices.Clone(keys)
		slices.Sort(some)
		return some[rank]
	}
	var counts [1 << 16]int32
	for _, key := range keys {
		counts[uint16(key>>shift)]++
	}
	digit := 0
	for rank >= int(counts[digit]) {
		rank -= int(counts[digit])
		digit++
	}
	some := make([]uint64, 0, counts[digit])
	for _, key := range keys {
		if int(uint16(key>>shift)) == digit {
			some = append(some, key)
		}
	}
	if shift == 0 {
		return some[0]
	}
	return nth(some, rank, shift-16)
}
