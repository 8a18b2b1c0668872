package directory_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// Replicas pack facts by number: two books fed the same facts must agree on all
// of them, however the facts came in.
func TestBooksAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	l := newLedger(t)
	for range 300 {
		id := fmt.Sprint("x", random.IntN(20))
		switch random.IntN(4) {
		case 0:
			l.subject(entry(store(id), from(1+random.IntN(9), region(fmt.Sprint("x", random.IntN(20))))))
		case 1:
			l.metric(&surveyv1.Metric{Name: id, Kind: nps})
		case 2:
			l.survey(&surveyv1.Survey{Id: id, Draft: draft(), Versions: []*surveyv1.SurveyVersion{{Questionnaire: draft()}}})
		case 3:
			l.goal(&surveyv1.SetGoalRequest{Goal: &surveyv1.Goal{Metric: id, Target: random.Float64()}, Remove: random.IntN(3) == 0})
		}
	}
	other := directory.New()
	for i := range l.facts {
		// As a tail does: some facts again, and responses in between.
		for _, f := range []*feed.Fact{&l.facts[i], &l.facts[random.IntN(i+1)], {Seq: l.facts[i].Seq + 1, Kind: record.Response}} {
			if err := other.Apply(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(contents(l.Book), contents(other), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

type page struct {
	Version  int64
	Subjects []*commonv1.SubjectRef
	Entries  []*surveyv1.Subject
	Paths    [][]uint32
	Metrics  []*directory.Metric
	Surveys  []*directory.Survey
	Goals    []*surveyv1.Goal
}

func contents(b *directory.Book) page {
	p := page{Version: b.Version(), Metrics: b.Metrics(), Surveys: b.Surveys(), Goals: b.Goals()}
	for n := range uint32(b.Subjects()) {
		ref := b.Ref(n)
		p.Subjects, p.Entries = append(p.Subjects, ref), append(p.Entries, b.Entry(ref))
		p.Paths = append(p.Paths, b.PathAt([]uint32{n}, on(5)))
	}
	return p
}

func TestApply(t *testing.T) {
	l := published(t)
	if v := l.Version(); v != l.facts[len(l.facts)-1].Seq {
		t.Errorf("version %d", v)
	}
	before := l.Version()
	if err := l.Apply(&feed.Fact{Seq: before + 9, Kind: record.Metric, Body: []byte{0xff}}); err == nil || l.Version() != before {
		t.Errorf("damaged definition: %v, version %d", err, l.Version())
	}
	if err := l.Apply(&feed.Fact{Seq: before + 9, Kind: record.Reversal, Body: []byte{0xff}}); err != nil || l.Version() != before {
		t.Errorf("no definition: %v, version %d", err, l.Version())
	}
}

func TestGoals(t *testing.T) {
	l := published(t)
	l.subject(entry(store("s1")))
	goal := func(metric string, subject *commonv1.SubjectRef, start string, target float64) *surveyv1.SetGoalRequest {
		return &surveyv1.SetGoalRequest{Goal: &surveyv1.Goal{
			Metric: metric, Subject: subject, Days: &commonv1.DateRange{Start: start, End: "2024-12-31"}, Target: target,
		}}
	}
	l.goal(goal("nps.network", store("s1"), "2024-01-01", 40))
	l.goal(goal("nps.network", nil, "2024-02-01", 50))
	l.goal(goal("nps.network", nil, "2024-01-01", 60))
	l.goal(goal("csat.visit", nil, "2024-01-01", 80))
	l.goal(goal("nps.network", nil, "2024-02-01", 55))
	gone := goal("csat.visit", nil, "2024-01-01", 0)
	gone.Remove = true
	l.goal(gone)
	var targets []float64
	for _, g := range l.Goals() {
		targets = append(targets, g.GetTarget())
	}
	if diff := cmp.Diff([]float64{60, 55, 40}, targets); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct {
		in   *surveyv1.SetGoalRequest
		want string
	}{
		{goal("nps.network", nil, "2024-01-01", 1), ""},
		{goal(directory.LowShareName, store("s1"), "2024-01-01", 1), ""},
		{goal("nps.none", nil, "2024-01-01", 1), "METRIC_UNKNOWN"},
		{goal("nps.network", store("none"), "2024-01-01", 1), "SUBJECT_UNKNOWN"},
	} {
		if got := refusal(l.CheckGoal(tt.in)); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.in, got, tt.want)
		}
	}
}
