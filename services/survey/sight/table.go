package sight

import (
	"slices"
	"strings"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/few"
)

// cell is one score of an answer.
type cell struct {
	few.Cell
	whole  bool // a series' total, not one of its points
	series int
	bucket int64 // a point's start
}

// table is an answer's cells, by series: the total, then its points.
type table struct {
	cells  []*cell
	series [][]*cell
	keys   [][]string
}

func newTable(out *surveyv1.GetMetricResponse) *table {
	t := &table{}
	for i, one := range out.GetSeries() {
		row := []*cell{{Cell: few.Cell{N: one.GetTotal().GetN()}, whole: true, series: i}}
		for _, p := range one.GetPoints() {
			row = append(row, &cell{Cell: few.Cell{N: p.GetScore().GetN()}, series: i, bucket: p.GetStart().GetSeconds()})
		}
		t.series, t.keys, t.cells = append(t.series, row), append(t.keys, one.GetKey()), append(t.cells, row...)
	}
	return t
}

// lines are sets of cells whose sum may be known: a series' points, if each is of its
// own bucket, and the cells of one bucket, or totals, along each dimension.
func (t *table) lines(dimensions int, apart bool) (out [][]*few.Cell) {
	type along struct {
		dimension int
		others    string
		whole     bool
		bucket    int64
	}
	found := map[along][]*few.Cell{}
	var order []along
	for i, row := range t.series {
		if apart && len(row) > 1 {
			points := make([]*few.Cell, 0, len(row)-1)
			for _, c := range row[1:] {
				points = append(points, &c.Cell)
			}
			out = append(out, points)
		}
		for _, c := range row {
			for d := range dimensions {
				others := slices.Delete(slices.Clone(t.keys[i]), d, d+1)
				k := along{d, strings.Join(others, "\x00"), c.whole, c.bucket}
				if found[k] == nil {
					order = append(order, k)
				}
				found[k] = append(found[k], &c.Cell)
			}
		}
	}
	for _, k := range order {
		out = append(out, found[k])
	}
	return out
}

// settle hides more until no line has hidden cells whose sum is of few, or of one cell.
func (t *table) settle(dimensions int, apart bool) {
	lines := t.lines(dimensions, apart)
	for again := true; again; {
		again = false
		for _, row := range t.series {
			// Points without their total would add up to it.
			for _, c := range row[1:] {
				if row[0].Hidden && !c.Hidden {
					c.Hidden, again = true, true
				}
			}
		}
		for _, line := range lines {
			again = few.HideMore(line) || again
		}
	}
}

// shown is the answer without what is hidden.
func (t *table) shown(in *surveyv1.GetMetricResponse) *surveyv1.GetMetricResponse {
	out := &surveyv1.GetMetricResponse{Metric: in.GetMetric(), Total: in.GetTotal(), AsOf: in.GetAsOf(), Zone: in.GetZone()}
	for i, one := range in.GetSeries() {
		row := t.series[i]
		series := &surveyv1.Series{Key: one.GetKey(), Label: one.GetLabel(), Total: one.GetTotal()}
		if row[0].Hidden {
			series.Total = Hidden()
			out.Series = append(out.Series, series)
			continue
		}
		for k, p := range one.GetPoints() {
			if row[k+1].Hidden {
				p = &surveyv1.Point{Start: p.GetStart(), End: p.GetEnd(), Score: Hidden()}
			}
			series.Points = append(series.Points, p)
		}
		out.Series = append(out.Series, series)
	}
	return out
}
