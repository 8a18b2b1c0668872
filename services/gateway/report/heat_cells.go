package report

import (
	"cmp"
	"slices"
	"strings"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// classes lays out what was read.
func (h *heat) classes() []*reportv1.HeatClass {
	by := map[string]*reportv1.HeatClass{}
	var out []*reportv1.HeatClass
	for _, s := range h.subjects {
		value, alike := h.class(s)
		c := by[value]
		if c == nil {
			c = &reportv1.HeatClass{Value: value, Pooled: h.pooledCells(value, alike)}
			by[value], out = c, append(out, c)
		}
		row := &reportv1.HeatRow{Subject: s.GetRef(), Name: s.GetName()}
		if row.Name == "" {
			row.Name = s.GetRef().GetId()
		}
		for i, m := range h.metrics {
			row.Cells = append(row.Cells, h.cell(i, m, s, value, alike))
		}
		c.Rows = append(c.Rows, row)
	}
	for _, c := range out {
		slices.SortStableFunc(c.Rows, compareRows)
	}
	last := func(c *reportv1.HeatClass) int {
		if c.GetValue() == "" {
			return 1
		}
		return 0
	}
	slices.SortFunc(out, func(x, y *reportv1.HeatClass) int {
		return cmp.Or(cmp.Compare(last(x), last(y)), strings.Compare(x.GetValue(), y.GetValue()))
	})
	return out
}

// together is the score of all answers about a class; none of what is in no class.
func (h *heat) together(column int, class string, alike bool) *surveyv1.Score {
	key := class
	if h.in.GetClassLabel() == "" {
		key = kindName(h.kind)
	}
	if score := h.pooled[column][key]; alike && score != nil {
		return score
	}
	return &surveyv1.Score{}
}

func (h *heat) pooledCells(class string, alike bool) []*reportv1.HeatCell {
	out := make([]*reportv1.HeatCell, len(h.metrics))
	for i := range out {
		out[i] = measured(h.together(i, class, alike))
	}
	return out
}

// measured is a cell of a score, of which nothing is said yet.
func measured(s *surveyv1.Score) *reportv1.HeatCell {
	return &reportv1.HeatCell{N: s.GetN(), Value: s.Value, Low: s.Low, High: s.High}
}

// cell is one subject at one parameter.
func (h *heat) cell(column int, m *surveyv1.Metric, s *surveyv1.Subject, class string, alike bool) *reportv1.HeatCell {
	score := h.cells[column][keyOf(s.GetRef())]
	if score == nil {
		score = &surveyv1.Score{}
	}
	out, all := measured(score), h.together(column, class, alike)
	out.Standing = standing(m, score, all, h.minN)
	if out.Value != nil && all.Value != nil {
		out.Gap = difference(score.Value, all.Value, all.GetN()).Change
	}
	if h.places != nil {
		if at := h.places[column][keyOf(s.GetRef())]; at != nil {
			out.Tier, out.Rank, out.BestRank, out.WorstRank = at.GetTier(), at.GetRank(), at.GetBestRank(), at.GetWorstRank()
		}
	}
	return out
}

// standing is what can be said of a score beside that of its whole class, itself among
// it.
func standing(m *surveyv1.Metric, score, all *surveyv1.Score, minN int64) reportv1.HeatCell_Standing {
	switch {
	case score.GetSuppressed():
		return reportv1.HeatCell_STANDING_HIDDEN
	case score.GetN() == 0:
		return reportv1.HeatCell_STANDING_EMPTY
	case score.GetN() < minN:
		return reportv1.HeatCell_STANDING_FEW
	}
	own := sampled(m, score)
	others := sampled(m, all).without(own)
	if !apart(own, others) {
		return reportv1.HeatCell_STANDING_ALIKE
	}
	better := own.sum/own.n > others.sum/others.n
	if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE {
		better = !better
	}
	if better {
		return reportv1.HeatCell_STANDING_BETTER
	}
	return reportv1.HeatCell_STANDING_WORSE
}
