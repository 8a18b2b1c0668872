package letter

import (
	"math"
	"strings"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// axis is where the values of a metric can lie.
func axis(m *surveyv1.Metric) (least, most float64) {
	switch k := m.GetKind(); {
	case k == surveyv1.MetricKind_METRIC_KIND_NPS:
		return -100, 100
	case shell.IsMean(k):
		return float64(m.GetScaleMin()), float64(m.GetScaleMax())
	}
	return 0, 100
}

// scoreRow is a score by itself; without answers it says so, and of too few that it is
// not told.
func (w *writer) scoreRow(name string, m *surveyv1.Metric, s *surveyv1.Score) row {
	r := row{Name: name, Answers: w.words.Answers(s.GetN())}
	if s.GetSuppressed() {
		r.Answers = w.words.TooFew
	}
	if s == nil || s.Value == nil {
		return r
	}
	k, low, high := m.GetKind(), s.GetValue(), s.GetValue()
	r.Value = w.words.ValueOf(k, s.GetValue())
	if s.Low != nil && s.High != nil {
		low, high = s.GetLow(), s.GetHigh()
		r.Interval = w.words.Span(k, low, high)
	}
	least, most := axis(m)
	r.Bar = newBar(s.GetValue(), low, high, least, most)
	return r
}

// line is a metric with all that stands beside it.
func (w *writer) line(l *reportv1.MetricLine) row {
	m := l.GetMetric()
	r := w.scoreRow(w.words.MetricTitle(m, w.Brand.Locales), m, l.GetScore())
	if c := l.GetPrevious(); c != nil && c.Change != nil {
		r.Change = w.change(c, func(v float64) string { return w.words.Apart(m.GetKind(), v) })
		better := c.GetChange() > 0 != (m.GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE)
		r.Good, r.Bad = c.GetSignificant() && better, c.GetSignificant() && !better
	}
	if l.Goal != nil {
		aim := w.words.AimMissed
		if l.GetMet() {
			aim = w.words.AimMet
		}
		r.Aim = fill(aim, w.words.ValueOf(m.GetKind(), l.GetGoal()))
	}
	return r
}

// change is a difference with its sign, and whether it is beyond chance.
func (w *writer) change(c *reportv1.Change, size func(float64) string) string {
	sign := "+"
	if c.GetChange() < 0 {
		sign = shell.Minus
	}
	text := sign + size(math.Abs(c.GetChange()))
	if strings.Trim(text, "+0.,"+shell.Minus+"\u00a0") == "" {
		text = size(0)
	}
	if c.GetSignificant() {
		return text + ", " + w.words.Significant
	}
	return text
}

// rate is a share or a rate.
func (w *writer) rate(r *reportv1.Rate) row {
	out := row{Name: w.words.Rates[r.GetName()], Answers: fill(w.words.OutOf, w.words.Count(r.GetNumerator()), w.words.Count(r.GetDenominator()))}
	if out.Name == "" {
		out.Name = r.GetName()
	}
	if r.Value == nil {
		return out
	}
	out.Value = w.words.Percent(r.GetValue() / 100)
	low, high := r.GetValue(), r.GetValue()
	if r.Low != nil && r.High != nil {
		low, high = r.GetLow(), r.GetHigh()
		out.Interval = w.words.Fixed(low, 1) + " … " + w.words.Percent(high/100)
	}
	out.Bar = newBar(r.GetValue(), low, high, 0, max(100, high))
	if c := r.GetPrevious(); c != nil && c.Change != nil {
		out.Change = w.change(c, func(v float64) string { return w.words.Fixed(v, 1) + "\u00a0" + w.words.Shares })
	}
	return out
}

// reasons are why orders were off norm.
func (w *writer) reasons(all []*reportv1.Reason) table {
	t := table{Title: w.words.OffNorm}
	for _, r := range all {
		name := w.words.Reasons[r.GetCode()]
		if name == "" {
			name = r.GetCode()
		}
		t.Rows = append(t.Rows, row{Name: name, Value: w.words.Percent(r.GetShare() / 100), Answers: w.words.Count(r.GetN()),
			Bar: newBar(r.GetShare(), r.GetShare(), r.GetShare(), 0, 100)})
	}
	return t
}
