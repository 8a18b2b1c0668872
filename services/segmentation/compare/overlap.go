package compare

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// mask has a bit for each of at most 16 sets.
type mask uint16

func (m mask) has(i int) bool { return m>>i&1 == 1 }

// Overlap tells for each person which of some sets it is in.
type Overlap struct {
	ids []string
	of  []mask
	any *roaring64.Bitmap
}

// OverlapOf lays at most 16 sets, each with its id, over the numbers up to last.
func OverlapOf(ids []string, sets []*roaring64.Bitmap, who *people.Mapping, last int64) *Overlap {
	o := &Overlap{ids, make([]mask, last+1), roaring64.FastOr(sets...)}
	for i, set := range sets {
		each(set, who, last, func(person int64) { o.of[person] |= 1 << i })
	}
	return o
}

// Any are the numbers in any of the sets.
func (o *Overlap) Any() *roaring64.Bitmap { return o.any }

// Combined counts persons by the exact combination of sets that they are in.
type Combined struct {
	over   *Overlap
	groups map[mask]*value.Group
}

// Combine has counted nobody.
func (o *Overlap) Combine() *Combined { return &Combined{o, map[mask]*value.Group{}} }

// Add counts a person in.
func (c *Combined) Add(person int64, b value.Bought) { c.group(c.over.of[person]).Add(b) }

func (c *Combined) group(m mask) *value.Group {
	g := c.groups[m]
	if g == nil {
		g = &value.Group{}
		c.groups[m] = g
	}
	return g
}

// Plus counts other persons in.
func (c *Combined) Plus(o *Combined) {
	for m, g := range o.groups {
		c.group(m).Plus(g)
	}
}

// Answer sums combinations up: whatever it says of a set or of two is what the
// combinations that are in it say.
func (c *Combined) Answer(days calendar.Days) *segmentationv1.Overlap {
	out := &segmentationv1.Overlap{}
	for i := range c.over.ids {
		sum := c.sum(func(m mask) bool { return m.has(i) })
		out.Segments = append(out.Segments, sum.Value(days))
		for j := range c.over.ids[:i] {
			out.Pairs = append(out.Pairs, c.pair(j, i))
		}
	}
	// As asked: by the left one first.
	order := func(p *segmentationv1.Pair) int { return slices.Index(c.over.ids, p.GetLeft()) }
	slices.SortStableFunc(out.GetPairs(), func(a, b *segmentationv1.Pair) int { return cmp.Compare(order(a), order(b)) })
	for _, m := range slices.Sorted(maps.Keys(c.groups)) {
		out.Persons += c.groups[m].Persons
		out.Combinations = append(out.Combinations, &segmentationv1.Combination{SegmentIds: c.over.names(m), Value: c.groups[m].Value(days)})
	}
	slices.SortFunc(out.GetCombinations(), func(a, b *segmentationv1.Combination) int {
		return cmp.Or(cmp.Compare(b.GetValue().GetPersons(), a.GetValue().GetPersons()), slices.Compare(a.GetSegmentIds(), b.GetSegmentIds()))
	})
	return out
}

func (c *Combined) sum(in func(mask) bool) (sum value.Group) {
	for m, g := range c.groups {
		if in(m) {
			sum.Plus(g)
		}
	}
	return sum
}

func (c *Combined) pair(i, j int) *segmentationv1.Pair {
	both := c.sum(func(m mask) bool { return m.has(i) && m.has(j) }).Persons
	either := c.sum(func(m mask) bool { return m.has(i) || m.has(j) }).Persons
	out := &segmentationv1.Pair{Left: c.over.ids[i], Right: c.over.ids[j], Both: both}
	if either > 0 {
		percent := 100 * float64(both) / float64(either)
		out.Overlap = &percent
	}
	return out
}

func (o *Overlap) names(m mask) (ids []string) {
	ids = make([]string, 0, bits.OnesCount16(uint16(m)))
	for i, id := range o.ids {
		if m.has(i) {
			ids = append(ids, id)
		}
	}
	return ids
}
