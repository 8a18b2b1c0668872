package page

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/chart"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// row is one score beside others.
type row struct {
	Name, Link, Note               string
	Value, Interval, Answers, Hint string
	Place, Span                    string
	Range                          chart.Range
	Own                            bool
	score                          *surveyv1.Score
	rank                           int32
}

// newRow is a row of a score; nil or without answers it says so.
func (s *scene) newRow(name string, v *surveyv1.Score) row {
	r := row{Name: name, Answers: s.Lang.Answers(v.GetN()), score: v}
	if v != nil && v.Value != nil {
		r.Value, r.Interval = s.Lang.ValueOf(s.kind(), v.GetValue()), s.intervalText(v)
		r.Hint = fmt.Sprintf(s.Lang.DotTitle, name, r.Value, r.Interval, s.Lang.Count(v.GetN()))
	}
	return r
}

// align lays the rows' intervals on one axis.
func (s *scene) align(lists ...[]row) {
	var values []chart.Value
	for _, rows := range lists {
		for _, r := range rows {
			v := chart.Value{Value: r.score.GetValue()}
			v.Low, v.High, v.Banded = s.interval(r.score)
			values = append(values, v)
		}
	}
	least, most := s.limits()
	ranges := chart.Ranges(values, least, most)
	for _, rows := range lists {
		for i := range rows {
			rows[i].Range, ranges = ranges[0], ranges[1:]
		}
	}
}

// channelsData is the score of each channel.
type channelsData struct {
	shell.Dated
	Rows []row
}

func (p *Page) loadChannels(ctx context.Context, s *scene) (any, error) {
	got, err := p.ask(ctx, s, s.window, 0, &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL})
	if err != nil {
		return nil, err
	}
	rows := make([]row, 0, len(got.GetSeries()))
	for _, one := range got.GetSeries() {
		if one.GetTotal().GetN() == 0 || len(one.GetKey()) == 0 {
			continue
		}
		c := commonv1.Channel(commonv1.Channel_value["CHANNEL_"+one.GetKey()[0]])
		rows = append(rows, s.newRow(cmp.Or(s.Lang.Channel(c), one.GetKey()[0]), one.GetTotal()))
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(b.score.GetN(), a.score.GetN()) })
	s.align(rows)
	return &channelsData{shell.Dated{AsOf: s.fresh(got.GetAsOf())}, rows}, nil
}

// distributionData is how often each score was given.
type distributionData struct {
	shell.Dated
	Columns []column
	Parts   []part
}

type column struct {
	chart.Column
	Score, Count, Class, Title string
}

// The room of the columns; the template draws in it.
const columnsWidth, columnsHeight = 360, 110

func (p *Page) loadDistribution(ctx context.Context, s *scene) (any, error) {
	got, err := p.ask(ctx, s, s.window, 0)
	if err != nil {
		return nil, err
	}
	d := &distributionData{Dated: shell.Dated{AsOf: s.fresh(got.GetAsOf())}}
	total := got.GetTotal()
	if total.GetN() == 0 {
		return d, nil
	}
	d.Parts = s.parts(total)
	if len(total.GetHistogram()) == 0 || s.kind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE {
		return d, nil
	}
	least, most := int(s.metric.GetScaleMin()), int(s.metric.GetScaleMax())
	counts := total.GetHistogram()[least : most+1]
	for i, c := range chart.Columns(counts, columnsWidth, columnsHeight) {
		score, n := s.Lang.Count(int64(least+i)), s.Lang.Count(counts[i])
		part := s.Lang.Fixed(float64(counts[i])/float64(total.GetN())*100, 1)
		d.Columns = append(d.Columns, column{
			Column: c, Score: score, Count: n, Class: s.class(int32(least + i)), Title: fmt.Sprintf(s.Lang.Column, score, n, part),
		})
	}
	return d, nil
}

// class says to which group an answer belongs.
func (s *scene) class(score int32) string {
	switch m := s.metric; m.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_NPS:
		return classBetween(score, 6, 9)
	case surveyv1.MetricKind_METRIC_KIND_CSAT:
		return classBetween(score, m.GetLowAtMost(), m.GetThreshold())
	default:
		return classBetween(score, m.GetLowAtMost(), m.GetScaleMax()+1)
	}
}

func classBetween(score, low, high int32) string {
	switch {
	case score >= high:
		return "high"
	case score <= low:
		return "low"
	}
	return "mid"
}
