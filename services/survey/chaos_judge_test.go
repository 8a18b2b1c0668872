package survey_test

import (
	"math/rand/v2"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// read asks questions of one replica and judges each answer.
func (c *chaos) read(i int, r *rand.Rand) {
	defer c.moved.Broadcast()
	subjects := func(kind commonv1.SubjectKind) *surveyv1.GroupBy {
		return &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: kind}
	}
	questions := []*surveyv1.GetMetricRequest{
		{},
		{GroupBy: []*surveyv1.GroupBy{subjects(commonv1.SubjectKind_SUBJECT_KIND_STORE)}},
		{GroupBy: []*surveyv1.GroupBy{subjects(commonv1.SubjectKind_SUBJECT_KIND_REGION)}},
		{GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_MODE}}},
		{Grain: commonv1.Grain_GRAIN_DAY, Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 30}}},
		{Grain: commonv1.Grain_GRAIN_QUARTER_HOUR, Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 2}}},
	}
	for c.running() {
		before := c.mark(i)
		k := r.IntN(len(questions) + 1)
		if k == len(questions) {
			out, err := c.replicas[i].RankSubjects(c.t.Context(), &surveyv1.RankSubjectsRequest{
				Brand: brand, Metric: "nps.network", Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE})
			if err != nil {
				c.t.Errorf("rank: %v", err)
				return
			}
			before.judgeRanks(out)
			continue
		}
		q := questions[k]
		q.Brand, q.Metric = brand, "nps.network"
		out, err := c.replicas[i].GetMetric(c.t.Context(), q)
		if err != nil {
			c.t.Errorf("%v: %v", q, err)
			return
		}
		before.judge(q, out)
	}
}

// asking is a question at the moment it is asked.
type asking struct {
	*chaos
	seen int64
}

func (c *chaos) mark(i int) *asking {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &asking{chaos: c, seen: c.seen[i]}
}

// between judges one score: in each bucket of its histogram it has at least what
// was acknowledged when it was asked for, and at most what had been sent when
// it came. Whatever this replica has acknowledged, it has read the log up to.
func (a *asking) between(name string, got *surveyv1.Score, has func(s *sending, store string) bool) {
	var least, most [11]int64
	a.mu.Lock()
	for _, s := range a.sent {
		here, there := has(s, s.store), s.other != "" && has(s, s.other)
		if here && (s.other == "" || there) && !s.gone && s.seq > 0 && s.seq <= a.seen {
			least[s.score]++
		}
		if here || there {
			most[s.score]++
		}
	}
	a.mu.Unlock()
	a.whole(name, got)
	for score := range least {
		n := int64(0)
		if got.GetN() > 0 {
			n = got.GetHistogram()[score]
		}
		if n < least[score] || n > most[score] {
			a.t.Errorf("%s has %d answers of %d; it must have %d to %d", name, n, score, least[score], most[score])
		}
	}
}

// whole judges a score by itself.
func (a *asking) whole(name string, s *surveyv1.Score) {
	sum := int64(0)
	for _, n := range s.GetHistogram() {
		sum += n
	}
	if s == nil || sum != s.GetN() || s.GetPromoters()+s.GetPassives()+s.GetDetractors() != s.GetN() || (s.Value == nil) != (s.GetN() == 0) {
		a.t.Errorf("%s does not add up: %v", name, s)
	}
}

// judge holds an answer against what was sent, and its parts against its total.
func (a *asking) judge(q *surveyv1.GetMetricRequest, out *surveyv1.GetMetricResponse) {
	name := q.String()
	if out.GetMetric().GetName() != "nps.network" || out.GetZone() == "" {
		a.t.Errorf("%s: an empty answer: %v", name, out)
	}
	a.between(name, out.GetTotal(), func(*sending, string) bool { return true })
	sum := make([]int64, 11)
	add := func(s *surveyv1.Score) {
		for i, n := range s.GetHistogram() {
			sum[i] += n
		}
	}
	for _, s := range out.GetSeries() {
		if len(s.GetKey()) == 0 {
			for _, p := range s.GetPoints() {
				a.whole(name, p.GetScore())
				add(p.GetScore())
				if q.GetGrain() == commonv1.Grain_GRAIN_DAY {
					a.between(name+p.GetStart().AsTime().String(), p.GetScore(), func(s *sending, _ string) bool {
						at := a.base.AddDate(0, 0, -s.day)
						return !at.Before(p.GetStart().AsTime()) && at.Before(p.GetEnd().AsTime())
					})
				}
			}
			continue
		}
		add(s.GetTotal())
		kind, id, _ := strings.Cut(s.GetKey()[0], ":")
		a.between(name+" "+s.GetKey()[0], s.GetTotal(), func(s *sending, store string) bool {
			switch kind {
			case "STORE":
				return store == id
			case "REGION":
				return store[0] == id[0]
			}
			return s.mode.String() == "CONTACT_MODE_"+kind
		})
	}
	if len(out.GetSeries()) > 0 && out.GetTotal().GetN() > 0 && !slices.Equal(sum, out.GetTotal().GetHistogram()) {
		a.t.Errorf("%s: parts make %v, the total is %v", name, sum, out.GetTotal().GetHistogram())
	}
	a.judged()
}

func (a *asking) judgeRanks(out *surveyv1.RankSubjectsResponse) {
	for i, line := range out.GetSubjects() {
		if int(line.GetRank()) != i+1 || i > 0 && line.GetBound() > out.GetSubjects()[i-1].GetBound() {
			a.t.Errorf("place %d: %v", i+1, line)
		}
		a.between("rank "+line.GetSubject().GetId(), line.GetScore(), func(_ *sending, store string) bool {
			return store == line.GetSubject().GetId()
		})
	}
	a.judged()
}

func (a *asking) judged() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers++
	a.moved.Broadcast()
}
