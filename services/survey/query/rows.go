package query

import (
	"slices"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// rowSum sums rows for a plan.
type rowSum struct {
	p *Plan
	c *counter
	// wanted tells which subjects a response must count in, by any of the given
	// and by any of those with the labels; nil: no such condition.
	given, labelled []bool
	paths           map[uint32][]uint32 // today's path of a subject
}

func newRowSum(p *Plan, c *counter) *rowSum {
	s := &rowSum{p: p, c: c, paths: map[uint32][]uint32{}}
	if len(p.scope.subjects) > 0 {
		s.given = marked(p.scope.subjects)
	}
	if len(p.scope.labels) > 0 {
		s.labelled = marked(p.b.labelled(p.scope.labels))
	}
	return s
}

// marked is a set of numbers, never nil.
func marked(subjects []uint32) []bool {
	top := uint32(0)
	for _, n := range subjects {
		top = max(top, n)
	}
	out := make([]bool, top+1)
	for _, n := range subjects {
		out[n] = true
	}
	return out
}

func meets(path []uint32, set []bool) bool {
	if set == nil {
		return true
	}
	for _, n := range path {
		if int(n) < len(set) && set[n] {
			return true
		}
	}
	return false
}

// path is what a response counts in, in the structure asked for.
func (s *rowSum) path(set tally.Set) []uint32 {
	if !s.p.scope.current {
		return set.Path
	}
	var out []uint32
	for _, n := range set.Named {
		path, ok := s.paths[n]
		if !ok {
			path = s.p.b.Book().PathAt([]uint32{n}, s.p.now)
			s.paths[n] = path
		}
		out = append(out, path...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// judged is what a plan makes of one distinct set of subjects or facets: whether
// it passes, and the values it has in each dimension that reads it.
type judged struct {
	ok     bool
	values [2][]int32
}

func (s *rowSum) sets(rows *tally.Rows) []judged {
	out := make([]judged, len(rows.Sets()))
	for i, set := range rows.Sets() {
		path := s.path(set)
		out[i].ok = meets(path, s.given) && meets(path, s.labelled)
		for k := range s.p.by {
			if d := &s.p.by[k]; d.ofSubjects() && out[i].ok {
				out[i].values[k] = d.ofPath(path)
			}
		}
	}
	return out
}

func (s *rowSum) facets(rows *tally.Rows) []judged {
	out := make([]judged, len(rows.FacetSets()))
	for i, facets := range rows.FacetSets() {
		out[i].ok = s.p.scope.holdsFacets(facets)
		for k := range s.p.by {
			if d := &s.p.by[k]; d.by == surveyv1.Dimension_DIMENSION_FACET && out[i].ok {
				out[i].values[k] = []int32{d.named(facetOf(facets, d.key))}
			}
		}
	}
	return out
}

// day sums one slab.
func (s *rowSum) day(rows *tally.Rows, day *daySlot, part int) {
	sets, facets := s.sets(rows), s.facets(rows)
	scope := &s.p.scope
	for i := range rows.Row {
		if !sets[rows.Set[i]].ok || !facets[rows.FacetSet[i]].ok || rows.Score[i] == tally.NoScore ||
			!passes(scope.channels, rows.Channel[i]) || !passes(scope.modes, rows.Mode[i]) ||
			len(scope.surveys) > 0 && !slices.Contains(scope.surveys, rows.Survey[i]) {
			continue
		}
		slot := day.place(rows.Quarter[i])
		if !s.p.window.live {
			slot = day.slot
		}
		if slot == outside {
			continue
		}
		if day.inside {
			s.c.total[part].Add(int(rows.Score[i]), int(rows.Importance[i]), 1)
		}
		if s.p.series() {
			s.groups(rows, i, day, slot, part, &sets[rows.Set[i]], &facets[rows.FacetSet[i]])
		}
	}
}

// groups counts row i in each of its groups.
func (s *rowSum) groups(rows *tally.Rows, i int, day *daySlot, slot int32, part int, set, facets *judged) {
	single := [2][1]int32{}
	values := [2][]int32{single[0][:], single[1][:]}
	for k := range s.p.by {
		d := &s.p.by[k]
		switch {
		case d.ofSubjects():
			values[k] = set.values[k]
		case d.by == surveyv1.Dimension_DIMENSION_FACET:
			values[k] = facets.values[k]
		default:
			values[k][0] = rowValue(d, rows, i, day)
		}
	}
	crossed, timed := len(s.p.by) == 2, s.p.grain.Valid()
	for _, first := range values[0] {
		for _, second := range values[1] {
			if g := s.c.group([2]int32{first, second}, timed, crossed); g != nil {
				s.c.add(g, day, slot, part, rows.Score[i], rows.Importance[i], 1)
			}
		}
	}
}

func rowValue(d *dimension, rows *tally.Rows, i int, day *daySlot) int32 {
	switch d.by {
	case surveyv1.Dimension_DIMENSION_CHANNEL:
		return int32(rows.Channel[i])
	case surveyv1.Dimension_DIMENSION_MODE:
		return int32(rows.Mode[i])
	case surveyv1.Dimension_DIMENSION_SURVEY:
		return int32(rows.Survey[i])
	case surveyv1.Dimension_DIMENSION_HOUR:
		return int32(rows.Hour[i])
	}
	return day.weekday
}
