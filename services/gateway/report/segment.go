package report

import (
	"context"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
)

// concluded is from how many answers on conclusions about a group may be drawn.
const concluded = 100

// segment is a segment's panel on its way. Each section writes its own fields of out.
type segment struct {
	s   *Server
	b   *brand
	in  *reportv1.GetSegmentPanelRequest
	w   window
	out *reportv1.GetSegmentPanelResponse
}

// GetSegmentPanel tells who the members of a segment are, what they say and are worth.
func (s *Server) GetSegmentPanel(ctx context.Context, in *reportv1.GetSegmentPanelRequest) (*reportv1.GetSegmentPanelResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), nil, access.Read)
	if err != nil {
		return nil, err
	}
	w, err := b.window(s.cfg.Clock(), in.GetWindow())
	if err != nil {
		return nil, err
	}
	g := &segment{s: s, b: b, in: in, w: w, out: &reportv1.GetSegmentPanelResponse{}}
	g.out.Sections, err = s.gather(ctx, b, g.parts())
	if err != nil {
		return nil, err
	}
	return g.out, nil
}

func (g *segment) parts() []part {
	all := []part{
		g.s.part("panel", fromSegmentation, g.fetchPanel),
		g.s.part(scoresSection, fromSurvey, g.fetchScores),
		g.s.part("value", fromSegmentation, g.fetchValue),
		g.s.part(loyaltySection, fromLoyalty, g.fetchPoints),
	}
	for i, what := range map[int]string{2: "value", 3: "points"} {
		if g.w.all && all[i].absent == "" {
			all[i].absent = what + " are counted between two days"
		}
	}
	return all
}

func (g *segment) fetchPanel(ctx context.Context, a *asking) error {
	out, err := call(ctx, a, fromSegmentation, g.s.from.Segmentation.QueryPanel, &segmentationv1.QueryPanelRequest{
		Brand: g.b.ID, Rest: true, Distributions: g.in.GetDistributions(),
		Filters: []*segmentationv1.PanelFilter{{Filter: &segmentationv1.PanelFilter_SegmentId{SegmentId: g.in.GetSegmentId()}}},
	})
	if err == nil {
		g.out.Members, g.out.Others, g.out.Persons = out.GetChosen(), out.GetRest(), out.GetPersons()
	}
	return err
}

// fetchScores sets members beside everybody else who is known, metric by metric.
func (g *segment) fetchScores(ctx context.Context, a *asking) error {
	metrics, err := g.s.chosenMetrics(ctx, a, g.in.GetMetrics(), judgeable)
	if err != nil {
		return err
	}
	read := make([]*surveyv1.CompareMetricResponse, len(metrics))
	calls := make([]func(context.Context) error, len(metrics))
	for i, m := range metrics {
		calls[i] = func(ctx context.Context) (err error) {
			read[i], err = call(ctx, a, fromSurvey, g.s.from.Survey.CompareMetric, &surveyv1.CompareMetricRequest{
				Brand: g.b.ID, Metric: m.GetName(), Clock: surveyv1.Clock_CLOCK_EXPERIENCE,
				A: &surveyv1.MetricSide{Window: g.w.ofAnswers(), Scope: &surveyv1.Scope{SegmentId: g.in.GetSegmentId()}},
				B: &surveyv1.MetricSide{Window: g.w.ofAnswers(), Scope: &surveyv1.Scope{SegmentId: g.in.GetSegmentId(), Outside: true}},
			})
			return err
		}
	}
	if err := together(ctx, calls...); err != nil {
		return err
	}
	for i, r := range read {
		if r.GetA().GetN()+r.GetB().GetN() == 0 && !r.GetA().GetSuppressed() && !r.GetB().GetSuppressed() {
			continue
		}
		g.out.Scores = append(g.out.Scores, &reportv1.SegmentScore{
			Metric: metrics[i], Members: r.GetA(), Others: r.GetB(), Difference: r.Difference, Margin: r.Margin, Significant: r.GetSignificant(),
			TooFew: min(r.GetA().GetN(), r.GetB().GetN()) < concluded,
		})
	}
	return nil
}

// fetchValue reads what members are worth, now and before, and what everybody is.
func (g *segment) fetchValue(ctx context.Context, a *asking) error {
	id := g.in.GetSegmentId()
	read, err := g.s.values(ctx, a, &segmentationv1.GetSegmentValueRequest{SegmentId: id, Dates: g.w.dates()},
		&segmentationv1.GetSegmentValueRequest{SegmentId: id, Dates: g.w.before().dates()}, &segmentationv1.GetSegmentValueRequest{Dates: g.w.dates()})
	if err == nil {
		g.out.Value, g.out.ValueBefore, g.out.ValueOfAll = read[0], read[1], read[2]
	}
	return err
}

// fetchPoints reads what became of points, the members' and everybody's. A brand without
// a programme has none.
func (g *segment) fetchPoints(ctx context.Context, a *asking) error {
	var members, all []points
	err := together(ctx, func(ctx context.Context) (err error) {
		members, err = g.s.redeemed(ctx, a, g.w.beside(), &loyaltyv1.RateScope{SegmentId: g.in.GetSegmentId()}, loyaltyv1.RateSplit_RATE_SPLIT_UNSPECIFIED)
		return err
	}, func(ctx context.Context) (err error) {
		all, err = g.s.redeemed(ctx, a, g.w.beside(), nil, loyaltyv1.RateSplit_RATE_SPLIT_UNSPECIFIED)
		return err
	})
	if err != nil || members == nil || all == nil {
		return err
	}
	rate := func(of []points) *reportv1.Rate {
		return rated(stretches(of, func(p points) *reportv1.Rate { return p.rate("") }))
	}
	g.out.Redemption, g.out.RedemptionOfAll = rate(members), rate(all)
	return nil
}
