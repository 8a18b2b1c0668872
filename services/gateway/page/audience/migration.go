package audience

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// isUnknown reports whether there is nothing of what was asked for.
func isUnknown(err error) bool {
	return fault.Is(err, commonv1.Reason_REASON_RFM_UNKNOWN) || fault.Is(err, commonv1.Reason_REASON_NO_PURCHASES)
}

// overs are what people can be seen to move between.
var overs = []string{"recency", "frequency", "monetary", "rf", "segments", "occasions"}

var bys = map[string]segmentationv1.RfmStates_By{
	"recency": segmentationv1.RfmStates_BY_RECENCY, "frequency": segmentationv1.RfmStates_BY_FREQUENCY,
	"monetary": segmentationv1.RfmStates_BY_MONETARY, "rf": segmentationv1.RfmStates_BY_RECENCY_FREQUENCY,
}

// between are the two days; where none is given, a month apart up to today.
func (p *Pages) between(s *scene) (from, to string) {
	to = s.Own.Get("to")
	last := p.today(s)
	if at, err := time.Parse(time.DateOnly, to); err == nil {
		last = at
	}
	if from = s.Own.Get("from"); from == "" {
		back := 30
		if s.over() == "occasions" {
			back = 60 // the two stretches must not overlap
		}
		from = last.AddDate(0, 0, -back).Format(time.DateOnly)
	}
	return from, last.Format(time.DateOnly)
}

func (s *scene) over() string {
	for _, o := range overs {
		if s.Own.Get("over") == o {
			return o
		}
	}
	return overs[0]
}

// askMigration asks what the address says; nil: segments must be chosen first.
func (p *Pages) askMigration(ctx context.Context, s *scene) (*segmentationv1.CompareSegmentsResponse, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	q := &segmentationv1.MigrationQuery{}
	q.From, q.To = p.between(s)
	switch over := s.over(); over {
	case "segments":
		if len(s.Own["segment"]) == 0 {
			return nil, nil
		}
		q.States = &segmentationv1.MigrationQuery_Segments{Segments: &segmentationv1.SegmentStates{SegmentIds: s.Own["segment"]}}
	case "occasions":
		days, _ := strconv.ParseInt(s.Own.Get("days"), 10, 32) // what is not a number is the usual stretch
		if days <= 0 {
			days = 30
		}
		q.States = &segmentationv1.MigrationQuery_Occasions{Occasions: &segmentationv1.OccasionStates{Days: int32(days)}}
	default:
		q.States = &segmentationv1.MigrationQuery_Rfm{Rfm: &segmentationv1.RfmStates{By: bys[over]}}
	}
	return p.people.CompareSegments(ctx, &segmentationv1.CompareSegmentsRequest{
		Brand: s.Brand, Comparison: &segmentationv1.CompareSegmentsRequest_Migration{Migration: q},
	})
}

func (p *Pages) migrationSections(s *scene) []shell.Section {
	return []shell.Section{
		{ID: "between", Place: shell.Top, Title: s.Lang.Between, Load: func(ctx context.Context) (any, error) { return p.loadBetween(ctx, s) }},
		{ID: "matrix", Place: shell.Top, Title: s.Lang.Matrix, Load: func(ctx context.Context) (any, error) { return p.loadMatrix(ctx, s) }},
	}
}

// betweenData is the form.
type betweenData struct {
	From, To        string
	Overs, Segments []shell.Option
	Hidden          []shell.Hidden
}

func (p *Pages) loadBetween(ctx context.Context, s *scene) (any, error) {
	c, err := p.catalogue(ctx, s)
	if err != nil {
		return nil, err
	}
	d := &betweenData{Segments: c.segmentOptions(s.Own["segment"]...), Hidden: s.Hidden("from", "to", "over", "segment")}
	d.From, d.To = p.between(s)
	for _, o := range overs {
		d.Overs = append(d.Overs, shell.Option{Value: o, Name: s.Lang.overs[o], Chosen: o == s.over()})
	}
	return d, nil
}

// matrixData is who went from where to where, with totals at both ends.
type matrixData struct {
	Help, About, Units, CSV string
	Columns                 []string
	Rows                    []matrixRow
	Totals                  []string
	Worth                   []worthRow
}

type matrixRow struct {
	Name, Total string
	Cells       []matrixCell
}

type matrixCell struct {
	Units, Share, Title string
	Shade               int
	Stayed              bool
}

// worthRow is one of the largest moves, with what its people are worth.
type worthRow struct{ From, To, Units, Check, Lifetime string }

func (p *Pages) loadMatrix(ctx context.Context, s *scene) (any, error) {
	got, err := p.askMigration(ctx, s)
	switch {
	case isUnknown(err):
		return &matrixData{Help: s.Lang.NoRuns}, nil
	case fault.Code(err).String() == "InvalidArgument": // such as a segment that is younger
		return &matrixData{Help: s.Lang.why(err)}, nil
	case err != nil:
		return nil, err
	case got == nil:
		return &matrixData{Help: s.Lang.ChooseSegments}, nil
	}
	return s.matrix(got), nil
}

// matrix lays the cells out: rows are where people were, columns where they are.
func (s *scene) matrix(got *segmentationv1.CompareSegmentsResponse) *matrixData {
	m, l := got.GetMigration(), s.Lang
	d := &matrixData{About: s.dayText(m.GetFrom()) + " → " + s.dayText(m.GetTo()) + " · " + s.fresh(got.GetAsOf()), Units: l.Count(m.GetUnits()), CSV: s.csv()}
	cells := map[[2]string]*segmentationv1.MigrationCell{}
	for _, c := range m.GetCells() {
		cells[[2]string{c.GetFrom(), c.GetTo()}] = c
	}
	states := m.GetStates()
	kept := populated(m)
	for _, i := range kept {
		d.Columns = append(d.Columns, s.state(states, i, l.Gone))
		d.Totals = append(d.Totals, l.Count(m.GetColumns()[i]))
		row := matrixRow{Name: s.state(states, i, l.NewOnes), Total: l.Count(m.GetRows()[i])}
		for _, j := range kept {
			row.Cells = append(row.Cells, s.matrixCell(cells[[2]string{stateID(states, i), stateID(states, j)}], m.GetRows()[i], i == j && i < len(states)))
		}
		d.Rows = append(d.Rows, row)
	}
	d.Worth = s.largest(m)
	return d
}

// populated are the states, and the end behind them, that anybody was in on either
// day.
func populated(m *segmentationv1.Migration) (out []int) {
	for i, n := range m.GetRows() {
		if n+m.GetColumns()[i] > 0 {
			out = append(out, i)
		}
	}
	return out
}

func stateID(states []string, i int) string {
	if i < len(states) {
		return states[i]
	}
	return ""
}

// state is a state's name for people; behind the last one comes the end.
func (s *scene) state(states []string, i int, end string) string {
	switch {
	case i >= len(states):
		return end
	case states[i] == "none":
		return s.Lang.InNone
	}
	return states[i]
}

func (s *scene) matrixCell(c *segmentationv1.MigrationCell, row int64, stayed bool) matrixCell {
	if c.GetUnits() == 0 {
		return matrixCell{Stayed: stayed}
	}
	out := matrixCell{Units: s.Lang.Count(c.GetUnits()), Stayed: stayed, Shade: shade(c.GetUnits(), row)}
	if row > 0 {
		out.Share = s.Lang.Percent(float64(c.GetUnits()) / float64(row))
	}
	out.Title = fmt.Sprintf("%s: %s", s.Lang.AverageCheck, s.money(averageCheck(c.GetValue())))
	return out
}

// maxWorth is how many moves are told with their money.
const maxWorth = 10

// largest are the moves, not the stays, of the most people.
func (s *scene) largest(m *segmentationv1.Migration) (out []worthRow) {
	name := func(state, end string) string {
		return s.state([]string{state}, map[bool]int{true: 1}[state == ""], end)
	}
	moves := mostFirst(m.GetCells())
	for _, c := range moves[:min(len(moves), maxWorth)] {
		out = append(out, worthRow{
			From: name(c.GetFrom(), s.Lang.NewOnes), To: name(c.GetTo(), s.Lang.Gone), Units: s.Lang.Count(c.GetUnits()),
			Check: s.money(averageCheck(c.GetValue())), Lifetime: s.money(lifetime(c.GetValue())),
		})
	}
	return out
}

func mostFirst(cells []*segmentationv1.MigrationCell) []*segmentationv1.MigrationCell {
	moves := slices.DeleteFunc(slices.Clone(cells), func(c *segmentationv1.MigrationCell) bool { return c.GetFrom() == c.GetTo() })
	slices.SortStableFunc(moves, func(a, b *segmentationv1.MigrationCell) int { return cmp.Compare(b.GetUnits(), a.GetUnits()) })
	return moves
}

func (p *Pages) migrationTable(ctx context.Context, s *scene) ([][]string, error) {
	out := [][]string{{"from", "to", "units", "average_check_minor", "lifetime_minor", "first_day", "last_day"}}
	got, err := p.askMigration(ctx, s)
	if isUnknown(err) || fault.Code(err).String() == "InvalidArgument" {
		return out, nil // the page says why there is nothing to tell
	}
	if err != nil {
		return nil, err
	}
	m := got.GetMigration()
	for _, c := range m.GetCells() {
		out = append(out, []string{
			c.GetFrom(), c.GetTo(), whole(c.GetUnits()), optional(averageCheck(c.GetValue())), optional(lifetime(c.GetValue())), m.GetFrom(), m.GetTo(),
		})
	}
	return out, nil
}
