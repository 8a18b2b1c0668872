package segmentation

import (
	"context"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/few"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/panel"
)

// What few persons bought is not told to people: of a group of them it is said how many
// they are, which whoever may read segments can list anyway. Groups that add up to one
// that is told of are lines, on which none can be had by subtraction.

// hides tells whether the caller is one that such things are hidden from.
func (s *Server) hides(ctx context.Context) bool { return s.guard.Narrowed(ctx).FewHidden }

// worth are values and the cells that stand for them: of buyers, since they spent it.
type worth struct {
	values []*segmentationv1.GroupValue
	cells  []*few.Cell
}

func (w *worth) add(v *segmentationv1.GroupValue) *few.Cell {
	c := &few.Cell{N: v.GetBuyers()}
	few.Hide(c)
	w.values, w.cells = append(w.values, v), append(w.cells, c)
	return c
}

// hide empties the values whose cells are hidden; they are the answer's own.
func (w *worth) hide() {
	for i, v := range w.values {
		if w.cells[i].Hidden {
			hideWorth(v)
		}
	}
}

func hideWorth(v *segmentationv1.GroupValue) {
	if v == nil {
		return
	}
	persons := v.GetPersons()
	v.Reset()
	v.Persons, v.Suppressed = persons, new(true)
}

// hidePanel leaves nothing but numbers of persons where those chosen, or all others, are
// few: everybody's portrait less one would be the other's.
func hidePanel(out *segmentationv1.QueryPanelResponse) bool {
	chosen, others := out.GetChosen().GetPersons(), out.GetPersons()-out.GetChosen().GetPersons()
	hidden := few.Few(chosen) || few.Few(others)
	for _, g := range []*segmentationv1.PanelGroup{out.GetChosen(), out.GetRest()} {
		if hidden {
			hideGroup(g)
		}
	}
	bought, rest := out.GetChosen().GetValue().GetBuyers(), out.GetRest().GetValue().GetBuyers()
	if few.Few(bought) || few.Few(rest) {
		hideWorth(out.GetChosen().GetValue())
		hideWorth(out.GetRest().GetValue())
	}
	return hidden
}

func hideGroup(g *segmentationv1.PanelGroup) {
	hideWorth(g.GetValue())
	for _, d := range g.GetDistributions() {
		field, kind := d.GetField(), d.GetType()
		d.Reset()
		d.Field, d.Type, d.Hidden = field, kind, g.GetPersons()
	}
}

// hideValue hides periods with few buyers, and all of a segment of few, or of all but few.
func (s *Server) hideValue(ctx context.Context, b *brand, segment bool, out *segmentationv1.GetSegmentValueResponse) error {
	all := &worth{}
	total := all.add(out.GetTotal().GetValue())
	if segment {
		everybody := int64(0)
		err := b.panel.View(ctx, nil, func(v *panel.View) error {
			everybody = v.Persons.Len()
			return nil
		})
		if err != nil {
			return floor.Lost("count everybody", err)
		}
		total.Hidden = total.Hidden || few.Few(everybody-out.GetTotal().GetValue().GetPersons())
	}
	for _, p := range out.GetPeriods() {
		c := all.add(p.GetValue())
		c.Hidden = c.Hidden || total.Hidden
	}
	few.HideMore(all.cells[1:])
	all.hide()
	return nil
}

// hideOverlap takes every segment for a line of its combinations, and all of them for one.
func hideOverlap(out *segmentationv1.Overlap) {
	all := &worth{}
	var union []*few.Cell
	within := map[string][]*few.Cell{}
	for _, c := range out.GetCombinations() {
		one := all.add(c.GetValue())
		union = append(union, one)
		for _, id := range c.GetSegmentIds() {
			within[id] = append(within[id], one)
		}
	}
	lines := [][]*few.Cell{union}
	for _, line := range within {
		lines = append(lines, line)
	}
	few.Settle(lines)
	for _, v := range out.GetSegments() {
		all.add(v)
	}
	all.hide()
}

// hideMigration takes rows, columns and the whole matrix for lines.
func hideMigration(out *segmentationv1.Migration) {
	all := &worth{}
	rows, columns := map[string][]*few.Cell{}, map[string][]*few.Cell{}
	for _, c := range out.GetCells() {
		one := all.add(c.GetValue())
		rows[c.GetFrom()], columns[c.GetTo()] = append(rows[c.GetFrom()], one), append(columns[c.GetTo()], one)
	}
	lines := [][]*few.Cell{all.cells}
	for _, of := range []map[string][]*few.Cell{rows, columns} {
		for _, line := range of {
			lines = append(lines, line)
		}
	}
	few.Settle(lines)
	all.hide()
}

// hideGrid takes the cells of each score of each kind for a line.
func hideGrid(out *segmentationv1.GetRfmGridResponse) {
	type score struct {
		kind  int
		score int32
	}
	cells, lines := make([]*few.Cell, len(out.GetCells())), map[score][]*few.Cell{}
	for i, c := range out.GetCells() {
		cells[i] = &few.Cell{N: c.GetPersons()}
		for kind, of := range []int32{c.GetRecency(), c.GetFrequency(), c.GetMonetary()} {
			lines[score{kind, of}] = append(lines[score{kind, of}], cells[i])
		}
	}
	few.Hide(cells...)
	all := [][]*few.Cell{cells}
	for _, line := range lines {
		all = append(all, line)
	}
	few.Settle(all)
	for i, c := range out.GetCells() {
		if cells[i].Hidden {
			c.Purchases, c.Spent, c.Suppressed = 0, 0, new(true)
		}
	}
}

// hideDifference leaves nothing but how many they are where either side is of few.
func hideDifference(d *segmentationv1.Difference) bool {
	if !few.Few(d.GetBefore().GetN()) && !few.Few(d.GetAfter().GetN()) {
		return false
	}
	before, after := d.GetBefore().GetN(), d.GetAfter().GetN()
	d.Reset()
	d.Before, d.After = &segmentationv1.Reading{N: before}, &segmentationv1.Reading{N: after}
	d.Verdict = segmentationv1.Verdict_VERDICT_OPEN
	return true
}

// hideArms is hideDifference for the arms of an experiment.
func hideArms(all []*segmentationv1.ArmResult) {
	for _, r := range all {
		if hideDifference(r.GetDifference()) {
			r.Total, r.TotalLow, r.TotalHigh, r.Missing = nil, nil, nil, errFew.Error()
		}
	}
}

// shownHypothesis is a hypothesis as the caller may read it. What is kept is shared: it
// copies.
func (s *Server) shownHypothesis(ctx context.Context, h *segmentationv1.Hypothesis) *segmentationv1.Hypothesis {
	result := h.GetConclusion().GetResult()
	if !s.hides(ctx) || !few.Few(h.GetPlan().GetN()) && !few.Few(result.GetBefore().GetN()) && !few.Few(result.GetAfter().GetN()) {
		return h
	}
	out := proto.CloneOf(h)
	if few.Few(h.GetPlan().GetN()) {
		out.Plan = &segmentationv1.HypothesisPlan{N: h.GetPlan().GetN()}
	}
	if result != nil {
		hideDifference(out.GetConclusion().GetResult())
	}
	return out
}
