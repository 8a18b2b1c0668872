package report

import (
	"context"
	"slices"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
)

const (
	// rollingDays and rankedFrom are what a scorecard takes where nothing is said.
	rollingDays = 28
	rankedFrom  = 30
	// mostListed bounds the comments and the cases of a scorecard.
	mostListed = 20
)

// scorecard is a scorecard on its way. Each section writes its own fields of out.
type scorecard struct {
	s   *Server
	b   *brand
	in  *reportv1.GetSubjectScorecardRequest
	w   window
	out *reportv1.GetSubjectScorecardResponse

	// subject and told are needed by several sections and read by the first.
	subject remembered[*surveyv1.Subject]
	told    remembered[overview]
}

// GetSubjectScorecard tells how one store, seller, courier or buyer is doing.
func (s *Server) GetSubjectScorecard(ctx context.Context, in *reportv1.GetSubjectScorecardRequest) (*reportv1.GetSubjectScorecardResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), in.GetSubject(), access.Read)
	if err != nil {
		return nil, err
	}
	return inCrowd(ctx, s.reports, in, func(ctx context.Context) (*reportv1.GetSubjectScorecardResponse, error) {
		return s.scorecard(ctx, b, in)
	})
}

func (s *Server) scorecard(ctx context.Context, b *brand, in *reportv1.GetSubjectScorecardRequest) (_ *reportv1.GetSubjectScorecardResponse, err error) {
	days := int(in.GetDays())
	if days == 0 {
		days = rollingDays
	}
	c := &scorecard{s: s, b: b, in: in, w: b.lastDays(s.cfg.Clock(), days), out: &reportv1.GetSubjectScorecardResponse{}}
	if c.out.Sections, err = s.gather(ctx, b, c.parts()); err != nil {
		return nil, err
	}
	for _, section := range c.out.GetSections() {
		if section.GetName() == scoresSection {
			c.out.AsOf = section.GetAsOf()
		}
	}
	return c.out, nil
}

func (c *scorecard) parts() []part {
	return []part{
		c.s.part("subject", fromSurvey, c.fetchSubject),
		c.s.part(scoresSection, fromSurvey, c.fetchScores),
		c.s.part("trend", fromSurvey, c.fetchTrend),
		c.s.part("rank", fromSurvey, c.fetchRank),
		c.s.part("gaps", fromSurvey, c.fetchGaps),
		c.s.part("comments", fromSurvey, c.fetchComments),
		c.s.part("cases", fromSurvey, c.fetchCases),
		c.s.part(ordersSection, fromJourney, c.fetchOrders),
	}
}

func (c *scorecard) fetchSubject(ctx context.Context, a *asking) error {
	entry, err := c.entry(ctx, a)
	if err == nil {
		if c.out.Name = entry.GetName(); c.out.Name == "" {
			c.out.Name = c.in.GetSubject().GetId()
		}
	}
	return err
}

// entry is the subject's in the directory.
func (c *scorecard) entry(ctx context.Context, a *asking) (*surveyv1.Subject, error) {
	return c.subject.get(ctx, func() (*surveyv1.Subject, error) {
		out, err := call(ctx, a, fromSurvey, c.s.from.Survey.GetSubject, &surveyv1.GetSubjectRequest{Brand: c.b.ID, Ref: c.in.GetSubject()})
		return out.GetSubject(), err
	})
}

// said is what Survey says of the subject.
func (c *scorecard) said(ctx context.Context, a *asking) (overview, error) {
	out, err := c.told.get(ctx, func() (overview, error) {
		apart := &asking{brand: a.brand, visits: a.visits}
		return c.s.overview(ctx, apart, c.w.beside(), c.in.GetSubject(), &surveyv1.GetOverviewRequest{Parts: []surveyv1.OverviewPart{ofScores, ofGoals}})
	})
	if err == nil {
		a.include(out.answer)
	}
	return out, err
}

// fetchScores takes every metric of the subject, the main one first.
func (c *scorecard) fetchScores(ctx context.Context, a *asking) error {
	said, err := c.said(ctx, a)
	if err != nil {
		return err
	}
	main, err := c.mainMetric(ctx, a)
	if err != nil {
		return err
	}
	for _, r := range said.scores {
		if l := c.b.line(r, ""); l != nil {
			c.out.Scores = append(c.out.Scores, l)
		}
	}
	aim(c.out.Scores, said.goals)
	slices.SortStableFunc(c.out.Scores, func(x, y *reportv1.MetricLine) int {
		return second(x.GetMetric(), main) - second(y.GetMetric(), main)
	})
	return nil
}

// second is 0 for the main metric, 1 for the others.
func second(m, main *surveyv1.Metric) int {
	if m.GetName() == main.GetName() {
		return 0
	}
	return 1
}

// mainMetric is the one asked for, or the first NPS, or else CSAT, that has answers
// about the subject; nil if none has.
func (c *scorecard) mainMetric(ctx context.Context, a *asking) (*surveyv1.Metric, error) {
	if name := c.in.GetMetric(); name != "" {
		return &surveyv1.Metric{Name: name}, nil
	}
	said, err := c.said(ctx, a)
	for _, r := range said.of(func(m *surveyv1.Metric) bool {
		return m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS || m.GetKind() == surveyv1.MetricKind_METRIC_KIND_CSAT
	}) {
		if r.score(current, "").GetN() > 0 {
			return r.metric, nil
		}
	}
	return nil, err
}

// fetchTrend reads the main metric day by day over the rolling window, and of today.
func (c *scorecard) fetchTrend(ctx context.Context, a *asking) error {
	main, err := c.mainMetric(ctx, a)
	if err != nil || main == nil {
		return err
	}
	var trend, today *surveyv1.GetMetricResponse
	err = together(ctx, func(ctx context.Context) (err error) {
		trend, err = call(ctx, a, fromSurvey, c.s.from.Survey.GetMetric, c.rolling(main))
		return err
	}, func(ctx context.Context) (err error) {
		day := window{days: c.w.days}
		day.days.From = day.last()
		today, err = call(ctx, a, fromSurvey, c.s.from.Survey.GetMetric, &surveyv1.GetMetricRequest{
			Brand: c.b.ID, Metric: main.GetName(), Window: day.ofAnswers(), Scope: scope(c.in.GetSubject()), Clock: surveyv1.Clock_CLOCK_ANSWER})
		return err
	})
	if err == nil {
		c.out.Today = today.GetTotal()
		for _, s := range trend.GetSeries() {
			c.out.Trend = s.GetPoints()
		}
	}
	return err
}

// fetchOrders reads how the subject's orders went and how often customers got in touch.
func (c *scorecard) fetchOrders(ctx context.Context, a *asking) error {
	read, err := c.s.measures(ctx, a, c.w.beside(), c.in.GetSubject(), journeyv1.MeasureGroup_MEASURE_GROUP_UNSPECIFIED, true, true)
	if err != nil {
		return err
	}
	c.out.OffNorm = offNorm(read.orders[current].GetTotal())
	c.out.Rates = []*reportv1.Rate{
		rated(stretches(read.orders, func(r *journeyv1.GetSuccessIndexResponse) *reportv1.Rate { return successRate(r.GetTotal()) })),
		rated(stretches(read.contacts, func(r *journeyv1.GetContactRateResponse) *reportv1.Rate { return contactsPerReceipt(r.GetTotal()) })),
	}
	return nil
}
