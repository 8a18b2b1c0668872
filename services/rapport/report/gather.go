package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// metrics compares each metric with the days before, and keeps those with
// answers.
func (g *gathering) metrics(ctx context.Context) error {
	list, err := g.client.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: g.ask.Brand})
	if err != nil {
		return err
	}
	found := g.ask.Metric == ""
	g.out.Metrics = nil
	for _, m := range list.GetMetrics() {
		if g.ask.Metric != "" && m.GetName() != g.ask.Metric {
			continue
		}
		found = true
		resp, err := g.client.CompareMetric(ctx, &surveyv1.CompareMetricRequest{
			Brand: g.ask.Brand, Metric: m.GetName(), Clock: surveyv1.Clock_CLOCK_EXPERIENCE,
			A: &surveyv1.MetricSide{Window: g.out.Window.asked(), Scope: g.scope()},
			B: &surveyv1.MetricSide{Window: g.out.Previous.asked(), Scope: g.scope()},
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", m.GetName(), err)
		}
		if at := resp.GetAsOf(); at != nil {
			g.out.AsOf = at.AsTime()
		}
		if resp.GetA().GetN() > 0 {
			g.out.Metrics = append(g.out.Metrics, resp)
		}
	}
	if !found {
		return fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "metric %q", g.ask.Metric)
	}
	slices.SortStableFunc(g.out.Metrics, func(x, y *surveyv1.CompareMetricResponse) int {
		return order(x.GetMetric()) - order(y.GetMetric())
	})
	g.out.Head = nil
	if len(g.out.Metrics) > 0 {
		g.out.Head = g.out.Metrics[0].GetMetric()
	}
	return nil
}

// order puts first what people look at first; the last two say little when split.
func order(m *surveyv1.Metric) int {
	switch m.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_NPS:
		return 0
	case surveyv1.MetricKind_METRIC_KIND_CSAT:
		return 1
	case surveyv1.MetricKind_METRIC_KIND_CES:
		return 2
	case surveyv1.MetricKind_METRIC_KIND_RATING:
		return 3
	case surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL:
		return 5
	case surveyv1.MetricKind_METRIC_KIND_LOW_SHARE:
		return 6
	}
	return 4
}

func (g *gathering) split(ctx context.Context, metric string, by surveyv1.Dimension) ([]*surveyv1.Series, error) {
	resp, err := g.client.GetMetric(ctx, &surveyv1.GetMetricRequest{
		Brand: g.ask.Brand, Metric: metric, Window: g.out.Window.asked(), Clock: surveyv1.Clock_CLOCK_EXPERIENCE,
		Scope: g.scope(), GroupBy: []*surveyv1.GroupBy{{Dimension: by}},
	})
	if err != nil {
		return nil, fmt.Errorf("split %s: %w", metric, err)
	}
	return resp.GetSeries(), nil
}

// channels splits by where it was experienced.
func (g *gathering) channels(ctx context.Context) (err error) {
	if g.out.Empty {
		return nil
	}
	if g.out.Channels, err = g.split(ctx, g.out.Head.GetName(), surveyv1.Dimension_DIMENSION_CHANNEL); err != nil {
		return err
	}
	slices.SortStableFunc(g.out.Channels, func(x, y *surveyv1.Series) int { return int(y.GetTotal().GetN() - x.GetTotal().GetN()) })
	low, err := g.split(ctx, "low.share", surveyv1.Dimension_DIMENSION_CHANNEL)
	g.out.LowChannels = map[string]*surveyv1.Score{}
	for _, s := range low {
		g.out.LowChannels[s.GetKey()[0]] = s.GetTotal()
	}
	return err
}

// Tables up to wholeTable subjects are shown whole, longer ones by their ends.
const (
	wholeTable = 12
	endOfTable = 5
)

// tables ranks each kind of subject that has answers, but for the top of the
// structure and what the report is narrowed to.
func (g *gathering) tables(ctx context.Context) error {
	if g.out.Empty {
		return nil
	}
	kinds, err := g.split(ctx, g.out.Head.GetName(), surveyv1.Dimension_DIMENSION_SUBJECT_KIND)
	if err != nil {
		return err
	}
	for _, s := range kinds {
		kind := commonv1.SubjectKind(commonv1.SubjectKind_value["SUBJECT_KIND_"+s.GetKey()[0]])
		if kind == commonv1.SubjectKind_SUBJECT_KIND_NETWORK || kind == g.ask.Subject.GetKind() && kind != 0 {
			continue
		}
		t, err := g.table(ctx, kind)
		if err != nil {
			return fmt.Errorf("rank %s: %w", s.GetKey()[0], err)
		}
		if len(t.Best) > 0 {
			g.out.Tables = append(g.out.Tables, t)
		}
	}
	slices.SortFunc(g.out.Tables, func(x, y Table) int { return int(x.Kind) - int(y.Kind) })
	return nil
}

func (g *gathering) table(ctx context.Context, kind commonv1.SubjectKind) (Table, error) {
	req := &surveyv1.RankSubjectsRequest{
		Brand: g.ask.Brand, Metric: g.out.Head.GetName(), Window: g.out.Window.asked(), Kind: kind,
		Under: g.ask.Subject, MinN: g.ask.MinN, PageSize: wholeTable,
	}
	best, err := g.enough(ctx, req)
	if err != nil {
		return Table{}, err
	}
	t := Table{Kind: kind, Ranked: best.GetRanked(), Unranked: best.GetUnranked(), MinN: req.MinN, Best: best.GetSubjects()}
	if t.Ranked <= wholeTable {
		return t, nil
	}
	t.Best = t.Best[:endOfTable]
	req.WorstFirst, req.PageSize = true, endOfTable
	worst, err := g.client.RankSubjects(ctx, req)
	t.Worst = worst.GetSubjects()
	return t, err
}

// enough ranks with the highest of a few least numbers of answers that leaves a
// table worth reading, unless one was asked for.
func (g *gathering) enough(ctx context.Context, req *surveyv1.RankSubjectsRequest) (best *surveyv1.RankSubjectsResponse, err error) {
	tries := []int32{10, 5, 1}
	switch {
	case g.ask.MinN > 0:
		tries = []int32{g.ask.MinN}
	case req.GetKind() == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE:
		tries = tries[:2] // fewer would tell who said what
	}
	for _, req.MinN = range tries {
		best, err = g.client.RankSubjects(ctx, req)
		if err != nil || best.GetRanked() >= 2*endOfTable || best.GetUnranked() == 0 {
			break
		}
	}
	return best, err
}

// goals are those whose days include the window's last.
func (g *gathering) goals(ctx context.Context) error {
	resp, err := g.client.ListGoals(ctx, &surveyv1.ListGoalsRequest{
		Brand: g.ask.Brand, Metric: g.ask.Metric, Subject: g.ask.Subject, Day: g.out.Window.Last,
	})
	g.out.Goals = resp.GetGoals()
	return err
}

func (g *gathering) cases(ctx context.Context) (err error) {
	g.out.Cases, err = g.client.GetCaseStats(ctx, &surveyv1.GetCaseStatsRequest{
		Brand: g.ask.Brand, Subject: g.ask.Subject, FirstDay: g.out.Window.First, LastDay: g.out.Window.Last,
	})
	return err
}

// comments are the newest of the window.
func (g *gathering) comments(ctx context.Context) error {
	if g.ask.Comments == 0 || g.out.Empty {
		return nil
	}
	filter := g.filter(g.out.Window.First, g.out.Window.Last)
	commented := true
	filter.Commented = &commented
	resp, err := g.client.ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: g.ask.Brand, Filter: filter, PageSize: g.ask.Comments})
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	names := map[string]string{}
	for _, r := range resp.GetResponses() {
		c := Comment{Response: r}
		for _, ref := range r.GetSubjects() {
			name, err := g.name(ctx, names, ref)
			if err != nil {
				return err
			}
			c.About = append(c.About, name)
		}
		g.out.Comments = append(g.out.Comments, c)
	}
	return nil
}

// name is what a subject is called, read once.
func (g *gathering) name(ctx context.Context, known map[string]string, ref *commonv1.SubjectRef) (string, error) {
	key := fmt.Sprintf("%d:%s", ref.GetKind(), ref.GetId())
	if name, ok := known[key]; ok {
		return name, nil
	}
	resp, err := g.client.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: g.ask.Brand, Ref: ref})
	if err != nil {
		return "", err
	}
	known[key] = resp.GetSubject().GetName()
	if known[key] == "" {
		known[key] = ref.GetId()
	}
	return known[key], nil
}

// moment is when a response was experienced, or the nearest thing known.
func moment(r *surveyv1.Response) time.Time {
	switch {
	case r.GetExperiencedAt() != nil:
		return r.GetExperiencedAt().AsTime()
	case r.GetAnsweredAt() != nil:
		return r.GetAnsweredAt().AsTime()
	}
	return r.GetReceivedAt().AsTime()
}

// written is when the customer wrote it.
func written(r *surveyv1.Response) time.Time {
	if r.GetAnsweredAt() != nil {
		return r.GetAnsweredAt().AsTime()
	}
	return r.GetReceivedAt().AsTime()
}
