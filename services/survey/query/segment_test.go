package query

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/survey/score"
	"github.com/rapport-cx/rapport/services/survey/segments"
	"github.com/rapport-cx/rapport/services/survey/segments/segmentstest"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

const (
	segmentNow  = surveyv1.SegmentTime_SEGMENT_TIME_NOW
	segmentThen = surveyv1.SegmentTime_SEGMENT_TIME_THEN
)

// crowded is a world with segments, and what an independent hand notes of them.
type crowded struct {
	*world
	*segmentstest.Server
	people *people.Book
	// log has, by segment, who was in it from a day on.
	log map[string][]entry
}

type entry struct {
	day calendar.Day
	in  map[int64]bool
}

func newCrowded(t testing.TB, zone string) *crowded {
	c := &crowded{world: newWorld(t, zone), Server: segmentstest.New(t), people: people.NewBook(), log: map[string][]entry{}}
	c.b.People = c.people.Now
	c.b.Segments = segments.New(c.Client, func() time.Time { return c.now })
	return c
}

// enter lets members in, and notes it.
func (c *crowded) enter(id string, day calendar.Day, members ...uint64) {
	in := map[int64]bool{}
	if log := c.log[id]; len(log) == 0 {
		c.Begin(id, day.String(), members...)
	} else {
		c.Change(id, day.String(), members, nil)
		for n := range log[len(log)-1].in {
			in[n] = true
		}
	}
	for _, n := range members {
		in[int64(n)] = true
	}
	c.log[id] = append(c.log[id], entry{day, in})
	c.now = c.now.Add(segments.Recent)
}

// holds tells, the slow and plain way, whether an answer of a day is a member's.
func (c *crowded) holds(id string, time surveyv1.SegmentTime, customer int64, day int32) bool {
	var in map[int64]bool
	for _, e := range c.log[id] {
		if time != segmentThen || int32(e.day) <= day {
			in = e.in
		}
	}
	return customer != 0 && slices.ContainsFunc(c.people.Now().Members(customer), func(n int64) bool { return in[n] })
}

// hists sums the answers of a metric that pass, and those in each segment asked for.
func (c *crowded) hists(metric string, live bool, scope *surveyv1.Scope, by []string) (total score.Hist, groups map[string]score.Hist) {
	groups = map[string]score.Hist{}
	number := c.number(metric)
	for _, f := range c.truth {
		day := f.Day
		if live {
			day = f.Live
		}
		at := scope.GetSegmentTime()
		if id := scope.GetSegmentId(); id != "" && !c.holds(id, at, f.Customer, day) ||
			len(scope.GetModes()) > 0 && !slices.Contains(scope.GetModes(), commonv1.ContactMode(f.Mode)) {
			continue
		}
		for _, s := range f.Scores {
			if s.Metric != number {
				continue
			}
			total.Add(int(s.Score), int(s.Importance), 1)
			for _, id := range by {
				if c.holds(id, at, f.Customer, day) {
					h := groups[id]
					h.Add(int(s.Score), int(s.Importance), 1)
					groups[id] = h
				}
			}
		}
	}
	return total, groups
}

// A score of a segment is that of the answers listed of its members, whoever they
// are merged with, now or on the answer's day.
func TestScoresOfSegmentsEqualAJoin(t *testing.T) {
	c := newCrowded(t, "Europe/Berlin")
	c.chain(2, 8)
	r := rand.New(rand.NewPCG(71, 72))
	c.random(r, 700, 8, true)
	ids := []string{"a", "b", "never"}
	c.Begin("never", "2024-03-01")
	first := calendar.Day(c.truth[0].Day) // any day of the weeks
	for _, id := range ids[:2] {
		for k := range 6 {
			c.enter(id, first-20+calendar.Day(7*k+r.IntN(7)), uint64(1+r.IntN(49)), uint64(1+r.IntN(49)), uint64(1+r.IntN(49)))
		}
	}
	for round := range 80 {
		switch r.IntN(6) {
		case 0:
			c.people.Merge(1+r.Int64N(49), 1+r.Int64N(49))
		case 1:
			c.people.Unmerge(1 + r.Int64N(49))
		case 2:
			c.enter("a", c.log["a"][len(c.log["a"])-1].day, uint64(1+r.IntN(49)))
		}
		metric := []string{"nps", "low.share", "csi.queue"}[r.IntN(3)]
		scope := &surveyv1.Scope{SegmentTime: []surveyv1.SegmentTime{0, segmentNow, segmentThen}[r.IntN(3)]}
		if r.IntN(3) > 0 {
			scope.SegmentId = ids[r.IntN(3)]
		}
		if r.IntN(3) == 0 {
			scope.Modes = []commonv1.ContactMode{1, 2, 3, 4, 5}
		}
		req := &surveyv1.GetMetricRequest{Metric: metric, Scope: scope, Clock: surveyv1.Clock(1 + r.IntN(2))}
		if r.IntN(2) == 0 {
			req.Grain = commonv1.Grain_GRAIN_WEEK
		}
		var by []string
		if r.IntN(2) == 0 || scope.SegmentId == "" {
			by = ids
			req.GroupBy = []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_SEGMENT, SegmentIds: by}}
		}
		total, groups := c.hists(metric, req.Clock == surveyv1.Clock_CLOCK_ANSWER, scope, by)
		m, err := c.b.measured(metric)
		c.ok(err)
		a, err := c.b.GetMetric(t.Context(), req, c.now)
		c.ok(err)
		if diff := cmp.Diff(m.evaluate([]score.Hist{total}), a.Total, protocmp.Transform()); diff != "" {
			t.Fatalf("round %d, %v: %s", round, req, diff)
		}
		want, got := map[string]*surveyv1.Score{}, map[string]*surveyv1.Score{}
		for id, h := range groups {
			want[id] = m.evaluate([]score.Hist{h})
		}
		for _, s := range a.Series {
			if by != nil {
				got[s.Key[0]] = s.Total
			}
			points := int64(0)
			for _, p := range s.Points {
				points += p.Score.N
			}
			if req.Grain != 0 && points != s.Total.N {
				t.Fatalf("round %d: %d answers in points, %d in all", round, points, s.Total.N)
			}
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Fatalf("round %d, %v: %s", round, req, diff)
		}
	}
}

// A league table and a comparison of a segment say what GetMetric says of it.
func TestRanksAndDifferencesOfSegments(t *testing.T) {
	c := newCrowded(t, "Europe/Moscow")
	c.chain(3, 20)
	c.random(rand.New(rand.NewPCG(81, 82)), 900, 20, true)
	c.enter("a", 19000, 1, 2, 3, 5, 8, 13, 21, 34)
	c.enter("b", 19000, 4, 6, 7, 9, 10)
	c.people.Merge(40, 8)
	for _, metric := range []string{"nps", "low.share", "csi.queue"} {
		req := &surveyv1.RankSubjectsRequest{Metric: metric, Kind: store, SegmentId: "a", Channels: []commonv1.Channel{1, 2, 3, 4, 5}}
		all, err := c.b.RankSubjects(t.Context(), req, 0, 100, c.now)
		c.ok(err)
		if all.Ranked < 10 {
			t.Fatalf("%d ranked", all.Ranked)
		}
		for _, line := range all.Subjects {
			a := c.get(&surveyv1.GetMetricRequest{Metric: metric, Scope: &surveyv1.Scope{
				Subjects: []*commonv1.SubjectRef{line.Subject}, Channels: req.Channels, SegmentId: "a"}})
			if diff := cmp.Diff(a.Total, line.Score, protocmp.Transform()); diff != "" {
				t.Fatalf("%s of %v: %s", metric, line.Subject, diff)
			}
		}
		sides := &surveyv1.CompareMetricRequest{Metric: metric,
			A: &surveyv1.MetricSide{Scope: &surveyv1.Scope{SegmentId: "a"}},
			B: &surveyv1.MetricSide{Scope: &surveyv1.Scope{SegmentId: "b", SegmentTime: segmentThen}}}
		d, err := c.b.CompareMetric(t.Context(), sides, c.now)
		c.ok(err)
		for side, got := range map[*surveyv1.MetricSide]*surveyv1.Score{sides.A: d.A, sides.B: d.B} {
			a := c.get(&surveyv1.GetMetricRequest{Metric: metric, Scope: side.Scope})
			if diff := cmp.Diff(a.Total, got, protocmp.Transform()); diff != "" || got.N == 0 {
				t.Fatalf("%v, n = %d: %s", side, got.N, diff)
			}
		}
	}
}

// The same request is answered anew when a member enters or two become one, and
// from the cache when nothing happened.
func TestAnswersOfSegmentsMoveWithThem(t *testing.T) {
	c := newCrowded(t, "UTC")
	c.chain(1, 1)
	at := c.now.Add(-time.Hour)
	for customer := range int64(4) {
		f := c.answer(at, at)
		f.Customer, f.Scores = customer, []tally.Score{{Metric: c.number("nps"), Score: 9}}
		c.submit(f)
	}
	c.enter("a", calendar.Day(c.truth[0].Day)-1, 1)
	req := &surveyv1.GetMetricRequest{Metric: "nps", Scope: &surveyv1.Scope{SegmentId: "a"}}
	ask := func(want int64) *surveyv1.GetMetricResponse {
		t.Helper()
		a, err := c.b.GetMetric(t.Context(), req, c.now)
		c.ok(err)
		if a.Total.N != want {
			t.Fatalf("n = %d, want %d", a.Total.N, want)
		}
		return a
	}
	one := ask(1)
	if again := ask(1); again != one {
		t.Error("computed again although nothing happened")
	}
	c.enter("a", calendar.Day(c.truth[0].Day), 2)
	ask(2)
	c.people.Merge(3, 1)
	ask(3)
	c.people.Unmerge(3)
	ask(2)
}

func TestQuestionsOfSegmentsThatCannotBe(t *testing.T) {
	c := newCrowded(t, "UTC")
	c.chain(1, 1)
	c.enter("a", 19000, 1)
	segment := func(ids ...string) *surveyv1.GroupBy {
		return &surveyv1.GroupBy{Dimension: surveyv1.Dimension_DIMENSION_SEGMENT, SegmentIds: ids}
	}
	many := make([]string, mostSegments+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for name, g := range map[string]*surveyv1.GroupBy{
		"none": segment(), "twice": segment("a", "a"), "empty": segment("a", ""), "many": segment(many...),
		"another": {Dimension: surveyv1.Dimension_DIMENSION_CHANNEL, SegmentIds: []string{"a"}},
	} {
		_, err := c.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", GroupBy: []*surveyv1.GroupBy{g}}, c.now)
		if e := fault.From(err); e == nil || len(e.Fields) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	unknown := map[string]func() error{
		"scope": func() error {
			_, err := c.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", Scope: &surveyv1.Scope{SegmentId: "x"}}, c.now)
			return err
		},
		"then": func() error {
			_, err := c.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", Scope: &surveyv1.Scope{SegmentId: "x", SegmentTime: segmentThen}}, c.now)
			return err
		},
		"group": func() error {
			_, err := c.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", GroupBy: []*surveyv1.GroupBy{segment("a", "x")}}, c.now)
			return err
		},
		"rank": func() error {
			_, err := c.b.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{Metric: "nps", Kind: store, SegmentId: "x"}, 0, 9, c.now)
			return err
		},
		"compare": func() error {
			_, err := c.b.CompareMetric(t.Context(), &surveyv1.CompareMetricRequest{Metric: "nps", A: &surveyv1.MetricSide{},
				B: &surveyv1.MetricSide{Scope: &surveyv1.Scope{SegmentId: "x"}}}, c.now)
			return err
		},
	}
	for name, ask := range unknown {
		if err := ask(); !fault.Is(err, commonv1.Reason_REASON_SEGMENT_UNKNOWN) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
