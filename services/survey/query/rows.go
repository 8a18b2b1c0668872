package query

import (
	"slices"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/survey/score"
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
	// channels, modes and surveys tell which numbers pass; nil: all do.
	channels, modes, surveys []bool
	crowd                    crowdOf
	picked                   [block]int32
	several                  [2][block]int32 // room for what one row or block is in
}

func newRowSum(p *Plan, c *counter) *rowSum {
	s := &rowSum{p: p, c: c, paths: map[uint32][]uint32{}, crowd: p.scope.whose.crowd()}
	s.channels, s.modes = allowed(p.scope.channels), allowed(p.scope.modes)
	if len(p.scope.surveys) > 0 {
		s.surveys = marked(p.scope.surveys)
	}
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

// sets judges the sets of subjects; nil where nobody asks about subjects.
func (s *rowSum) sets(rows *tally.Rows) []judged {
	if s.given == nil && s.labelled == nil && !slices.ContainsFunc(s.p.by, func(d dimension) bool { return d.ofSubjects() }) {
		return nil
	}
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

// facets judges the sets of facets; nil where nobody asks about facets.
func (s *rowSum) facets(rows *tally.Rows) []judged {
	asked := func(d dimension) bool { return d.by == surveyv1.Dimension_DIMENSION_FACET }
	if len(s.p.scope.facets) == 0 && !slices.ContainsFunc(s.p.by, asked) {
		return nil
	}
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
func (s *rowSum) day(rows *tally.Rows, on calendar.Day, day *daySlot, part int) {
	sift := s.sift(rows, on, day, part)
	members := make([]segmentsOf, 0, 2)
	for k := range s.p.by {
		members = append(members, s.p.by[k].membersOn(on))
	}
	for from := 0; from < rows.Len(); from += block {
		picked := sift.pick(s.picked[:], from, min(from+block, rows.Len()))
		if day.inside {
			addRows(&s.c.total[part], rows, picked)
		}
		switch {
		case !s.p.series():
		case len(s.p.by) == 0:
			s.line(rows, picked, day, part, 0)
		case len(s.p.by) == 1 && len(members[0]) > 0:
			for k, bits := range members[0] {
				s.line(rows, ofMembers(s.several[0][:0], rows.Customer, bits, picked), day, part, int32(k))
			}
		default:
			for _, i := range picked {
				s.groups(rows, int(i), day, part, &sift, members)
			}
		}
	}
}

// addRows counts rows without asking what they are.
func addRows(h *score.Hist, rows *tally.Rows, picked []int32) {
	for _, i := range picked {
		if w := rows.Importance[i]; w != 0 {
			h.Add(int(rows.Score[i]), int(w), 1)
		} else {
			h.Counts[rows.Score[i]]++
		}
	}
}

// slot is where row i goes.
func (s *rowSum) slot(rows *tally.Rows, i int, day *daySlot) int32 {
	if s.p.window.live {
		return day.place(rows.Quarter[i])
	}
	return day.slot
}

// line counts rows in one group.
func (s *rowSum) line(rows *tally.Rows, picked []int32, day *daySlot, part int, value int32) {
	if len(picked) == 0 {
		return
	}
	g := s.c.group([2]int32{value}, s.p.grain.Valid(), false)
	switch {
	case g == nil:
	case !s.p.window.live || day.quarters == nil:
		if day.inside {
			addRows(&g.total[part], rows, picked)
		}
		if len(g.slots) > 0 {
			addRows(&g.slots[int(day.slot)*s.c.parts+part], rows, picked)
		}
	default:
		for _, i := range picked {
			s.c.add(g, day, s.slot(rows, int(i), day), part, rows.Score[i], rows.Importance[i], 1)
		}
	}
}

// groups counts row i in each of its groups.
func (s *rowSum) groups(rows *tally.Rows, i int, day *daySlot, part int, sift *sift, members []segmentsOf) {
	single := [2][1]int32{}
	values := [2][]int32{single[0][:], single[1][:]}
	for k := range s.p.by {
		d := &s.p.by[k]
		switch {
		case d.ofSubjects():
			values[k] = sift.sets[rows.Set[i]].values[k]
		case d.by == surveyv1.Dimension_DIMENSION_FACET:
			values[k] = sift.facets[rows.FacetSet[i]].values[k]
		case d.by == surveyv1.Dimension_DIMENSION_SEGMENT:
			values[k] = members[k].of(rows.Customer[i], s.several[k][:0])
		default:
			values[k][0] = rowValue(d, rows, i, day)
		}
	}
	slot := s.slot(rows, i, day)
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
