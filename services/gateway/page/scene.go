package page

import (
	"context"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// scene is a view with all that was left open decided: what every section shows.
type scene struct {
	view
	leaf    *leaf // nil: the overview
	brand   *config.Brand
	metrics []*surveyv1.Metric
	metric  *surveyv1.Metric
	subject *surveyv1.Subject      // nil: the whole brand
	path    []*commonv1.SubjectRef // its ancestors, nearest first
	window  window
	person  *asked  // of a page about a person
	found   *lookup // whom the search for customers found; nil: nothing was searched
}

// window is a stretch of days, first and last included. The zero window is all
// time.
type window struct {
	first, last time.Time
	// stale is set if it is not the window asked for, where nobody answered, but
	// the last one of that length that has answers.
	stale bool
}

func (w window) whole() bool { return w.first.IsZero() }

func (w window) days() int { return int(w.last.Sub(w.first).Hours()/24) + 1 }

// before is the window of the same length that ends where w begins.
func (w window) before() window {
	return window{first: w.first.AddDate(0, 0, -w.days()), last: w.first.AddDate(0, 0, -1)}
}

// proto is the window as a question has it.
func (w window) proto() *surveyv1.Window {
	if w.whole() {
		return nil
	}
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{
		Start: w.first.Format(time.DateOnly), End: w.last.AddDate(0, 0, 1).Format(time.DateOnly),
	}}}
}

// grain is how wide the points of a line are: a month at most of them fit a
// telephone, and narrow ones have too few answers to tell anything.
func (w window) grain() commonv1.Grain {
	switch {
	case w.whole() || w.days() > 400:
		return commonv1.Grain_GRAIN_MONTH
	case w.days() > 45:
		return commonv1.Grain_GRAIN_WEEK
	}
	return commonv1.Grain_GRAIN_DAY
}

// dayOf is the calendar day of an instant in a zone, written as midnight UTC: days
// are counted, never hours.
func dayOf(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// scope is whose answers count.
func (s *scene) scope() *surveyv1.Scope {
	if s.Subject == nil {
		return nil
	}
	return &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{s.Subject}}
}

// kind is how the metric is read.
func (s *scene) kind() surveyv1.MetricKind { return s.metric.GetKind() }

// prepare decides what the view of the overview left open.
func (p *Page) prepare(ctx context.Context, s *scene) error {
	if p.survey == nil {
		return absentSurvey
	}
	if err := p.chooseBrand(ctx, s, p.answered); err != nil {
		return err
	}
	if err := p.chooseMetric(ctx, s); err != nil {
		return err
	}
	if s.Subject != nil {
		found, err := p.survey.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: s.Brand, Ref: s.Subject})
		if err != nil {
			return err
		}
		s.subject, s.path = found.GetSubject(), found.GetPath()
	}
	p.chooseWindow(ctx, s)
	return nil
}

// chooseBrand takes the first brand that has data if none was asked for.
func (p *Page) chooseBrand(ctx context.Context, s *scene, has func(context.Context, string) bool) (err error) {
	if s.brand, err = p.cfg.Choose(ctx, s.Brand, has); err == nil {
		s.Brand = s.brand.ID
	}
	return err
}

// answered reports whether a brand has answers.
func (p *Page) answered(ctx context.Context, brand string) bool {
	list, err := p.survey.ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 1})
	return err == nil && len(list.GetResponses()) > 0
}

// chooseMetric takes the first metric with answers if none was asked for.
func (p *Page) chooseMetric(ctx context.Context, s *scene) error {
	list, err := p.survey.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: s.Brand})
	if err != nil {
		return err
	}
	s.metrics = list.GetMetrics()
	shell.SortMetrics(s.metrics)
	for _, m := range s.metrics {
		if m.GetName() == s.Metric {
			s.metric = m
			return nil
		}
	}
	if s.Metric != "" {
		return fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "metric %q", s.Metric)
	}
	for i, m := range s.metrics {
		total, err := p.survey.GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: s.Brand, Metric: m.GetName()})
		if err != nil {
			break // the sections will say so
		}
		if total.GetTotal().GetN() > 0 {
			s.metric, s.Metric = s.metrics[i], m.GetName()
			return nil
		}
	}
	if len(s.metrics) == 0 {
		return fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "no metric is defined")
	}
	s.metric, s.Metric = s.metrics[0], s.metrics[0].GetName()
	return nil
}

// lengths are the days of windows that have a length.
var lengths = map[string]int{"7": 7, "30": 30, "90": 90, "365": 365}

// chooseWindow finds the days. Where nobody answered in the last so many, it goes
// back to the last ones that have answers: an empty page helps nobody, and tells
// nothing of when there were some. A failure is the sections' to tell.
func (p *Page) chooseWindow(ctx context.Context, s *scene) {
	if s.Days == "" {
		s.window = window{first: s.From, last: s.To}
		return
	}
	length := lengths[s.Days]
	if length == 0 {
		return
	}
	s.window = ending(dayOf(p.cfg.Clock(), s.brand.Location), length)
	recent, err := p.ask(ctx, s, s.window, 0)
	if err != nil || recent.GetTotal().GetN() > 0 {
		return
	}
	last, err := p.newest(ctx, s)
	if err != nil || last.IsZero() {
		return
	}
	s.window = ending(last, length)
	s.window.stale = true
}

func ending(last time.Time, days int) window {
	return window{first: last.AddDate(0, 0, 1-days), last: last}
}

// newest is the last day with answers; zero if there are none. It looks for the
// month first, so that twenty years are no longer a list than two.
func (p *Page) newest(ctx context.Context, s *scene) (time.Time, error) {
	months, err := p.lastPoint(ctx, s, window{}, commonv1.Grain_GRAIN_MONTH)
	if err != nil || months == nil {
		return time.Time{}, err
	}
	month := window{
		first: dayOf(months.GetStart().AsTime(), s.brand.Location),
		last:  dayOf(months.GetEnd().AsTime().Add(-time.Second), s.brand.Location),
	}
	day, err := p.lastPoint(ctx, s, month, commonv1.Grain_GRAIN_DAY)
	if err != nil || day == nil {
		return time.Time{}, err
	}
	return dayOf(day.GetStart().AsTime(), s.brand.Location), nil
}

func (p *Page) lastPoint(ctx context.Context, s *scene, w window, g commonv1.Grain) (*surveyv1.Point, error) {
	all, err := p.ask(ctx, s, w, g)
	if err != nil || len(all.GetSeries()) == 0 {
		return nil, err
	}
	points := all.GetSeries()[0].GetPoints()
	if len(points) == 0 {
		return nil, nil
	}
	return points[len(points)-1], nil
}

// question is the scene's metric and scope as a question.
func (p *Page) question(s *scene, w window, g commonv1.Grain, by ...*surveyv1.GroupBy) *surveyv1.GetMetricRequest {
	return &surveyv1.GetMetricRequest{
		Brand: s.Brand, Metric: s.Metric, Window: w.proto(), Grain: g, Clock: surveyv1.Clock_CLOCK_EXPERIENCE,
		Scope: s.scope(), GroupBy: by,
	}
}

func (p *Page) ask(ctx context.Context, s *scene, w window, g commonv1.Grain, by ...*surveyv1.GroupBy) (*surveyv1.GetMetricResponse, error) {
	return p.survey.GetMetric(ctx, p.question(s, w, g, by...))
}

// FirstDay and LastDay are the window for the form of dates; empty for all time.
func (s *scene) FirstDay() string { return s.window.formDay(s.window.first) }

// LastDay is its last day.
func (s *scene) LastDay() string { return s.window.formDay(s.window.last) }

func (w window) formDay(day time.Time) string {
	if w.whole() {
		return ""
	}
	return day.Format(time.DateOnly)
}
