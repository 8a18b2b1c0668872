package query

import (
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// cellSum sums histograms for a plan.
type cellSum struct {
	p *Plan
	c *counter
	// subjects are those whose answers make the total; disjoint are sets of
	// subjects that may only be added if no answer counts in two of a set.
	subjects []uint32
	disjoint [][]uint32
	// split is the place of the dimension of subjects, or -1; listed are all the
	// subjects that have a value in it.
	split  int
	listed []uint32
}

func newCellSum(p *Plan, c *counter) *cellSum {
	s := &cellSum{p: p, c: c, subjects: p.scope.subjects, split: -1}
	if len(p.scope.labels) > 0 {
		s.subjects = p.b.labelled(p.scope.labels)
	} else if len(s.subjects) == 0 {
		s.subjects = []uint32{tally.Whole}
	}
	s.disjoint = append(s.disjoint, s.subjects)
	for i := range p.by {
		d := &p.by[i]
		if !d.ofSubjects() {
			continue
		}
		s.split = i
		for n, v := range d.value {
			if v != none {
				s.listed = append(s.listed, uint32(n))
			}
		}
		if d.by != surveyv1.Dimension_DIMENSION_SUBJECT {
			for _, members := range d.members() {
				s.disjoint = append(s.disjoint, members)
			}
		}
	}
	return s
}

// apart says that the sums of this slab are exact.
func (s *cellSum) apart(h *tally.Hist) bool {
	for _, set := range s.disjoint {
		if !h.Apart(set) {
			return false
		}
	}
	return true
}

// few is up to how many subjects are looked up rather than met in passing.
const few = 64

// day sums one slab.
func (s *cellSum) day(h *tally.Hist, day *daySlot, part int) {
	for _, n := range s.subjects {
		for _, run := range h.Of(n) {
			s.totals(run, day, part)
			if s.split < 0 && s.p.series() {
				s.sorted(run, day, part, none)
			}
		}
	}
	if s.split < 0 {
		return
	}
	d := &s.p.by[s.split]
	if len(s.listed) <= few {
		for _, n := range s.listed {
			for _, run := range h.Of(n) {
				s.sorted(run, day, part, d.value[n])
			}
		}
		return
	}
	for _, run := range h.Runs() {
		for i := 0; i < len(run.Cells); {
			subject, from := run.Cells[i].Subject(), i
			for i < len(run.Cells) && run.Cells[i].Subject() == subject {
				i++
			}
			if v := d.subject(subject); v != none {
				s.sorted(tally.Run{Cells: run.Cells[from:i], Counts: run.Counts[from:i]}, day, part, v)
			}
		}
	}
}

func (s *cellSum) totals(run tally.Run, day *daySlot, part int) {
	if !day.inside {
		return
	}
	for i, c := range run.Cells {
		if passes(s.p.scope.channels, c.Channel()) && day.place(c.Quarter()) != outside {
			s.c.total[part].Add(int(c.Score()), int(c.Importance()), run.Counts[i])
		}
	}
}

// sorted sums the cells of one subject into their groups; value is that of the
// subject in its dimension.
func (s *cellSum) sorted(run tally.Run, day *daySlot, part int, value int32) {
	crossed, timed := len(s.p.by) == 2, s.p.grain.Valid()
	var g *group // neighbours mostly stand in the same one
	for i, c := range run.Cells {
		n := run.Counts[i]
		if n == 0 || !passes(s.p.scope.channels, c.Channel()) {
			continue
		}
		slot := day.place(c.Quarter())
		if slot == outside {
			continue
		}
		var values [2]int32
		for k := range s.p.by {
			values[k] = cellValue(&s.p.by[k], c, day, value)
		}
		if g == nil || g.values != values {
			g = s.c.group(values, timed, crossed)
		}
		if g != nil {
			s.c.add(g, day, slot, part, c.Score(), c.Importance(), n)
		}
	}
}

func cellValue(d *dimension, c tally.Cell, day *daySlot, subject int32) int32 {
	switch d.by {
	case surveyv1.Dimension_DIMENSION_CHANNEL:
		return int32(c.Channel())
	case surveyv1.Dimension_DIMENSION_DAY_OF_WEEK:
		return day.weekday
	case surveyv1.Dimension_DIMENSION_HOUR:
		if int(c.Quarter()) < len(day.hours) {
			return int32(day.hours[c.Quarter()])
		}
		return 0
	}
	return subject
}
