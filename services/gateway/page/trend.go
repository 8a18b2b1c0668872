package page

import (
	"context"
	"fmt"
	"math"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/chart"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// trendData is the score over time, drawn for a desktop and for a telephone, and
// in numbers.
type trendData struct {
	shell.Dated
	Wide, Narrow chart.Line
	Label, Hint  string
	Rows         []trendRow // newest first
}

type trendRow struct{ When, Value, Interval, Answers string }

func (p *Page) loadTrend(ctx context.Context, s *scene) (any, error) {
	got, grain, rolled, err := p.series(ctx, s)
	if err != nil {
		return nil, err
	}
	d := &trendData{Dated: shell.Dated{AsOf: s.fresh(got.GetAsOf())}, Label: s.Lang.Trend + ": " + s.MetricTitle(), Hint: s.Lang.TrendHint}
	if rolled {
		d.Hint = s.Lang.TrendRolled + " " + d.Hint
	}
	if len(got.GetSeries()) == 0 || len(got.GetSeries()[0].GetPoints()) == 0 {
		return d, nil
	}
	points := make([]chart.Point, 0, len(got.GetSeries()[0].GetPoints()))
	for _, one := range got.GetSeries()[0].GetPoints() {
		if one.GetScore().Value == nil {
			continue
		}
		point, row := s.point(one, grain)
		points, d.Rows = append(points, point), append([]trendRow{row}, d.Rows...)
	}
	f := s.axes(points)
	f.Width, f.Height, f.Ticks = 720, 250, 6
	f.Below = s.dates(f, 6)
	d.Wide = chart.NewLine(points, f)
	f.Width, f.Height, f.Ticks = 360, 220, 5
	f.Below = s.dates(f, 3)
	d.Narrow = chart.NewLine(points, f)
	return d, nil
}

const (
	// fewPoints of a line are too few to see where it goes.
	fewPoints = 6
	// fewAnswers at a point are no score: the line would jump from end to end.
	fewAnswers = 5
	// rollDays is what a day is pooled with where days have too few answers.
	rollDays = 7
)

// series asks for the line. All time may be a short time, and a small store has an
// answer a day: then each point is the week that ends with it.
func (p *Page) series(ctx context.Context, s *scene) (got *surveyv1.GetMetricResponse, grain commonv1.Grain, rolled bool, err error) {
	grain = s.window.grain()
	got, err = p.ask(ctx, s, s.window, grain)
	if err != nil || len(got.GetSeries()) == 0 {
		return got, grain, false, err
	}
	points := len(got.GetSeries()[0].GetPoints())
	switch {
	case s.window.whole() && points <= fewPoints:
		grain = commonv1.Grain_GRAIN_WEEK
		got, err = p.ask(ctx, s, s.window, grain)
	case grain == commonv1.Grain_GRAIN_DAY && got.GetTotal().GetN() < int64(fewAnswers*points):
		rolled = true
		q := p.question(s, s.window, grain)
		q.RollingDays = rollDays
		got, err = p.survey.GetMetric(ctx, q)
	}
	return got, grain, rolled, err
}

// axes are the room that values of the metric can take.
func (s *scene) axes(points []chart.Point) chart.Frame {
	f := chart.Frame{Write: func(v float64) string { return s.Lang.tick(v) }, Marks: s.benchmarks()}
	f.Min, f.Max = s.limits()
	f.From, f.To = dayNumber(s.window.first), dayNumber(s.window.last)+1
	if s.window.whole() && len(points) > 0 {
		f.From, f.To = points[0].From, points[len(points)-1].To
	}
	return f
}

// limits are the ends of what the metric's values can be.
func (s *scene) limits() (least, most float64) {
	switch {
	case s.kind() == surveyv1.MetricKind_METRIC_KIND_NPS:
		return -100, 100
	case shell.IsMean(s.kind()):
		return float64(s.metric.GetScaleMin()), float64(s.metric.GetScaleMax())
	}
	return 0, 100
}

// tick writes a value beside an axis, as short as it goes.
func (l *words) tick(v float64) string {
	for decimals := range 3 {
		if scaled := v * math.Pow10(decimals); math.Abs(scaled-math.Round(scaled)) < 1e-6 {
			return l.Fixed(v, decimals)
		}
	}
	return l.Fixed(v, 2)
}

// dayNumber counts days, so that one of 23 hours is as wide as the others.
func dayNumber(day time.Time) float64 { return float64(day.Unix()) / 86400 }

// point is one bucket of the line, and the same in numbers.
func (s *scene) point(one *surveyv1.Point, grain commonv1.Grain) (chart.Point, trendRow) {
	first := dayOf(one.GetStart().AsTime(), s.brand.Location)
	next := dayOf(one.GetEnd().AsTime(), s.brand.Location)
	score := one.GetScore()
	out := chart.Point{From: dayNumber(first), To: dayNumber(next), Value: score.GetValue()}
	row := trendRow{
		When: s.bucketText(first, next.AddDate(0, 0, -1), grain), Value: s.Lang.ValueOf(s.kind(), score.GetValue()), Answers: s.Lang.Count(score.GetN()),
	}
	if out.Low, out.High, out.Banded = s.interval(score); out.Banded {
		row.Interval = s.Lang.Span(s.kind(), out.Low, out.High)
	} else {
		row.Interval = s.Lang.NoInterval
	}
	out.Title = fmt.Sprintf(s.Lang.DotTitle, row.When, row.Value, row.Interval, row.Answers)
	return out, row
}

func (s *scene) bucketText(first, last time.Time, grain commonv1.Grain) string {
	if grain == commonv1.Grain_GRAIN_MONTH {
		return s.Lang.InMonth(first)
	}
	return s.Lang.Days(first, last)
}

// dates are at most n words under the line, whole days apart, the last one at its
// end: it is the day that people look for.
func (s *scene) dates(f chart.Frame, n int) []chart.Label {
	days := int(f.To - f.From)
	step := max((days+n-2)/(n-1), 1)
	var out []chart.Label
	for back := 0; back < days; back += step {
		at := f.To - 1 - float64(back)
		day := time.Unix(int64(at)*86400, 0).UTC()
		text := s.Lang.ShortDay(day)
		if days > 120 {
			text = s.Lang.InMonth(day)
		}
		if len(out) == 0 || out[len(out)-1].Text != text {
			out = append(out, chart.Label{At: at + 0.5, Text: text})
		}
	}
	return out
}
