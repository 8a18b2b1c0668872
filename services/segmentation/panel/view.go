package panel

import (
	"math"
	"math/bits"
	"sync"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// View is the table at one moment. It must not be changed.
type View struct {
	// Persons are everybody.
	Persons Set
	// AsOf is the commit time of the last fact included, in Unix microseconds; Day the
	// one that windows were rolled to.
	AsOf    int64
	Day     calendar.Day
	columns map[string]*column
}

// Portrait is the answer to a question.
type Portrait struct {
	// Chosen is whom all filters hold for, Rest everybody else; nil if not asked for.
	Chosen, Rest *segmentationv1.PanelGroup
	// Members are those chosen.
	Members Set
}

// halves is how many goroutines share the work: each goes over a run of numbers from
// the first filter to the last distribution.
const halves = 2

// Answer answers a question; members are those of the segments that it names.
func (v *View) Answer(q *Question, members map[string]*roaring64.Bitmap) *Portrait {
	size := len(v.Persons) * 64
	sets := map[string]Set{}
	for id, set := range members {
		sets[id] = dense(set, size)
	}
	tests := make([]test, len(q.filters))
	for i := range q.filters {
		tests[i] = v.test(&q.filters[i], sets)
	}
	cut, beside := make([]*cuts, len(q.distributions)), q.Rest
	var wg sync.WaitGroup
	for i := range q.distributions {
		beside = beside || q.distributions[i].personal
		wg.Go(func() { cut[i] = v.cutsOf(&q.distributions[i]) })
	}
	wg.Wait()
	chosen, parts := newSet(size), make([][2]*sums, halves)
	for h := range halves {
		wg.Go(func() {
			from, until := len(chosen)*h/halves, len(chosen)*(h+1)/halves
			v.choose(chosen, from, until, tests)
			parts[h][0] = v.sum(q, cut, chosen, from, until)
			if beside {
				rest := newSet(size)
				for i := from; i < until; i++ {
					rest[i] = v.Persons[i] &^ chosen[i]
				}
				parts[h][1] = v.sum(q, cut, rest, from, until)
			}
		})
	}
	wg.Wait()
	for _, more := range parts[1:] {
		parts[0][0].plus(more[0])
		parts[0][1].plus(more[1])
	}
	return v.portray(q, cut, chosen, parts[0][0], parts[0][1])
}

// test tells whom of a word of 64 persons a filter holds for.
type test func(at int, word uint64) uint64

func (v *View) test(c *condition, sets map[string]Set) test {
	holds := v.holds(c, sets)
	if !c.not {
		return holds
	}
	return func(at int, word uint64) uint64 { return word &^ holds(at, word) }
}

func (v *View) holds(c *condition, sets map[string]Set) test {
	if c.field == nil {
		set := sets[c.segment]
		return func(at int, word uint64) uint64 { return word & set[at] }
	}
	col := v.columns[c.field.Name]
	if col.words != nil {
		matches, codes := c.match(col.words), col.codes
		return each(func(id int) bool { return matches[codes[id]] })
	}
	low, high := math.Inf(-1), math.Inf(1)
	if c.low != nil {
		low = *c.low
	}
	if c.high != nil {
		high = *c.high
	}
	numbers, today := col.numbers, col.days(v.Day)
	return each(func(id int) bool { n := col.shown(numbers[id], today); return n >= low && n <= high })
}

// each is a test of one person after the other.
func each(holds func(id int) bool) test {
	return func(at int, word uint64) (out uint64) {
		for w := word; w != 0; w &= w - 1 {
			bit := bits.TrailingZeros64(w)
			if holds(at<<6 + bit) {
				out |= 1 << bit
			}
		}
		return out
	}
}

// choose puts in whom all tests hold for.
func (v *View) choose(into Set, from, until int, tests []test) {
	for i := from; i < until; i++ {
		word := v.Persons[i]
		for _, t := range tests {
			if word == 0 {
				break
			}
			word = t(i, word)
		}
		into[i] = word
	}
}

// sums are what is counted of a group.
type sums struct {
	worth  value.Group
	spread []tally
}

// tally is what is counted of a field: persons by code or bucket, those of whom it is
// known, and the sum of numbers.
type tally struct {
	persons []int64
	known   int64
	sum     float64
}

func (s *sums) plus(o *sums) {
	if o == nil {
		return
	}
	s.worth.Plus(&o.worth)
	for i := range s.spread {
		for j, n := range o.spread[i].persons {
			s.spread[i].persons[j] += n
		}
		s.spread[i].known += o.spread[i].known
		s.spread[i].sum += o.spread[i].sum
	}
}

// sum counts some of a set.
func (v *View) sum(q *Question, cut []*cuts, set Set, from, until int) *sums {
	out := &sums{spread: make([]tally, len(q.distributions))}
	v.worth(&out.worth, set, from, until)
	for i := range q.distributions {
		c, t := v.columns[q.distributions[i].field.Name], &out.spread[i]
		if c.words != nil {
			t.words(c, set, from, until)
		} else {
			t.numbers(c, v.Day, cut[i], set, from, until)
		}
	}
	return out
}

func (t *tally) words(c *column, set Set, from, until int) {
	t.persons = make([]int64, len(c.words.lists))
	for i := from; i < until; i++ {
		for w := set[i]; w != 0; w &= w - 1 {
			t.persons[c.codes[i<<6+bits.TrailingZeros64(w)]]++
		}
	}
	for _, n := range t.persons[1:] {
		t.known += n
	}
}

func (t *tally) numbers(c *column, day calendar.Day, cut *cuts, set Set, from, until int) {
	t.persons = make([]int64, len(cut.lows)+1)
	today := c.days(day)
	for i := from; i < until; i++ {
		for w := set[i]; w != 0; w &= w - 1 {
			n := c.numbers[i<<6+bits.TrailingZeros64(w)]
			if n != n {
				continue
			}
			n = c.shown(n, today)
			t.persons[cut.bucket(n)]++
			t.known++
			t.sum += n
		}
	}
}

// worth counts what was bought.
func (v *View) worth(g *value.Group, set Set, from, until int) {
	count, spent := v.columns[yearCount].numbers, v.columns[yearSpent].numbers
	first, last := v.columns[firstDay].numbers, v.columns[lastDay].numbers
	for i := from; i < until; i++ {
		for w := set[i]; w != 0; w &= w - 1 {
			id := i<<6 + bits.TrailingZeros64(w)
			b := value.Bought{}
			if n := count[id]; n > 0 {
				b = value.Bought{Purchases: int64(n), Spent: int64(spent[id]), First: calendar.Day(first[id]), Last: calendar.Day(last[id])}
			}
			g.Add(b)
		}
	}
}
