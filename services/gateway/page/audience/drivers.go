package audience

import (
	"context"
	"fmt"
	"math"
	"sync"
	"unicode/utf8"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// explained are the kinds of scores that can have drivers.
var explained = map[surveyv1.MetricKind]bool{
	surveyv1.MetricKind_METRIC_KIND_NPS: true, surveyv1.MetricKind_METRIC_KIND_CSAT: true,
	surveyv1.MetricKind_METRIC_KIND_CES: true, surveyv1.MetricKind_METRIC_KIND_RATING: true,
}

// drivers is the answer that the parts of the page read.
type drivers struct {
	*surveyv1.GetDriversResponse
	metrics []*surveyv1.Metric // those that can be explained
	all     []*surveyv1.Metric
}

// askDrivers asks for what moves the score of the address, else the first there is.
func (p *Pages) askDrivers(ctx context.Context, s *scene) (*drivers, error) {
	if p.survey == nil {
		return nil, absentSurvey
	}
	out := &drivers{}
	metric := s.Own.Get("metric")
	out.all = p.metrics(ctx, s)
	for _, m := range out.all {
		if explained[m.GetKind()] {
			out.metrics = append(out.metrics, m)
		}
	}
	if metric == "" && len(out.metrics) > 0 {
		metric = out.metrics[0].GetName()
	}
	if metric == "" {
		return out, nil
	}
	ask := &surveyv1.GetDriversRequest{Brand: s.Brand, Metric: metric, Window: s.window()}
	if id := s.Own.Get("segment"); id != "" {
		ask.Scope = &surveyv1.Scope{SegmentId: id}
	}
	var err error
	out.GetDriversResponse, err = p.survey.GetDrivers(ctx, ask)
	return out, err
}

func (p *Pages) driverSections(s *scene) []shell.Section {
	var ask sync.Once
	var got *drivers
	var failed error
	once := func(ctx context.Context) (*drivers, error) {
		ask.Do(func() { got, failed = p.askDrivers(ctx, s) })
		return got, failed
	}
	return []shell.Section{
		{ID: "driver-choice", Place: shell.Top, Title: s.Lang.WhichScore, Load: func(ctx context.Context) (any, error) { return p.loadDriverChoice(ctx, s, once) }},
		{ID: "drivers", Place: shell.Top, Title: s.Lang.Drivers, Load: func(ctx context.Context) (any, error) {
			got, err := once(ctx)
			if err != nil {
				return nil, err
			}
			return s.drawDrivers(got), nil
		}},
	}
}

// driverChoice is the form.
type driverChoice struct {
	Metrics, Segments []shell.Option
	Hidden            []shell.Hidden
	Periods           []shell.Choice
}

func (p *Pages) loadDriverChoice(ctx context.Context, s *scene, ask func(context.Context) (*drivers, error)) (any, error) {
	d := &driverChoice{Hidden: s.Hidden("metric", "segment"), Periods: s.periods()}
	got, err := ask(ctx)
	if got == nil {
		return nil, err
	}
	asked := got.GetMetric().GetName()
	if asked == "" {
		asked = s.Own.Get("metric")
	}
	for _, m := range got.metrics {
		d.Metrics = append(d.Metrics, shell.Option{Value: m.GetName(), Name: s.metricTitle(m), Chosen: m.GetName() == asked})
	}
	if c, err := p.catalogue(ctx, s); err == nil {
		d.Segments = c.segmentOptions(s.Own.Get("segment"))
	}
	return d, nil
}

// driversData is importance over satisfaction.
type driversData struct {
	Help, Score, Explained, About, CSV string
	Dots                               []driverDot
	MeanX, MeanY                       string
	Ticks                              []driverTick
	Rows                               []driverRow
}

type driverDot struct {
	X, Y, TextX, TextY, Anchor, Name, Title, Class string

	// Moved is set where the name had to make room: a line leads to it.
	Moved bool

	from, to, line float64 // where the name lies
}

type driverTick struct{ X, Y, Text string }

type driverRow struct {
	Name, Derived, Reach, Stated, Satisfaction, Share, N, What, Class string
}

// quadrants are the classes of drawing: shape tells them apart as well as colour.
var quadrants = map[surveyv1.Driver_Quadrant]string{
	surveyv1.Driver_QUADRANT_MEND: "mend", surveyv1.Driver_QUADRANT_KEEP: "keep",
	surveyv1.Driver_QUADRANT_WATCH: "watch", surveyv1.Driver_QUADRANT_EASE: "ease",
}

func (s *scene) drawDrivers(got *drivers) *driversData {
	l := s.Lang
	if got.GetDriversResponse == nil || len(got.GetDrivers()) == 0 {
		return &driversData{Help: l.NoDrivers}
	}
	score := s.say(got.GetMetric().GetKind(), got.GetScore())
	d := &driversData{
		Score: s.metricTitle(got.GetMetric()) + ": " + score.Value + " · " + score.Interval + " · " + score.N, About: s.fresh(got.GetAsOf()), CSV: s.csv(),
	}
	if got.Explained != nil {
		d.Explained = fmt.Sprintf(l.ExplainedBy, l.Percent(got.GetExplained()), l.Count(got.GetComplete()))
	}
	for _, one := range got.GetDrivers() {
		r := driverRow{
			Name: got.title(s, one), Derived: s.maybe(one.Derived, 2), Stated: s.percent(one.Stated), Satisfaction: s.percent(one.Satisfaction),
			Share: s.percent(one.Share), N: l.Count(one.GetN()), What: l.quadrants[one.GetQuadrant()], Class: quadrants[one.GetQuadrant()],
		}
		if one.DerivedLow != nil && one.DerivedHigh != nil {
			r.Reach = l.Fixed(one.GetDerivedLow(), 2) + " … " + l.Fixed(one.GetDerivedHigh(), 2)
		}
		d.Rows = append(d.Rows, r)
	}
	d.place(s, got)
	return d
}

// The chart's room: satisfaction to the right, importance up.
const (
	chartLeft, chartRight = 50.0, 690.0
	chartTop, chartBottom = 16.0, 330.0
)

// place puts the drivers onto the chart; axes reach as far as they do.
func (d *driversData) place(s *scene, got *drivers) {
	all := got.GetDrivers()
	x, y := reach{}, reach{}
	n := 0.0
	var meanX, meanY float64
	for _, one := range all {
		if one.Derived == nil || one.Satisfaction == nil {
			continue
		}
		x.take(one.GetSatisfaction())
		y.take(one.GetDerived())
		meanX, meanY, n = meanX+one.GetSatisfaction(), meanY+one.GetDerived(), n+1
	}
	if n == 0 {
		return
	}
	across := func(v float64) float64 { return x.at(v, chartLeft+40, chartRight-60) }
	up := func(v float64) float64 { return y.at(v, chartBottom-24, chartTop+18) }
	d.MeanX, d.MeanY = coordinate(across(meanX/n)), coordinate(up(meanY/n))
	for _, one := range all {
		if one.Derived == nil || one.Satisfaction == nil {
			continue
		}
		d.Dots = append(d.Dots, newDot(s, got.title(s, one), one, across(one.GetSatisfaction()), up(one.GetDerived())))
	}
	part(d.Dots)
	d.Ticks = []driverTick{
		{coordinate(across(x.low)), coordinate(chartBottom + 16), s.Lang.Percent(x.low / 100)}, {coordinate(across(x.high)), coordinate(chartBottom + 16), s.Lang.Percent(x.high / 100)},
		{coordinate(chartLeft - 18), coordinate(up(y.low) + 4), s.Lang.Fixed(y.low, 2)}, {coordinate(chartLeft - 18), coordinate(up(y.high) + 4), s.Lang.Fixed(y.high, 2)},
	}
}

// newDot draws a driver; its name stands on the side where there is more room.
func newDot(s *scene, name string, one *surveyv1.Driver, x, y float64) driverDot {
	const perLetter = 7.6
	wide := perLetter * float64(utf8.RuneCountInString(name))
	dot := driverDot{
		X: coordinate(x), Y: coordinate(y), Name: name, Class: quadrants[one.GetQuadrant()], TextX: coordinate(x + 9), Anchor: "start",
		Title: fmt.Sprintf("%s: %s, %s", name, s.maybe(one.Derived, 2), s.percent(one.Satisfaction)),
		from:  x + 9, to: x + 9 + wide, line: y + 4,
	}
	if x > (chartLeft+chartRight)/2 {
		dot.TextX, dot.Anchor, dot.from, dot.to = coordinate(x-9), "end", x-9-wide, x-9
	}
	return dot
}

// part moves names down that would lie on each other.
func part(dots []driverDot) {
	const tall = 15
	for i := range dots {
		for again := true; again; {
			again = false
			for _, o := range dots[:i] {
				if dots[i].from < o.to && o.from < dots[i].to && math.Abs(dots[i].line-o.line) < tall {
					dots[i].line, dots[i].Moved, again = o.line+tall, true, true
				}
			}
		}
		dots[i].TextY = coordinate(dots[i].line)
	}
}

// title is a driver's name in the reader's language.
func (d *drivers) title(s *scene, one *surveyv1.Driver) string {
	for _, m := range d.all {
		if m.GetName() == one.GetMetric() {
			return s.metricTitle(m)
		}
	}
	return one.GetTitle()
}

// reach is from the least to the most of some numbers.
type reach struct {
	low, high float64
	any       bool
}

func (r *reach) take(v float64) {
	if !r.any || v < r.low {
		r.low = v
	}
	if !r.any || v > r.high {
		r.high = v
	}
	r.any = true
}

// at is where a number stands between two places; one alone stands in the middle.
func (r *reach) at(v, from, to float64) float64 {
	if r.high == r.low {
		return (from + to) / 2
	}
	return from + (v-r.low)/(r.high-r.low)*(to-from)
}

func coordinate(v float64) string { return fmt.Sprintf("%.1f", v) }

func (p *Pages) driversTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askDrivers(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"metric", "derived", "derived_low", "derived_high", "stated", "satisfaction", "share", "n", "quadrant", "as_of"}}
	for _, one := range got.GetDrivers() {
		out = append(out, []string{
			one.GetMetric(), optional(one.Derived), optional(one.DerivedLow), optional(one.DerivedHigh), optional(one.Stated),
			optional(one.Satisfaction), optional(one.Share), whole(one.GetN()), quadrants[one.GetQuadrant()], s.instant(got.GetAsOf()),
		})
	}
	return out, nil
}
