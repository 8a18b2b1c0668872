package report

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

// rolling asks for the main metric of each day, over the window that ends with it.
func (c *scorecard) rolling(main *surveyv1.Metric) *surveyv1.GetMetricRequest {
	return &surveyv1.GetMetricRequest{
		Brand: c.b.ID, Metric: main.GetName(), Window: c.w.ofAnswers(), Scope: scope(c.in.GetSubject()),
		Clock: surveyv1.Clock_CLOCK_EXPERIENCE, Grain: commonv1.Grain_GRAIN_DAY, RollingDays: int32(c.w.days.Len()),
	}
}

// alike are the labels that peers share with the subject.
func (c *scorecard) alike(ctx context.Context, a *asking) (map[string]string, error) {
	label := c.in.GetPeersByLabel()
	if label == "" {
		return nil, nil
	}
	entry, err := c.entry(ctx, a)
	if err != nil {
		return nil, err
	}
	value, ok := entry.GetLabels()[label]
	if !ok {
		return nil, fault.Precondition(nil, "it has no label %s to find peers by", label)
	}
	return map[string]string{label: value}, nil
}

// pageOfRanks is how much of a league table is read at once.
const pageOfRanks = 1000

// fetchRank looks the subject up in the league table of its peers.
func (c *scorecard) fetchRank(ctx context.Context, a *asking) error {
	main, err := c.mainMetric(ctx, a)
	if err != nil || main == nil {
		return err
	}
	labels, err := c.alike(ctx, a)
	if err != nil {
		return err
	}
	in := &surveyv1.RankSubjectsRequest{
		Brand: c.b.ID, Metric: main.GetName(), Window: c.w.ofAnswers(), Kind: c.in.GetSubject().GetKind(), Labels: labels,
		MinN: c.in.GetMinN(), PageSize: pageOfRanks,
	}
	if in.MinN == 0 {
		in.MinN = rankedFrom
	}
	for {
		page, err := call(ctx, a, fromSurvey, c.s.from.Survey.RankSubjects, in)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(page.GetSubjects(), func(r *surveyv1.RankedSubject) bool { return proto.Equal(r.GetSubject(), c.in.GetSubject()) })
		if at >= 0 {
			c.out.Rank = page.GetSubjects()[at]
		}
		if in.PageToken = page.GetNextPageToken(); at >= 0 || in.PageToken == "" {
			c.out.Peers = page.GetRanked()
			return nil
		}
	}
}

// fetchGaps sets the parameters beside the peers'.
func (c *scorecard) fetchGaps(ctx context.Context, a *asking) error {
	labels, err := c.alike(ctx, a)
	if err != nil {
		return err
	}
	kind := c.in.GetSubject().GetKind()
	by, key := &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT_KIND}, strings.TrimPrefix(kind.String(), "SUBJECT_KIND_")
	for label, value := range labels {
		by, key = &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_LABEL, Kind: kind, Key: label}, value
	}
	metrics, err := c.s.metrics(ctx, a)
	if err != nil {
		return err
	}
	metrics = slices.DeleteFunc(metrics, func(m *surveyv1.Metric) bool { return !parameter(m) })
	var own, peers []reading
	err = together(ctx, func(ctx context.Context) (err error) {
		own, err = c.s.readings(ctx, a, metrics, []window{c.w}, c.in.GetSubject())
		return err
	}, func(ctx context.Context) (err error) {
		peers, err = c.s.readings(ctx, a, metrics, []window{c.w}, nil, by)
		return err
	})
	if err == nil {
		c.out.Gaps = c.b.gaps(own, peers, key)
	}
	return err
}

// parameter tells what a subject can be better or worse at: not the index over all of
// it, nor what follows from the others.
func parameter(m *surveyv1.Metric) bool {
	switch m.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_CSAT, surveyv1.MetricKind_METRIC_KIND_CES,
		surveyv1.MetricKind_METRIC_KIND_RATING, surveyv1.MetricKind_METRIC_KIND_CSI_ITEM:
		return true
	}
	return false
}

// gaps of the parameters that have answers, widest below the peers first. Metrics of
// different scales are compared by the part of the scale that lies between.
func (b *brand) gaps(own, peers []reading, key string) []*reportv1.ParameterGap {
	var out []*reportv1.ParameterGap
	part := map[*reportv1.ParameterGap]float64{}
	for i, r := range own {
		mine, all := r.score(current, ""), peers[i].score(current, key)
		if mine.GetN() == 0 {
			continue
		}
		g := &reportv1.ParameterGap{Metric: r.metric.GetName(), Title: b.title(r.metric), Score: mine, Peers: all}
		g.Gap = difference(mine.Value, all.Value, all.GetN()).Change
		of := sampled(r.metric, mine)
		g.Significant = apart(of, sampled(r.metric, all).without(of))
		part[g] = g.GetGap() / (of.top - of.low)
		out = append(out, g)
	}
	slices.SortStableFunc(out, func(x, y *reportv1.ParameterGap) int { return cmp.Compare(part[x], part[y]) })
	return out
}

// title is a metric's name for people, in the first of the brand's languages that it
// has one in; else its own.
func (b *brand) title(m *surveyv1.Metric) string {
	for _, locale := range b.Locales {
		if text := m.GetTitle().GetTexts()[locale]; text != "" {
			return text
		}
	}
	return m.GetName()
}

// detailed allows what is about single customers.
func (c *scorecard) detailed(ctx context.Context) error {
	return c.s.cfg.Guard.Check(ctx, access.Request{Brand: c.b.ID, Subject: subjectName(c.in.GetSubject()), Verb: access.Detail})
}

func (c *scorecard) fetchComments(ctx context.Context, a *asking) error {
	if err := c.detailed(ctx); err != nil {
		return err
	}
	out, err := call(ctx, a, fromSurvey, c.s.from.Survey.ListResponses, &surveyv1.ListResponsesRequest{
		Brand: c.b.ID, PageSize: mostListed,
		Filter: &surveyv1.ResponseFilter{Subjects: []*commonv1.SubjectRef{c.in.GetSubject()}, Commented: proto.Bool(true)}})
	if err == nil {
		c.out.Comments = out.GetResponses()
	}
	return err
}

func (c *scorecard) fetchCases(ctx context.Context, a *asking) error {
	if err := c.detailed(ctx); err != nil {
		return err
	}
	out, err := call(ctx, a, fromSurvey, c.s.from.Survey.ListCases, &surveyv1.ListCasesRequest{
		Brand: c.b.ID, Subject: c.in.GetSubject(), PageSize: mostListed})
	if err == nil {
		c.out.Cases = out.GetCases()
	}
	return err
}
