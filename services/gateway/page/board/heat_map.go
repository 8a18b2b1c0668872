package board

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// heatData is a page of the map.
type heatData struct {
	shell.Dated
	Heads       []heatHead
	Bodies      []heatBody
	Width       int // columns, the one of names among them
	Whole       bool
	Legend      []heatSign
	Notes       []string
	Help        string
	Next, First string
}

// heatHead is the head of a column, which orders the rows by it.
type heatHead struct {
	shell.Choice
	Order string // what a click does
}

// heatSign is what a sign in the cells means.
type heatSign struct{ Mark, Class, Words string }

// heatBody are rows under one heading.
type heatBody struct {
	Class, Tier string
	Rows        []heatRow
}

type heatRow struct {
	Name, Link string
	Sum        bool // all of the class together
	Cells      []heatCell
}

// heatCell is one cell as it is read: a colour is never alone in saying something.
type heatCell struct {
	Mark, Class, Value, N string
	Interval, Place       string
	Hint                  string // all that is known of it, in one line
}

func (p *Pages) heatMap(s *scene) any {
	h, l := &s.heat, s.Lang
	d := &heatData{Whole: h.whole, Width: len(h.got.GetMetrics()) + 1}
	d.AsOf = s.fresh(section(h.got.GetSections(), "scores").GetAsOf())
	for i, m := range h.got.GetMetrics() {
		name := l.MetricTitle(m, s.brand.Locales)
		d.Heads = append(d.Heads, heatHead{Order: fmt.Sprintf(l.HeatOrder, name), Choice: shell.Choice{
			Name: name, Link: s.With("after").With("by", m.GetName()).String() + "#heat", Current: i == h.by,
		}})
	}
	shown, all := s.heatBodies(d), 0
	for _, c := range h.got.GetClasses() {
		all += len(c.GetRows())
	}
	d.Notes = append(d.Notes, p.windowText(s), fmt.Sprintf(l.HeatShown, l.Count(int64(shown)), l.Count(int64(all))))
	if all == 0 || len(d.Heads) == 0 {
		if d.Help = l.HeatNothing; !there(h.got, "scores") || !there(h.got, "subjects") {
			d.Help = l.HeatLost
		}
		return d
	}
	for _, standing := range legend {
		d.Legend = append(d.Legend, heatSign{standingMarks[standing], standingClasses[standing], s.standing(standing)})
	}
	if end := h.after + heatPage; end < all {
		d.Next = s.With("after", strconv.Itoa(end)).String()
	}
	if h.after > 0 {
		d.First = s.With("after").String()
	}
	return d
}

// there tells that a section of the map is.
func there(got *reportv1.GetHeatMapResponse, name string) bool {
	return section(got.GetSections(), name).GetStatus() == reportv1.Section_STATUS_OK
}

// heatBodies lays out the rows of the page, and counts them.
func (s *scene) heatBodies(d *heatData) (shown int) {
	h, at := &s.heat, 0
	for _, c := range h.got.GetClasses() {
		begun := false
		for _, r := range c.GetRows() {
			if at++; at <= h.after || shown == heatPage {
				continue
			}
			if !begun {
				begun = true
				d.Bodies = append(d.Bodies, s.heatClass(c))
			}
			if tier := s.heatTier(c, r); d.Bodies[len(d.Bodies)-1].Tier != tier {
				d.Bodies = append(d.Bodies, heatBody{Tier: tier})
			}
			last := &d.Bodies[len(d.Bodies)-1]
			row := heatRow{Name: r.GetName(), Link: s.toScorecard(r.GetSubject(), nil)}
			for i, one := range r.GetCells() {
				row.Cells = append(row.Cells, s.heatCell(h.got.GetMetrics()[i], one, s.alone(c)))
			}
			last.Rows = append(last.Rows, row)
			shown++
		}
	}
	return shown
}

// heatClass is the head of a class: all of it together.
func (s *scene) heatClass(c *reportv1.HeatClass) heatBody {
	l, t := s.Lang, &s.table
	out := heatBody{Class: l.groups[t.kind]}
	switch {
	case c.GetValue() != "":
		out.Class = t.label + ": " + c.GetValue()
	case s.alone(c):
		out.Class = fmt.Sprintf(l.HeatNoClass, t.label)
		return out
	}
	row := heatRow{Name: l.HeatTogether, Sum: true}
	for i, one := range c.GetPooled() {
		row.Cells = append(row.Cells, s.heatCell(s.heat.got.GetMetrics()[i], one, false))
	}
	out.Rows = append(out.Rows, row)
	return out
}

// alone tells that subjects are in no class: nobody is set beside them.
func (s *scene) alone(c *reportv1.HeatClass) bool { return c.GetValue() == "" && s.table.label != "" }

// heatTier is the heading that a row stands under; none where nothing ranks it.
func (s *scene) heatTier(c *reportv1.HeatClass, r *reportv1.HeatRow) string {
	if s.alone(c) || !there(s.heat.got, "tiers") {
		return ""
	}
	if len(r.GetCells()) == 0 || r.GetCells()[s.heat.by].GetTier() == 0 {
		return fmt.Sprintf(s.Lang.HeatUnranked, s.table.minN)
	}
	return fmt.Sprintf(s.Lang.Tier, r.GetCells()[s.heat.by].GetTier())
}

// legend are the signs that are explained, in this order.
var legend = []reportv1.HeatCell_Standing{
	reportv1.HeatCell_STANDING_BETTER, reportv1.HeatCell_STANDING_WORSE, reportv1.HeatCell_STANDING_ALIKE, reportv1.HeatCell_STANDING_FEW,
	reportv1.HeatCell_STANDING_EMPTY, reportv1.HeatCell_STANDING_HIDDEN,
}

var standingMarks = map[reportv1.HeatCell_Standing]string{
	reportv1.HeatCell_STANDING_BETTER: "▲", reportv1.HeatCell_STANDING_WORSE: "▼", reportv1.HeatCell_STANDING_ALIKE: "≈", reportv1.HeatCell_STANDING_FEW: "?",
	reportv1.HeatCell_STANDING_EMPTY: "–", reportv1.HeatCell_STANDING_HIDDEN: "×",
}

var standingClasses = map[reportv1.HeatCell_Standing]string{
	reportv1.HeatCell_STANDING_BETTER: "better", reportv1.HeatCell_STANDING_WORSE: "worse", reportv1.HeatCell_STANDING_FEW: "hint",
	reportv1.HeatCell_STANDING_EMPTY: "quiet", reportv1.HeatCell_STANDING_HIDDEN: "quiet",
}

// standing says what can be said of a cell.
func (s *scene) standing(of reportv1.HeatCell_Standing) string {
	if of == reportv1.HeatCell_STANDING_FEW {
		return fmt.Sprintf(s.Lang.standings[of], s.table.minN)
	}
	return s.Lang.standings[of]
}

// heatCell puts one cell into words; of what stands alone it cannot be said how it is
// beside others.
func (s *scene) heatCell(m *surveyv1.Metric, c *reportv1.HeatCell, alone bool) heatCell {
	l, of := s.Lang, c.GetStanding()
	if alone && of == reportv1.HeatCell_STANDING_ALIKE {
		of = reportv1.HeatCell_STANDING_UNSPECIFIED
	}
	f := s.score(m, &surveyv1.Score{N: c.GetN(), Value: c.Value, Low: c.Low, High: c.High})
	out := heatCell{Mark: standingMarks[of], Class: standingClasses[of], Value: f.Value, Interval: f.Interval}
	if f.Value != "" {
		out.N = "n = " + l.Count(c.GetN())
	}
	var said []string
	if words := s.standing(of); words != "" {
		said = append(said, words)
	}
	if f.Value == "" {
		if of == reportv1.HeatCell_STANDING_UNSPECIFIED {
			said, out.Mark = append(said, f.N), standingMarks[reportv1.HeatCell_STANDING_EMPTY]
		}
		out.Hint = f.Name + ": " + strings.Join(said, "; ")
		return out
	}
	said = append(said, f.Interval, out.N)
	if c.Gap != nil {
		said = append(said, fmt.Sprintf(l.HeatGap, signed(c.GetGap(), l.Apart(m.GetKind(), math.Abs(c.GetGap())))))
	}
	if c.GetTier() > 0 {
		out.Place = fmt.Sprintf(l.Tier, c.GetTier()) + ", " + s.heatPlace(c)
		said = append(said, out.Place)
	}
	out.Hint = f.Name + ": " + f.Value + "; " + strings.Join(said, "; ")
	return out
}

// heatPlace is the range of places that the intervals allow.
func (s *scene) heatPlace(c *reportv1.HeatCell) string {
	if c.GetBestRank() == c.GetWorstRank() {
		return fmt.Sprintf(s.Lang.HeatPlace, s.Lang.Count(int64(c.GetRank())))
	}
	return fmt.Sprintf(s.Lang.HeatPlaces, c.GetBestRank(), c.GetWorstRank())
}

// heatTable is the whole map, a cell a line, whatever page is shown.
func (p *Pages) heatTable(_ context.Context, s *scene) ([][]string, error) {
	got := s.heat.got
	asOf := shell.Instant(section(got.GetSections(), "scores").GetAsOf())
	out := [][]string{{"class", "kind", "id", "name", "metric", "value", "low", "high", "n", "standing", "gap", "tier", "rank", "best_rank", "worst_rank", "as_of"}}
	add := func(class string, head [3]string, cells []*reportv1.HeatCell) {
		for i, c := range cells {
			line := []string{class, head[0], head[1], head[2], got.GetMetrics()[i].GetName(), shell.Optional(c.Value), shell.Optional(c.Low), shell.Optional(c.High),
				fmt.Sprint(c.GetN()), strings.TrimPrefix(c.GetStanding().String(), "STANDING_"), shell.Optional(c.Gap)}
			for _, n := range []int32{c.GetTier(), c.GetRank(), c.GetBestRank(), c.GetWorstRank()} {
				line = append(line, ordinal(n))
			}
			out = append(out, append(line, asOf))
		}
	}
	for _, c := range got.GetClasses() {
		if !s.alone(c) {
			add(c.GetValue(), [3]string{"", "", "pooled"}, c.GetPooled())
		}
		for _, r := range c.GetRows() {
			add(c.GetValue(), [3]string{kindText(r.GetSubject().GetKind()), r.GetSubject().GetId(), r.GetName()}, r.GetCells())
		}
	}
	return out, nil
}

// ordinal is a place for a program; empty where there is none.
func ordinal(n int32) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}
