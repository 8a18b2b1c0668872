package query

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Every line of a league table is what GetMetric says of the subject.
func TestRankingAgreesWithMetric(t *testing.T) {
	w := newWorld(t, "Europe/Berlin")
	w.chain(3, 40)
	w.random(rand.New(rand.NewPCG(31, 32)), 1000, 40, true)
	for _, metric := range []string{"nps", "low.share", "csi.queue"} {
		req := &surveyv1.RankSubjectsRequest{Metric: metric, Kind: store, MinN: 3, Channels: []commonv1.Channel{1, 2, 3, 4}}
		all, err := w.b.RankSubjects(t.Context(), req, 0, 1000, w.now)
		w.ok(err)
		if len(all.Subjects) != int(all.Ranked) || all.Ranked+all.Unranked > 40 || all.Ranked == 0 {
			t.Fatalf("%d lines, %d ranked, %d not", len(all.Subjects), all.Ranked, all.Unranked)
		}
		for i, line := range all.Subjects {
			if int(line.Rank) != i+1 || line.BestRank > line.Rank || line.WorstRank < line.Rank {
				t.Fatalf("line %d: %v", i, line)
			}
			a := w.get(&surveyv1.GetMetricRequest{Metric: metric, Scope: &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{line.Subject}, Channels: req.Channels}})
			if diff := cmp.Diff(a.Total, line.Score, protocmp.Transform()); diff != "" {
				t.Fatalf("%v: %s", line.Subject, diff)
			}
		}
		var pages []*surveyv1.RankedSubject
		req.WorstFirst = true
		for offset := 0; offset < int(all.Ranked); offset += 7 {
			page, err := w.b.RankSubjects(t.Context(), req, offset, 7, w.now)
			w.ok(err)
			pages = append(pages, page.Subjects...)
		}
		slices.Reverse(pages)
		if diff := cmp.Diff(all.Subjects, pages, protocmp.Transform()); diff != "" {
			t.Errorf("worst first, in pages: %s", diff)
		}
	}
	under, err := w.b.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{
		Metric: "nps", Kind: store, Under: ref(region, "r1"), Labels: map[string]string{"format": "hyper"},
	}, 0, 100, w.now)
	w.ok(err)
	for _, line := range under.Subjects {
		n := w.subject(store, line.Subject.Id)
		if !slices.Contains(w.book.PathAt([]uint32{n}, w.now), w.subject(region, "r1")) || n%2 != w.subject(store, "s000")%2 {
			t.Errorf("%v is not a hyper store under r1", line.Subject)
		}
	}
	if len(under.Subjects) == 0 {
		t.Error("no stores under r1")
	}
	if _, err := w.b.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{Metric: "csi", Kind: store}, 0, 10, w.now); err == nil {
		t.Error("an overall index was ranked without intervals")
	}
}

// One answer of one must not beat ninety-five of a hundred.
func TestRankingIsCautious(t *testing.T) {
	w := newWorld(t, "UTC")
	w.chain(1, 2)
	w.scored(w.now, "csat", 5, 0, w.subject(store, "s000"))
	var many []*tally.Tally
	for i := range 100 {
		f := w.answer(w.now, w.now, w.subject(store, "s001"))
		f.Scores = []tally.Score{{Metric: w.number("csat"), Score: uint8(5 - i/95)}}
		if i >= 95 {
			f.Scores[0].Score = 1
		}
		many = append(many, f)
	}
	w.submit(many...)
	a, err := w.b.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{Metric: "csat", Kind: store}, 0, 10, w.now)
	w.ok(err)
	if a.Subjects[0].Subject.Id != "s001" || a.Subjects[0].Name != "Store 1" {
		t.Errorf("ranked first: %v", a.Subjects[0])
	}
}

func TestCompare(t *testing.T) {
	w := newWorld(t, "UTC")
	w.chain(1, 2)
	for i := range 60 {
		w.scored(w.now, "nps", uint8(9+i%2), 0, w.subject(store, "s000"))
		w.scored(w.now.AddDate(0, 0, -7), "nps", uint8(i%7), 0, w.subject(store, "s000"))
	}
	side := func(start, end string) *surveyv1.MetricSide {
		return &surveyv1.MetricSide{Window: dates(start, end), Scope: &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{ref(store, "s000")}}}
	}
	req := &surveyv1.CompareMetricRequest{Metric: "nps", A: side("2024-04-20", "2024-04-21"), B: side("2024-04-13", "2024-04-14")}
	a, err := w.b.CompareMetric(t.Context(), req, w.now)
	w.ok(err)
	if a.GetDifference() != 200 || !a.Significant || a.GetMargin() != 0 || a.Margin == nil || a.A.N != 60 || a.B.N != 60 {
		t.Errorf("this week and last: %v", a)
	}
	req.B = side("2023-01-01", "2023-01-02")
	if a, err = w.b.CompareMetric(t.Context(), req, w.now); err != nil || a.Difference != nil || a.Significant {
		t.Errorf("against nothing: %v, %v", a, err)
	}
}

func TestGoals(t *testing.T) {
	w := newWorld(t, "UTC")
	w.chain(1, 2)
	set := func(subject *commonv1.SubjectRef, target float64) {
		w.define(record.Goal, &surveyv1.SetGoalRequest{Goal: &surveyv1.Goal{
			Metric: "nps", Subject: subject, Days: &commonv1.DateRange{Start: "2024-04-01", End: "2024-05-01"}, Target: target,
		}})
	}
	for range 200 {
		w.scored(w.now, "nps", 10, 0, w.subject(store, "s000"))
	}
	set(ref(store, "s000"), 50)
	set(ref(store, "s001"), 50)
	set(nil, 100)
	list := func(req *surveyv1.ListGoalsRequest) (out []string) {
		a, err := w.b.ListGoals(t.Context(), req, w.now)
		w.ok(err)
		for _, g := range a.Goals {
			out = append(out, fmt.Sprintf("%s n=%d %s", g.Goal.GetSubject().GetId(), g.Score.N, g.Status))
		}
		return out
	}
	want := []string{" n=200 GOAL_STATUS_MET", "s000 n=200 GOAL_STATUS_MET_SURELY", "s001 n=0 GOAL_STATUS_NO_DATA"}
	if diff := cmp.Diff(want, list(&surveyv1.ListGoalsRequest{})); diff != "" {
		t.Error(diff)
	}
	if got := list(&surveyv1.ListGoalsRequest{Day: "2024-05-01"}); got != nil {
		t.Errorf("goals of a day behind them: %v", got)
	}
	w.define(record.Goal, &surveyv1.SetGoalRequest{Remove: true, Goal: &surveyv1.Goal{
		Metric: "nps", Subject: ref(store, "s000"), Days: &commonv1.DateRange{Start: "2024-04-01", End: "2024-05-01"}}})
	if got := list(&surveyv1.ListGoalsRequest{}); len(got) != 2 {
		t.Errorf("after removal: %v", got)
	}
}

// The list of responses is complete and in order, whatever the pages.
func TestResponsesAreListedOnceAndInOrder(t *testing.T) {
	w := newWorld(t, "Europe/Berlin")
	w.chain(2, 10)
	r := rand.New(rand.NewPCG(41, 42))
	w.random(r, 600, 10, true)
	for range 10 {
		w.retract(r.IntN(len(w.truth)))
	}
	for name, f := range map[string]*surveyv1.ResponseFilter{
		"all": nil,
		"some": {
			FirstDay: "2024-03-20", LastDay: "2024-04-05", Subjects: []*commonv1.SubjectRef{ref(region, "r1")},
			Channels: []commonv1.Channel{1, 2, 3}, SurveyIds: []string{"visit"}, Low: proto.Bool(true), Commented: proto.Bool(false),
		},
		"not low": {Low: proto.Bool(false), CustomerId: 7},
	} {
		var want []Position
		for _, v := range w.truth {
			if w.listed(f, v) {
				want = append(want, Position{Day: v.Day, Row: v.Row})
			}
		}
		slices.SortFunc(want, func(x, y Position) int {
			if x.Day != y.Day {
				return int(y.Day - x.Day)
			}
			return int(y.Row - x.Row)
		})
		var got []Position
		var after *Position
		for {
			page, err := w.b.Responses(t.Context(), f, after, 17, w.now)
			w.ok(err)
			got = append(got, page...)
			if len(page) < 17 {
				break
			}
			after = &page[len(page)-1]
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// listed applies the filter the slow and plain way.
func (w *world) listed(f *surveyv1.ResponseFilter, v *tally.Tally) bool {
	if f == nil {
		return true
	}
	day := time.Unix(int64(v.Day)*86400, 0).UTC().Format(time.DateOnly)
	low := len(v.Scores) > 0 && v.Scores[0].Metric == tally.LowShare && v.Scores[0].Score == 1
	return (f.FirstDay == "" || day >= f.FirstDay) && (f.LastDay == "" || day <= f.LastDay) &&
		(len(f.Subjects) == 0 || slices.Contains(v.Path, w.subject(f.Subjects[0].Kind, f.Subjects[0].Id))) &&
		(len(f.Channels) == 0 || slices.Contains(f.Channels, commonv1.Channel(v.Channel))) &&
		(len(f.SurveyIds) == 0 || v.Survey == 0) && (f.Low == nil || *f.Low == low) &&
		(f.Commented == nil || *f.Commented == v.Commented) && (f.CustomerId == 0 || f.CustomerId == v.Customer)
}

// A watcher hears of what concerns it, and of nothing else.
func TestWatchTellsChangesOnly(t *testing.T) {
	w := newWorld(t, "UTC")
	w.chain(1, 2)
	w.scored(w.now, "nps", 10, 0)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	answers := make(chan int64)
	ended := make(chan error)
	clock := func() time.Time { return w.now }
	go func() {
		ended <- w.b.WatchMetric(ctx, &surveyv1.GetMetricRequest{Metric: "nps", Window: dates("2024-04-20", "2024-04-21")}, clock,
			func(a *surveyv1.GetMetricResponse) error { answers <- a.Total.N; return nil })
	}()
	if n := <-answers; n != 1 {
		t.Fatalf("first answer counts %d", n)
	}
	w.scored(w.now.AddDate(0, 0, -3), "nps", 10, 0) // another day
	w.scored(w.now, "csat", 5, 0)                   // another metric
	w.scored(w.now, "nps", 10, 0)
	if n := <-answers; n != 2 {
		t.Errorf("second answer counts %d", n)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
