package report

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
)

// rolling asks for the main metric of each day, over the window that ends with it.
func (c *scorecard) rolling(main *surveyv1.Metric) *surveyv1.GetMetricRequest {
	return &surveyv1.GetMetricRequest{
		Brand: c.b.ID, Metric: main.GetName(), Window: c.w.ofAnswers(), Scope: scope(c.in.GetSubject()),
		Clock: surveyv1.Clock_CLOCK_EXPERIENCE, Grain: commonv1.Grain_GRAIN_DAY, RollingDays: int32(c.w.days.Len()),
	}
}

// standing is where the subject stands among its peers. Survey tells it without naming
// any of them, so that a seller may be told, too.
func (c *scorecard) standing(ctx context.Context, a *asking, metric string) (*surveyv1.GetStandingResponse, error) {
	in := &surveyv1.GetStandingRequest{Brand: c.b.ID, Subject: c.in.GetSubject(), Metric: metric, Window: c.w.ofAnswers(),
		PeersByLabel: c.in.GetPeersByLabel(), MinN: c.in.GetMinN()}
	if in.MinN == 0 {
		in.MinN = rankedFrom
	}
	return call(ctx, a, fromSurvey, c.s.from.Survey.GetStanding, in)
}

// fetchRank looks the subject up in the league table of its peers.
func (c *scorecard) fetchRank(ctx context.Context, a *asking) error {
	main, err := c.mainMetric(ctx, a)
	if err != nil || main == nil {
		return err
	}
	at, err := c.standing(ctx, a, main.GetName())
	if err != nil {
		return err
	}
	c.out.Rank, c.out.Peers = at.GetStanding(), at.GetRanked()
	if at.GetHidden() || at.Median != nil {
		c.out.Spread = &reportv1.PeerSpread{LowerQuartile: at.LowerQuartile, Median: at.Median, UpperQuartile: at.UpperQuartile, Hidden: at.GetHidden()}
	}
	return nil
}

// fetchGaps sets the parameters beside the peers'.
func (c *scorecard) fetchGaps(ctx context.Context, a *asking) error {
	said, err := c.said(ctx, a)
	if err != nil {
		return err
	}
	own := said.of(parameter)
	peers := make([]*surveyv1.GetStandingResponse, len(own))
	calls := make([]func(context.Context) error, len(own))
	for i, r := range own {
		calls[i] = func(ctx context.Context) (err error) {
			peers[i], err = c.standing(ctx, a, r.metric.GetName())
			return err
		}
	}
	if err := together(ctx, calls...); err != nil {
		return err
	}
	c.out.Gaps = c.b.gaps(own, peers)
	return nil
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
func (b *brand) gaps(own []reading, peers []*surveyv1.GetStandingResponse) []*reportv1.ParameterGap {
	var out []*reportv1.ParameterGap
	part := map[*reportv1.ParameterGap]float64{}
	for i, r := range own {
		mine, all := r.score(current, ""), peers[i].GetPeers()
		if mine.GetN() == 0 {
			continue
		}
		g := &reportv1.ParameterGap{Metric: r.metric.GetName(), Title: b.title(r.metric), Score: mine, Peers: all, Median: peers[i].Median}
		of := sampled(r.metric, mine)
		if all != nil {
			g.Gap = difference(mine.Value, all.Value, all.GetN()).Change
			g.Significant = apart(of, sampled(r.metric, all).without(of))
		}
		part[g] = g.GetGap() / (of.top - of.low)
		out = append(out, g)
	}
	slices.SortStableFunc(out, func(x, y *reportv1.ParameterGap) int { return cmp.Compare(part[x], part[y]) })
	return out
}

// title is a metric's name for people, in the first of the brand's languages that it
// has one in; else its own.
func (b *brand) title(m *surveyv1.Metric) string { return b.text(m.GetTitle().GetTexts(), m.GetName()) }

func (b *brand) text(texts map[string]string, otherwise string) string {
	for _, locale := range b.Locales {
		if text := texts[locale]; text != "" {
			return text
		}
	}
	return otherwise
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
