package board

import (
	"fmt"
	"math"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/chart"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// figure is one number as it is read, with all that says what it is worth.
type figure struct {
	Name, Note           string
	Value, Of            string // Value is empty: nobody answered
	Interval, N, Count   string
	Hint                 string // all of that in one line
	Previous, Year       change
	Goal, Attained       string
	Met                  bool
	Benchmark, Judgement string
	Range                chart.Range
	Few                  bool // too few to conclude anything
	low, high, value     float64
	banded, there        bool
}

// change is a value beside the same of another stretch of time, in words.
type change struct {
	// Step is the difference with its sign, Words whether it means anything.
	Step, Words string
	// Mood is good, bad or same; empty where there is nothing to compare with.
	Mood string
	Then string
}

// fewAnswers are too few to conclude anything from a score.
const fewAnswers = 30

// score is a metric's value as it is read.
func (s *scene) score(m *surveyv1.Metric, v *surveyv1.Score) figure {
	l, kind := s.Lang, m.GetKind()
	f := figure{Name: l.MetricTitle(m, s.brand.Locales), Note: l.MetricKind(kind), N: l.Answers(v.GetN()), Count: l.Count(v.GetN())}
	if v.GetSuppressed() {
		f.N = l.Suppressed
	}
	if v == nil || v.Value == nil {
		f.Hint = f.Name + ": " + f.N
		return f
	}
	f.there, f.value, f.Value = true, v.GetValue(), l.ValueOf(kind, v.GetValue())
	f.Few = v.GetN() < fewAnswers
	if shell.IsMean(kind) {
		f.Of = fmt.Sprintf(l.OfScale, m.GetScaleMax())
	}
	f.Interval = l.NoInterval
	if v.Low != nil && v.High != nil {
		least, most := limits(m)
		f.low, f.high, f.banded = max(v.GetLow(), least), min(v.GetHigh(), most), true
		f.Interval = l.Span(kind, f.low, f.high)
	}
	f.Hint = fmt.Sprintf(l.Worth, f.Name, f.Value, f.Interval, l.Count(v.GetN()))
	return f
}

// limits are the ends of what a metric's values can be.
func limits(m *surveyv1.Metric) (least, most float64) {
	switch {
	case m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS:
		return -100, 100
	case shell.IsMean(m.GetKind()):
		return float64(m.GetScaleMin()), float64(m.GetScaleMax())
	}
	return 0, 100
}

// less tells whether a metric is the better the lower it is.
func less(m *surveyv1.Metric) bool {
	return m.GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE
}

// metric is a line of a report as it is read.
func (s *scene) metric(line *reportv1.MetricLine) figure {
	l, m := s.Lang, line.GetMetric()
	f := s.score(m, line.GetScore())
	f.Previous, f.Year = s.changed(m, line.GetPrevious()), s.changed(m, line.GetYearBefore())
	if line.Goal != nil {
		f.Goal, f.Met = fmt.Sprintf(l.Goal, l.ValueOf(m.GetKind(), line.GetGoal())), line.GetMet()
		switch {
		case !f.there:
		case f.Met:
			f.Attained = l.GoalMet
		default:
			f.Attained = fmt.Sprintf(l.GoalShort, l.Apart(m.GetKind(), math.Abs(line.GetGoal()-f.value)))
		}
	}
	if line.Benchmark != nil {
		f.Benchmark = fmt.Sprintf(l.Benchmark, l.Fixed(line.GetBenchmark(), 0)+"\u00a0%")
		if w := line.GetScore(); w.WeightedPercent != nil {
			f.Benchmark += " " + fmt.Sprintf(l.OfWeighted, l.Percent(w.GetWeightedPercent()/100))
		}
	}
	f.Judgement = l.judgements[line.GetJudgement()]
	return f
}

// changed puts the change of a score into words. Whether it is beyond chance is for
// the service to say.
func (s *scene) changed(m *surveyv1.Metric, c *reportv1.Change) change {
	switch {
	case c == nil:
		return change{}
	case c.Change == nil:
		return change{Words: s.Lang.NothingThen}
	}
	out := change{Step: signed(c.GetChange(), s.Lang.Apart(m.GetKind(), math.Abs(c.GetChange()))), Words: s.Lang.WithinChance, Mood: "same"}
	out.Then = fmt.Sprintf(s.Lang.Then, s.Lang.ValueOf(m.GetKind(), c.GetThen()), s.Lang.Count(c.GetN()))
	if c.GetSignificant() {
		out.Words, out.Mood = s.Lang.BeyondChance, "bad"
		if (c.GetChange() > 0) != less(m) {
			out.Mood = "good"
		}
	}
	return out
}

// signed writes a difference with its sign before it.
func signed(v float64, text string) string {
	switch {
	case v > 0:
		return "+" + text
	case v < 0:
		return shell.Minus + text
	}
	return text
}

// rate is a share or rate as it is read.
func (s *scene) rate(r *reportv1.Rate) figure {
	l := s.Lang
	f := figure{Name: l.rate(r.GetName()), N: fmt.Sprintf(l.OutOf, l.Count(r.GetNumerator()), l.Count(r.GetDenominator()))}
	if r.Value == nil {
		if r.GetNumerator() == 0 {
			f.N = "" // nothing of it
		}
		return f
	}
	f.there, f.value, f.Value = true, r.GetValue(), l.Percent(r.GetValue()/100)
	f.Few = r.GetDenominator() < fewAnswers
	if r.Low != nil && r.High != nil {
		f.low, f.high, f.banded = r.GetLow(), r.GetHigh(), true
		f.Interval = l.Fixed(f.low, 1) + " … " + l.Percent(f.high/100)
	}
	f.Hint = fmt.Sprintf(l.Worth, f.Name, f.Value, f.Interval, l.Count(r.GetDenominator()))
	f.Previous, f.Year = s.moved(r.GetPrevious()), s.moved(r.GetYearBefore())
	if r.Benchmark != nil {
		f.Benchmark = fmt.Sprintf(l.Benchmark, l.Percent(r.GetBenchmark()/100))
	}
	return f
}

// moved is the change of a rate: of one without a verdict of the service none is made.
func (s *scene) moved(c *reportv1.Change) change {
	switch {
	case c == nil:
		return change{}
	case c.Change == nil:
		return change{Words: s.Lang.NothingThen}
	}
	return change{
		Step: signed(c.GetChange(), s.Lang.Fixed(math.Abs(c.GetChange()), 1)+"\u00a0"+s.Lang.Shares), Mood: "same",
		Then: fmt.Sprintf(s.Lang.Then, s.Lang.Percent(c.GetThen()/100), s.Lang.Count(c.GetN())),
	}
}

// align lays the intervals of figures of one metric on one axis.
func align(all []*figure, least, most float64) {
	var values []chart.Value
	for _, f := range all {
		if f.there {
			values = append(values, chart.Value{Value: f.value, Low: f.low, High: f.high, Banded: f.banded})
		}
	}
	ranges := chart.Ranges(values, least, most)
	for _, f := range all {
		if f.there {
			f.Range, ranges = ranges[0], ranges[1:]
		}
	}
}

// part is what became of one section of a report.
type part struct{ Name, State, Fresh, Message, Mood string }

// quietFor is how long nothing new is no news: past it a reader is told, who may know
// better whether the service or the brand is asleep.
const quietFor = 24 * time.Hour

// parts say what became of the sections of a report, the lost ones first by mood.
func (s *scene) parts(all []*reportv1.Section) (out []part) {
	l := s.Lang
	for _, one := range all {
		p := part{Name: l.part(one.GetName()), State: l.states[one.GetStatus()], Fresh: s.fresh(one.GetAsOf())}
		switch one.GetStatus() {
		case reportv1.Section_STATUS_OK:
			p.Mood = "good"
			if at := one.GetAsOf(); at.IsValid() && s.now.Sub(at.AsTime()) > quietFor {
				p.Mood, p.State = "same", fmt.Sprintf(l.Still, l.span(s.now.Sub(at.AsTime())))
			}
		case reportv1.Section_STATUS_MISSING, reportv1.Section_STATUS_FAILED:
			p.Mood, p.Message = "bad", one.GetMessage()
		default:
			p.Mood = "same"
			if one.GetStatus() == reportv1.Section_STATUS_ABSENT {
				p.Message = one.GetMessage()
			}
		}
		out = append(out, p)
	}
	return out
}

// lost are the names of the sections that are not there and should be.
func (s *scene) lost(all []*reportv1.Section) (out []part) {
	for _, p := range s.parts(all) {
		if p.Mood == "bad" {
			out = append(out, p)
		}
	}
	return out
}

// section of a report by its name; nil if it was not asked for.
func section(all []*reportv1.Section, name string) *reportv1.Section {
	for _, one := range all {
		if one.GetName() == name {
			return one
		}
	}
	return nil
}
