package page

import (
	"context"
	"fmt"
	"math"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/chart"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// scoreData is the score itself.
type scoreData struct {
	Value, Interval, Of, Answers, Weighted string // Value is empty: nobody answered
	Window, AsOf, Permalink                string
	Stale                                  string // why these are not the days asked for
	Benchmarks                             []chart.Label
	Parts                                  []part
}

// part is one group of answers.
type part struct{ Name, Class, Count, Share string }

func (p *Page) loadScore(ctx context.Context, s *scene) (any, error) {
	got, err := p.ask(ctx, s, s.window, commonv1.Grain_GRAIN_UNSPECIFIED)
	if err != nil {
		return nil, err
	}
	l, kind, total := s.Lang, s.kind(), got.GetTotal()
	d := &scoreData{Window: s.windowText(), Answers: l.Answers(total.GetN()), Stale: s.staleText(total.GetN())}
	if got.GetAsOf().IsValid() {
		d.AsOf = fmt.Sprintf(l.AsOf, l.Moment(got.GetAsOf().AsTime().In(s.brand.Location)))
	}
	if !s.window.whole() && s.Days != "" {
		d.Permalink = s.ToDates(s.window.first, s.window.last)
	}
	if total.Value == nil {
		return d, nil
	}
	d.Value = l.ValueOf(kind, total.GetValue())
	if shell.IsMean(kind) {
		d.Of = fmt.Sprintf(l.OfScale, s.metric.GetScaleMax())
	}
	d.Interval = s.intervalText(total)
	if total.WeightedPercent != nil {
		d.Weighted = fmt.Sprintf(l.Weighted, l.ValueOf(kind, total.GetWeightedPercent()))
	}
	d.Benchmarks = s.benchmarks()
	d.Parts = s.parts(total)
	return d, nil
}

// intervalText is what the score is worth.
func (s *scene) intervalText(v *surveyv1.Score) string {
	low, high, ok := s.interval(v)
	if !ok {
		return s.Lang.NoInterval
	}
	return fmt.Sprintf(s.Lang.Interval, s.Lang.Bare(s.kind(), low), s.Lang.ValueOf(s.kind(), high))
}

// interval is the 95 % interval as far as there can be values: of two answers it
// reaches beyond the ends of the scale, which tells nobody anything.
func (s *scene) interval(v *surveyv1.Score) (low, high float64, ok bool) {
	if v == nil || v.Low == nil || v.High == nil {
		return 0, 0, false
	}
	least, most := s.limits()
	return max(v.GetLow(), least), min(v.GetHigh(), most), true
}

// windowText says which days are shown.
func (s *scene) windowText() string {
	if s.window.whole() {
		return s.Lang.AllLong
	}
	return s.Lang.Days(s.window.first, s.window.last)
}

// lengthText is the length that was asked for.
func (s *scene) lengthText() string {
	l := s.Lang
	return map[string]string{"7": l.WeekLong, "30": l.MonthLong, "90": l.QuarterLong, "365": l.YearLong}[s.Days]
}

// beforeText names the period that a comparison is made with.
func (s *scene) beforeText() string {
	l := s.Lang
	if t := map[string]string{"7": l.BeforeWeek, "30": l.BeforeMonth, "90": l.BeforeQuarter, "365": l.BeforeYear}[s.Days]; t != "" {
		return t
	}
	return l.BeforeDates
}

// staleText says that these are not the days that were asked for.
func (s *scene) staleText(n int64) string {
	switch {
	case s.window.stale:
		return fmt.Sprintf(s.Lang.Stale, s.lengthText()) + " " + fmt.Sprintf(s.Lang.StaleDates, s.lengthText(), s.Lang.Day(s.window.last))
	case n == 0 && s.Days != "":
		return s.Lang.NoneEver
	}
	return ""
}

// benchmarks are what the value may be set beside. CSI has none here: the
// industry's numbers belong beside the weighted one.
func (s *scene) benchmarks() []chart.Label {
	l := s.Lang
	switch s.kind() {
	case surveyv1.MetricKind_METRIC_KIND_NPS:
		return []chart.Label{{At: 30, Text: "30 " + l.GoodNPS}, {At: 50, Text: "50 " + l.GreatNPS}}
	case surveyv1.MetricKind_METRIC_KIND_CSAT:
		return []chart.Label{{At: 80, Text: "80\u00a0% " + l.Retail}}
	case surveyv1.MetricKind_METRIC_KIND_CES:
		return []chart.Label{{At: 5.5, Text: l.Fixed(5.5, 1) + " " + l.EasyCES}}
	}
	return nil
}

// parts are the groups that the answers fall into; they add up to all of them.
func (s *scene) parts(v *surveyv1.Score) []part {
	l := s.Lang
	one := func(name, class string, n int64, tenth int) part {
		return part{Name: name, Class: class, Count: l.Count(n), Share: l.Fixed(float64(tenth)/10, 1)}
	}
	positive := shell.Tenths(v.GetPositive(), v.GetN()-v.GetPositive())
	switch {
	case v.GetN() == 0:
	case s.kind() == surveyv1.MetricKind_METRIC_KIND_NPS:
		share := shell.Tenths(v.GetPromoters(), v.GetPassives(), v.GetDetractors())
		return []part{
			one(l.Promoters, "high", v.GetPromoters(), share[0]),
			one(l.Passives, "mid", v.GetPassives(), share[1]),
			one(l.Detractors, "low", v.GetDetractors(), share[2]),
		}
	case s.kind() == surveyv1.MetricKind_METRIC_KIND_CSAT:
		return []part{one(l.Positive, "high", v.GetPositive(), positive[0])}
	case s.kind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE:
		return []part{one(l.Low, "low", v.GetPositive(), positive[0])}
	}
	return nil
}

// changeData is the answer to: is that a change?
type changeData struct {
	shell.Dated
	Words, Mood, Before, Answers string
}

func (p *Page) loadChange(ctx context.Context, s *scene) (any, error) {
	if s.window.whole() {
		return &changeData{Words: s.Lang.NoComparison, Mood: "unknown"}, nil
	}
	got, err := p.survey.CompareMetric(ctx, &surveyv1.CompareMetricRequest{
		Brand: s.Brand, Metric: s.Metric,
		A: &surveyv1.MetricSide{Window: s.window.proto(), Scope: s.scope()},
		B: &surveyv1.MetricSide{Window: s.window.before().proto(), Scope: s.scope()},
	})
	if err != nil {
		return nil, err
	}
	d := s.judge(got)
	d.AsOf = s.fresh(got.GetAsOf())
	if b := got.GetB(); b.Value != nil {
		d.Before = fmt.Sprintf(s.Lang.Before, s.Lang.ValueOf(s.kind(), b.GetValue()))
		d.Answers = s.Lang.Answers(b.GetN())
	}
	return d, nil
}

// judge puts a comparison into words. Whether it is a change is for the service
// to say; here it only gets a sign and a direction.
func (s *scene) judge(got *surveyv1.CompareMetricResponse) *changeData {
	l, before := s.Lang, s.beforeText()
	switch {
	case got.GetA().GetN() == 0:
		return &changeData{Words: l.NothingNow, Mood: "unknown"}
	case got.Difference == nil:
		return &changeData{Words: fmt.Sprintf(l.NothingBefore, before), Mood: "unknown"}
	case got.GetDifference() == 0:
		return &changeData{Words: fmt.Sprintf(l.ChangeEqual, before), Mood: "same"}
	}
	diff := l.Apart(s.kind(), math.Abs(got.GetDifference()))
	if got.Margin != nil {
		diff += " (±" + l.Bare(s.kind(), got.GetMargin()) + ")"
	}
	if !got.GetSignificant() {
		sign := "+"
		if got.GetDifference() < 0 {
			sign = shell.Minus
		}
		return &changeData{Words: fmt.Sprintf(l.ChangeNone, sign+diff, before), Mood: "same"}
	}
	words, up := l.ChangeUp, got.GetDifference() > 0
	if !up {
		words = l.ChangeDown
	}
	mood := "bad"
	if up == (s.kind() != surveyv1.MetricKind_METRIC_KIND_LOW_SHARE) {
		mood = "good"
	}
	return &changeData{Words: fmt.Sprintf(words, diff, before), Mood: mood}
}
