package report

import (
	"context"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// lowShare is the metric that every questionnaire with a score counts in.
const lowShare = "low.share"

// reading is one metric in each stretch of time that was asked for.
type reading struct {
	metric *surveyv1.Metric
	at     []*surveyv1.OverviewScore
}

// scope is whose answers a report is of: everybody's, or a subject's.
func scope(subject *commonv1.SubjectRef) *surveyv1.Scope {
	if subject == nil {
		return nil
	}
	return &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{subject}}
}

// metrics are the brand's, in the order of reports.
func (s *Server) metrics(ctx context.Context, a *asking) ([]*surveyv1.Metric, error) {
	out, err := call(ctx, a, fromSurvey, s.from.Survey.ListMetrics, &surveyv1.ListMetricsRequest{Brand: a.brand.ID})
	if err != nil {
		return nil, err
	}
	list := slices.Clone(out.GetMetrics())
	slices.SortStableFunc(list, inReports)
	return list, nil
}

// chosenMetrics are metrics by name, in the order of the names; all that suit if none is given.
func (s *Server) chosenMetrics(ctx context.Context, a *asking, names []string, suits func(*surveyv1.Metric) bool) ([]*surveyv1.Metric, error) {
	all, err := s.metrics(ctx, a)
	if err != nil || len(names) == 0 {
		return slices.DeleteFunc(all, func(m *surveyv1.Metric) bool { return !suits(m) }), err
	}
	out := make([]*surveyv1.Metric, len(names))
	for i, name := range names {
		at := slices.IndexFunc(all, func(m *surveyv1.Metric) bool { return m.GetName() == name })
		if at < 0 {
			return nil, fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "metric %q", name)
		}
		out[i] = all[at]
	}
	return out, nil
}

// judgeable tells that the metric has an interval, and differences of it a meaning.
func judgeable(m *surveyv1.Metric) bool {
	return m.GetKind() != surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL
}

// place of a metric's kind in a report.
func place(m *surveyv1.Metric) int {
	return slices.Index([]surveyv1.MetricKind{
		surveyv1.MetricKind_METRIC_KIND_NPS, surveyv1.MetricKind_METRIC_KIND_CSAT, surveyv1.MetricKind_METRIC_KIND_CES,
		surveyv1.MetricKind_METRIC_KIND_RATING, surveyv1.MetricKind_METRIC_KIND_CSI_ITEM, surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL,
		surveyv1.MetricKind_METRIC_KIND_LOW_SHARE,
	}, m.GetKind())
}

// batched is how many scores are asked for in one call, splitBatched where each is of
// many subjects, whose scores fill a message.
const (
	batched      = 100
	splitBatched = 1
)

// readings reads metrics in stretches of time, which Survey answers from what it has
// counted before: many in a call, or the calls would cost more than the answers.
func (s *Server) readings(ctx context.Context, a *asking, metrics []*surveyv1.Metric, of []window, subject *commonv1.SubjectRef, by ...*surveyv1.GroupBy) ([]reading, error) {
	out := make([]reading, len(metrics))
	var ask []*surveyv1.GetMetricRequest
	var put []**surveyv1.OverviewScore
	for i, m := range metrics {
		out[i] = reading{metric: m, at: make([]*surveyv1.OverviewScore, len(of))}
		for k, w := range of {
			ask = append(ask, &surveyv1.GetMetricRequest{
				Brand: a.brand.ID, Metric: m.GetName(), Window: w.ofAnswers(), Scope: scope(subject), GroupBy: by,
				Clock: surveyv1.Clock_CLOCK_EXPERIENCE,
			})
			put = append(put, &out[i].at[k])
		}
	}
	size := batched
	if slices.ContainsFunc(by, func(g *surveyv1.GroupBy) bool { return g.GetDimension() == surveyv1.Dimension_DIMENSION_SUBJECT }) {
		size = splitBatched
	}
	var calls []func(context.Context) error
	for from := 0; from < len(ask); from += size {
		until := min(len(ask), from+size)
		calls = append(calls, func(ctx context.Context) error { return s.scores(ctx, a, ask[from:until], put[from:until]) })
	}
	return out, together(ctx, calls...)
}

// scores asks for some scores in one call. What is wrong with one is wrong with all:
// they differ in nothing that a service refuses.
func (s *Server) scores(ctx context.Context, a *asking, ask []*surveyv1.GetMetricRequest, put []**surveyv1.OverviewScore) error {
	got, err := call(ctx, a, fromSurvey, s.from.Survey.BatchGetMetrics, &surveyv1.BatchGetMetricsRequest{Brand: a.brand.ID, Requests: ask})
	if err != nil {
		return err
	}
	for i, one := range got.GetResults() {
		if one.GetError() != nil {
			return fault.FromStatus(one.GetError())
		}
		*put[i] = &surveyv1.OverviewScore{Total: one.GetMetric().GetTotal(), Series: one.GetMetric().GetSeries()}
	}
	return nil
}

// score is a group's in one stretch of time; the whole for no key. Nil: it was not
// asked for. A group without answers has a score without a value.
func (r reading) score(at int, key string) *surveyv1.Score {
	if at >= len(r.at) {
		return nil
	}
	if key == "" {
		return r.at[at].GetTotal()
	}
	for _, s := range r.at[at].GetSeries() {
		if s.GetKey()[0] == key {
			return s.GetTotal()
		}
	}
	return &surveyv1.Score{}
}

// line is what a report says of a metric in a group; nil without answers.
func (b *brand) line(r reading, key string) *reportv1.MetricLine {
	score := r.score(current, key)
	if score.GetN() == 0 {
		return nil
	}
	return &reportv1.MetricLine{
		Metric: r.metric, Score: score,
		Previous: changed(r.metric, score, r.score(earlier, key)), YearBefore: changed(r.metric, score, r.score(lastYear, key)),
		Benchmark: b.satisfaction(r.metric), Judgement: judged(r.metric, score),
	}
}

// aim sets targets beside lines. Of several for a metric the one that began last
// counts.
func aim(lines []*reportv1.MetricLine, goals []*surveyv1.Goal) {
	for _, g := range goals {
		i := slices.IndexFunc(lines, func(l *reportv1.MetricLine) bool { return l.GetMetric().GetName() == g.GetMetric() })
		if i < 0 {
			continue
		}
		target, value := g.GetTarget(), lines[i].GetScore().GetValue()
		lines[i].Goal, lines[i].Met = &target, value >= target
		if lines[i].GetMetric().GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE {
			lines[i].Met = value <= target
		}
	}
}
