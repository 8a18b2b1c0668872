package panel

import (
	"cmp"
	"math"
	"slices"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/stat"
)

// Enough is how many persons, or answers, a conclusion needs at least.
const Enough = 100

// portray tells what was counted of those chosen and, if it was, of everybody else.
func (v *View) portray(q *Question, cut []*cuts, members Set, chosen, rest *sums) *Portrait {
	p := &Portrait{Members: members, Chosen: v.group(chosen)}
	if q.Rest {
		p.Rest = v.group(rest)
	}
	for i := range q.distributions {
		s := &q.distributions[i]
		c := v.columns[s.field.Name]
		values := func(t *tally) []valued { return c.words.values(t) }
		if c.words == nil {
			values = cut[i].values
		}
		one, other := distribution{s, c, values(&chosen.spread[i]), &chosen.spread[i]}, (*distribution)(nil)
		if rest != nil {
			other = &distribution{s, c, values(&rest.spread[i]), &rest.spread[i]}
		}
		hidden := map[int]bool{}
		if s.personal {
			hidden = hide(one.values, other.values)
		}
		p.Chosen.Distributions = append(p.Chosen.Distributions, one.tell(p.Chosen.GetPersons(), hidden))
		if q.Rest {
			p.Rest.Distributions = append(p.Rest.Distributions, other.tell(p.Rest.GetPersons(), hidden))
		}
	}
	return p
}

func (v *View) group(s *sums) *segmentationv1.PanelGroup {
	n := s.worth.Persons
	out := &segmentationv1.PanelGroup{Persons: n, TooFew: n < Enough, Value: s.worth.Value(calendar.Days{From: v.Day - 364, Until: v.Day + 1})}
	if n > 0 {
		margin := min(50, 100*stat.Z*math.Sqrt(0.25/float64(n)))
		out.Margin = &margin
	}
	return out
}

// valued is one value, or numbers between two bounds, and how many have it. The same
// index stands for the same value in all groups.
type valued struct {
	name      string
	low, high *float64
	persons   int64
}

// values are what was counted, by word.
func (d *dictionary) values(t *tally) []valued {
	out := make([]valued, len(d.words))
	for id := range d.words {
		out[id].name = d.words[id].text
	}
	for code, n := range t.persons {
		if n == 0 {
			continue
		}
		for _, id := range d.lists[code].words {
			out[id].persons += n
		}
	}
	return out
}

// values are what was counted, by bucket.
func (c *cuts) values(t *tally) []valued {
	out := make([]valued, len(t.persons))
	for i, n := range t.persons {
		out[i].persons = n
		if i > 0 {
			out[i].low = &c.lows[i-1]
		}
		if c.each {
			out[i].high = out[i].low
		} else if i < len(c.lows) {
			out[i].high = &c.lows[i]
		}
	}
	if c.each {
		return out[1:]
	}
	return out
}

// fewest is how many persons a value of a personal attribute must have to be told.
const fewest = 5

// hide tells which values are not told: those of too few, in one group or in the other,
// since who knows everybody has one from the other. One alone would be had by
// difference, so that another one goes with it.
func hide(chosen, rest []valued) map[int]bool {
	few := func(v valued) bool { return v.persons > 0 && v.persons < fewest }
	hidden, also := map[int]bool{}, -1
	better := func(a, b int) bool {
		// One that hides something in both groups, then what is rarest.
		empty := func(i int) int { return min(1, int(chosen[i].persons)) * min(1, int(rest[i].persons)) }
		return cmp.Or(cmp.Compare(empty(b), empty(a)), cmp.Compare(chosen[a].persons+rest[a].persons, chosen[b].persons+rest[b].persons),
			cmp.Compare(chosen[a].name, chosen[b].name), cmp.Compare(a, b)) < 0
	}
	for i := range chosen {
		switch {
		case few(chosen[i]) || few(rest[i]):
			hidden[i] = true
		case chosen[i].persons+rest[i].persons > 0 && (also < 0 || better(i, also)):
			also = i
		}
	}
	if len(hidden) == 1 && also >= 0 {
		hidden[also] = true
	}
	return hidden
}

// distribution is what was counted of a field in a group.
type distribution struct {
	*spread
	column *column
	values []valued
	tally  *tally
}

// tell writes it for clients, without the values that are hidden.
func (d *distribution) tell(persons int64, hidden map[int]bool) *segmentationv1.Distribution {
	out := &segmentationv1.Distribution{Field: d.field.Name, Type: d.field.Type, Unknown: persons - d.tally.known}
	told := make([]int, 0, len(d.values))
	for i := range d.values {
		switch {
		case hidden[i]:
			out.Hidden += d.values[i].persons
		case d.column.words == nil || d.values[i].persons > 0:
			told = append(told, i)
		}
	}
	if d.column.words != nil {
		slices.SortFunc(told, func(a, b int) int {
			return cmp.Or(cmp.Compare(d.values[b].persons, d.values[a].persons), cmp.Compare(d.values[a].name, d.values[b].name))
		})
		if len(told) > d.limit {
			out.Other = d.beyond(told[d.limit:])
			told = told[:d.limit]
		}
	}
	for _, i := range told {
		out.Buckets = append(out.Buckets, d.bucket(&d.values[i]))
	}
	switch d.field.Type {
	case segmentationv1.FieldType_FIELD_TYPE_NUMBER, segmentationv1.FieldType_FIELD_TYPE_INTEGER:
		// With a hidden value the mean would tell something of it.
		if d.tally.known > 0 && len(hidden) == 0 {
			mean := d.tally.sum / float64(d.tally.known)
			out.Mean = &mean
		}
	}
	return out
}

// beyond is how many have any of some words.
func (d *distribution) beyond(words []int) (persons int64) {
	among := make([]bool, len(d.values))
	for _, id := range words {
		among[id] = true
	}
	for code, n := range d.tally.persons {
		if n > 0 && slices.ContainsFunc(d.column.words.lists[code].words, func(id uint32) bool { return among[id] }) {
			persons += n
		}
	}
	return persons
}

func (d *distribution) bucket(v *valued) *segmentationv1.DistributionBucket {
	out := &segmentationv1.DistributionBucket{Value: v.name, Low: v.low, High: v.high, Persons: v.persons}
	if d.tally.known > 0 {
		out.Share = 100 * float64(v.persons) / float64(d.tally.known)
		out.ShareLow, out.ShareHigh = stat.Wilson(v.persons, d.tally.known)
	}
	return out
}
