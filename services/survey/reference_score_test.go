package survey_test

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// score is what the answers of one metric say, by its definition.
func (w *reference) score(name string, cells []cell) *surveyv1.Score {
	m := w.metrics[name]
	if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL {
		return w.overall(m, cells)
	}
	return scoreOfAnswers(m, answersTo(name, cells))
}

func answersTo(metric string, cells []cell) []scored {
	var out []scored
	for _, c := range cells {
		if a, ok := c.e.scores[metric]; ok {
			out = append(out, a)
		}
	}
	return out
}

func scoreOfAnswers(m *surveyv1.Metric, answers []scored) *surveyv1.Score {
	if len(answers) == 0 {
		return &surveyv1.Score{}
	}
	n := float64(len(answers))
	out := &surveyv1.Score{N: int64(len(answers)), Histogram: make([]int64, 11)}
	var sum, product, weighted, weights float64
	for _, a := range answers {
		out.Histogram[a.score]++
		sum += float64(a.score)
		product += float64(a.score * a.weight)
		weighted += float64(a.score * a.weight)
		weights += float64(a.weight)
	}
	count := func(from, to int) (k int64) {
		for _, a := range answers {
			if a.score >= from && a.score <= to {
				k++
			}
		}
		return k
	}
	out.Mean = proto.Float64(sum / n)
	out.Value = out.Mean
	switch m.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_NPS:
		out.Promoters, out.Passives, out.Detractors = count(9, 10), count(7, 8), count(0, 6)
		out.Value = proto.Float64(100 * float64(out.Promoters-out.Detractors) / n)
	case surveyv1.MetricKind_METRIC_KIND_CSAT:
		out.Positive = count(int(m.GetThreshold()), 10)
		out.Value = proto.Float64(100 * float64(out.Positive) / n)
	case surveyv1.MetricKind_METRIC_KIND_LOW_SHARE:
		out.Positive = count(1, 1)
		out.Value = proto.Float64(100 * float64(out.Positive) / n)
	case surveyv1.MetricKind_METRIC_KIND_CSI_ITEM:
		out.Value = proto.Float64(product / n)
		out.Weighted, out.WeightedPercent = proto.Float64(weighted/weights), proto.Float64(10*weighted/weights)
	}
	return out
}

// overall is the mean of the parameters' CSI.
func (w *reference) overall(m *surveyv1.Metric, cells []cell) *surveyv1.Score {
	var all []scored
	var sum, parameters float64
	for _, name := range m.GetParameters() {
		if answers := answersTo(name, cells); len(answers) > 0 {
			all = append(all, answers...)
			sum += scoreOfAnswers(w.metrics[name], answers).GetValue()
			parameters++
		}
	}
	if parameters == 0 {
		return &surveyv1.Score{}
	}
	pool := scoreOfAnswers(w.metrics[m.GetParameters()[0]], all)
	return &surveyv1.Score{
		N: pool.GetN(), Value: proto.Float64(sum / parameters), Mean: pool.Mean,
		Weighted: pool.Weighted, WeightedPercent: pool.WeightedPercent,
	}
}

// contender is a subject in a league table; where lower is better its interval
// is turned over.
type contender struct {
	key       string
	score     *surveyv1.Score
	low, high float64
}

// RankSubjects computes a whole league table of a metric of shares or an NPS.
func (w *reference) RankSubjects(req *surveyv1.RankSubjectsRequest, now time.Time) *surveyv1.RankSubjectsResponse {
	m := w.metrics[req.GetMetric()]
	start, end := w.window(req.GetWindow(), now)
	of := map[string][]cell{}
	for _, e := range w.entries {
		at := w.days.start(e.day)
		_, ok := w.in(e, &surveyv1.Scope{Channels: req.GetChannels()}, now)
		if !ok || at.Before(start) || !at.Before(end) {
			continue
		}
		for _, key := range e.path {
			if w.ranked(key, req, now) {
				of[key] = append(of[key], cell{e: e})
			}
		}
	}
	out := &surveyv1.RankSubjectsResponse{}
	var table []contender
	for key, cells := range of {
		c := contender{key: key, score: w.score(req.GetMetric(), cells)}
		switch n := c.score.GetN(); {
		case n == 0:
		case n < max(1, int64(req.GetMinN())):
			out.Unranked++
		default:
			c.low, c.high = bounds(m, c.score)
			table = append(table, c)
		}
	}
	slices.SortFunc(table, func(x, y contender) int {
		return cmp.Or(cmp.Compare(y.low, x.low), cmp.Compare(y.score.GetN(), x.score.GetN()), cmp.Compare(x.key, y.key))
	})
	out.Ranked = int32(len(table))
	tier, leader := int32(0), 0.0
	for i, c := range table {
		line := &surveyv1.RankedSubject{
			Subject: w.subjects[c.key].GetRef(), Name: cmp.Or(w.subjects[c.key].GetName(), w.subjects[c.key].GetRef().GetId()),
			Score: c.score, Bound: math.Abs(c.low), Rank: int32(i + 1), BestRank: 1, WorstRank: int32(len(table)),
		}
		if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS {
			line.Bound = c.low
		}
		for _, o := range table {
			if o.low > c.high {
				line.BestRank++
			}
			if o.high < c.low {
				line.WorstRank--
			}
		}
		if i == 0 || c.high < leader {
			tier, leader = tier+1, c.low
		}
		line.Tier = tier
		out.Subjects = append(out.Subjects, line)
	}
	if req.GetWorstFirst() {
		slices.Reverse(out.Subjects)
	}
	return out
}

// ranked tells whether a subject may stand in the table.
func (w *reference) ranked(key string, req *surveyv1.RankSubjectsRequest, now time.Time) bool {
	under := req.GetUnder() == nil || key != keyOf(req.GetUnder()) && slices.Contains(w.pathAt([]string{key}, now), keyOf(req.GetUnder()))
	return under && w.subjects[key].GetRef().GetKind() == req.GetKind() && w.labelled(key, req.GetLabels())
}

// bounds is the 95 % interval with one pseudo-answer at each end of the scale.
func bounds(m *surveyv1.Metric, s *surveyv1.Score) (low, high float64) {
	n := float64(s.GetN()) + 2
	if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS {
		p, d := float64(s.GetPromoters()+1)/n, float64(s.GetDetractors()+1)/n
		se := 100 * math.Sqrt((p+d-(p-d)*(p-d))/n)
		return 100*(p-d) - 1.96*se, 100*(p-d) + 1.96*se
	}
	const z = 1.96
	p := float64(s.GetPositive()+1) / n
	centre, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high = 100*(centre-half)/(1+z*z/n), 100*(centre+half)/(1+z*z/n)
	if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE {
		return -high, -low
	}
	return low, high
}

// date is a day of the brand's calendar, written YYYY-MM-DD.
type date string

func (d date) paper() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		panic(err)
	}
	return t
}

func (d date) plus(days int) date { return date(d.paper().AddDate(0, 0, days).Format(time.DateOnly)) }

// dates is a zone's calendar, by asking package time what the clock shows.
type dates struct {
	zone   *time.Location
	starts map[date]time.Time
}

func newDates(zone string) dates {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	return dates{loc, map[date]time.Time{}}
}

// of is the date shown at an instant. (Not so where clocks go back over a
// midnight that has passed; the zones of the tests do not.)
func (z dates) of(t time.Time) date { return date(t.In(z.zone).Format(time.DateOnly)) }

// start is the first instant that shows the date or a later one.
func (z dates) start(d date) time.Time {
	if t, ok := z.starts[d]; ok {
		return t
	}
	const step = 15 * time.Minute
	from := d.paper().Add(-26 * time.Hour)
	t := from.Add(step * time.Duration(sort.Search(4*60, func(i int) bool { return z.of(from.Add(step*time.Duration(i))) >= d })))
	z.starts[d] = t
	return t
}

// next is the first instant behind the bucket that holds t.
func (z dates) next(t time.Time, grain commonv1.Grain) time.Time {
	d := z.of(t)
	paper := d.paper()
	switch grain {
	case commonv1.Grain_GRAIN_WEEK:
		return z.start(d.plus(7 - (int(paper.Weekday())+6)%7))
	case commonv1.Grain_GRAIN_MONTH:
		return z.start(date(time.Date(paper.Year(), paper.Month()+1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)))
	case commonv1.Grain_GRAIN_DAY:
		return z.start(d.plus(1))
	}
	step := 15 * time.Minute
	if grain == commonv1.Grain_GRAIN_HOUR {
		step = time.Hour
	}
	begun := z.start(d)
	next := begun.Add(t.Sub(begun).Truncate(step) + step)
	if tomorrow := z.start(d.plus(1)); next.After(tomorrow) {
		return tomorrow
	}
	return next
}
