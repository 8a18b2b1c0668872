package query

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/driver"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// asks publishes a version of a survey that asks for these metrics.
func (w *world) asks(survey string, metrics ...string) {
	q := &surveyv1.Questionnaire{}
	for _, m := range metrics {
		q.Questions = append(q.Questions, &surveyv1.Question{Id: m, Metric: m})
	}
	w.define(record.Survey, &surveyv1.Survey{Id: survey, Versions: []*surveyv1.SurveyVersion{{Questionnaire: q}}})
}

// moods fills weeks with questionnaires whose answers go together.
func (w *world) moods(r *rand.Rand, n int) {
	var batch []*tally.Tally
	for range n {
		at := time.Date(2024, 2, 20, 8, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(50*24)) * time.Hour)
		f := w.answer(at, at.Add(time.Hour))
		f.Customer, f.Survey, f.Mode = int64(r.IntN(50)), uint32(r.IntN(2)), uint8(r.IntN(11))
		mood := r.IntN(11)
		like := func(low, top int) uint8 { return uint8(low + (mood+r.IntN(11))*(top-low)/20) }
		for _, s := range []tally.Score{{Metric: w.number("nps"), Score: like(0, 10)},
			{Metric: w.number("csi.queue"), Score: like(1, 10), Importance: uint8(1 + r.IntN(10))},
			{Metric: w.number("csi.staff"), Score: like(1, 10), Importance: uint8(r.IntN(11))},
			{Metric: w.number("csat"), Score: like(1, 5)}} {
			if r.IntN(5) > 0 {
				f.Scores = append(f.Scores, s)
			}
		}
		batch = append(batch, f)
	}
	w.submit(batch...)
}

// expected recounts the drivers from the list of responses, two passes and no sums of
// squares; shares are left to the rules' own tests.
func (c *crowded) expected(main string, names []string, passes func(*tally.Tally) bool) *surveyv1.GetDriversResponse {
	out := &surveyv1.GetDriversResponse{}
	joint := driver.NewJoint(len(names))
	x, y := make([][]float64, len(names)), make([][]float64, len(names))
	importance := make([][]float64, len(names))
	for _, f := range c.truth {
		if !passes(f) {
			continue
		}
		of := func(metric string) *tally.Score {
			if i := slices.IndexFunc(f.Scores, func(s tally.Score) bool { return s.Metric == c.number(metric) }); i >= 0 {
				return &f.Scores[i]
			}
			return nil
		}
		top, some, line := of(main), false, []int64{}
		if top == nil {
			continue
		}
		for k, name := range names {
			s := of(name)
			if s == nil {
				continue
			}
			some, line = true, append(line, int64(s.Score))
			x[k], y[k] = append(x[k], float64(s.Score)), append(y[k], float64(top.Score))
			if s.Importance > 0 {
				importance[k] = append(importance[k], float64(s.Importance))
			}
		}
		if some {
			out.N++
		}
		if len(line) == len(names) {
			joint.Add(append(line, int64(top.Score)))
		}
	}
	out.Complete = joint.N
	weights, told := joint.Weights()
	if told {
		out.Explained = &weights.Explained
	}
	for k, name := range names {
		m, _ := c.book.Metric(name)
		d := &surveyv1.Driver{Metric: name, Title: name, N: int64(len(x[k]))}
		if d.N > 0 {
			low, top := float64(m.Def.ScaleMin), float64(m.Def.ScaleMax)
			v := 100 * (mean(x[k]) - low) / (top - low)
			d.Satisfaction = &v
		}
		if len(importance[k]) > 0 {
			v := 10 * mean(importance[k])
			d.Stated = &v
		}
		if d.N >= 10 {
			v := pearson(x[k], y[k])
			low, high := driver.Fisher(v, d.N)
			d.Derived, d.DerivedLow, d.DerivedHigh = &v, &low, &high
		}
		if told {
			d.Share = &weights.Shares[k]
		}
		out.Drivers = append(out.Drivers, d)
	}
	return out
}

func mean(v []float64) (m float64) {
	for _, x := range v {
		m += x / float64(len(v))
	}
	return m
}

func pearson(x, y []float64) float64 {
	mx, my := mean(x), mean(y)
	var xx, yy, xy float64
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
		xy += (x[i] - mx) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

// Drivers are those of a join by hand over the responses, of anybody, of a segment, of
// customers, and outside.
func TestDriversEqualAJoin(t *testing.T) {
	c := newCrowded(t, "Europe/Berlin")
	c.chain(1, 1)
	r := rand.New(rand.NewPCG(201, 202))
	c.moods(r, 900)
	for range 30 {
		c.retract(r.IntN(len(c.truth)))
	}
	c.enter("a", 19000, 1, 2, 3, 5, 8, 13, 21, 34, 40, 41, 42, 43)
	all := []string{"csat", "csi.queue", "csi.staff"}
	c.asks("visit", append([]string{"nps"}, all...)...)
	c.asks("delivery", "nps", "csat")
	for round := range 60 {
		if round%5 == 0 {
			c.people.Merge(1+r.Int64N(49), 1+r.Int64N(49))
		}
		scope, given := &surveyv1.Scope{}, []uint64{}
		for range 25 {
			given = append(given, r.Uint64N(50))
		}
		if r.IntN(2) == 0 {
			scope.SegmentId, scope.SegmentTime = "a", surveyv1.SegmentTime(r.IntN(3))
		}
		if r.IntN(2) == 0 {
			scope.Customers = packed(t, given...)
		}
		scope.Outside = ofPeople(scope) && r.IntN(2) == 0
		if r.IntN(3) == 0 {
			scope.Modes = []commonv1.ContactMode{1, 2, 3, 4, 5, 6}
		}
		req := &surveyv1.GetDriversRequest{Metric: []string{"nps", "csat"}[r.IntN(2)], Scope: scope}
		names := slices.DeleteFunc(append([]string{"nps"}, all...), func(m string) bool { return m == req.Metric })
		if r.IntN(2) == 0 {
			names = names[:1+r.IntN(2)]
			req.Parameters = names
		}
		from, until := calendar.Day(19_780), calendar.Day(19_780+20+r.IntN(30))
		req.Window = &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: from.String(), End: until.String()}}}
		want := c.expected(req.Metric, names, func(f *tally.Tally) bool {
			return c.lets(scope, given, f) && calendar.Days{From: from, Until: until}.Has(calendar.Day(f.Day)) &&
				(len(scope.Modes) == 0 || slices.Contains(scope.Modes, commonv1.ContactMode(f.Mode)))
		})
		got, err := c.b.GetDrivers(t.Context(), req, c.now)
		c.ok(err)
		if got.GetScore().GetN() != got.N || got.N == 0 || got.AsOf == nil || got.Metric.GetName() != req.Metric {
			t.Fatalf("round %d: %v", round, got)
		}
		if !slices.IsSortedFunc(got.Drivers, func(x, y *surveyv1.Driver) int { return int(math.Copysign(1, y.GetDerived()-x.GetDerived())) }) {
			t.Fatalf("round %d: not in order: %v", round, got.Drivers)
		}
		byName := protocmp.SortRepeated(func(x, y *surveyv1.Driver) bool { return x.Metric < y.Metric })
		if diff := cmp.Diff(want, got, protocmp.Transform(), byName, cmpopts.EquateApprox(0, 1e-9),
			protocmp.IgnoreFields(&surveyv1.GetDriversResponse{}, "score", "as_of", "metric"),
			protocmp.IgnoreFields(&surveyv1.Driver{}, "quadrant")); diff != "" {
			t.Fatalf("round %d, %v: %s", round, req, diff)
		}
	}
}

// A response that moves from day to day while others are counted is counted once.
func TestDriversAreOfOneMoment(t *testing.T) {
	c := newCrowded(t, "UTC")
	c.chain(1, 1)
	c.asks("visit", "nps", "csat")
	both := []tally.Score{{Metric: c.number("nps"), Score: 9}, {Metric: c.number("csat"), Score: 4}}
	for day := range 60 {
		at := c.now.AddDate(0, 0, -day)
		f := c.answer(at, at)
		f.Scores = both
		c.submit(f)
	}
	ctx, stop := context.WithCancel(t.Context())
	moved := make(chan error, 1)
	first := c.truth[0]
	go func() { moved <- c.wander(ctx, first) }()
	for range 300 {
		d, err := c.b.Drivers(t.Context(), &surveyv1.GetDriversRequest{Metric: "nps"}, c.now)
		c.ok(err)
		a, err := d.Answer(t.Context())
		c.ok(err)
		if a.N != 60 || a.Complete != 60 || a.Score.N != 60 {
			t.Fatalf("%d questionnaires, %d complete, of 60", a.N, a.Complete)
		}
	}
	stop()
	c.ok(<-moved)
}

// wander moves a response to another day in each commit until ctx ends.
func (w *world) wander(ctx context.Context, f *tally.Tally) error {
	for n := 0; ctx.Err() == nil; n++ {
		next := *f
		next.Day = w.truth[1+n*17%59].Day
		next.Live, next.Row = next.Day, 0
		facts := []feed.Fact{fact(record.Reversal, f), fact(record.Response, &next)}
		if _, _, err := w.b.Log.Append(context.Background(), w.b.Name, facts, w.now); err != nil {
			return err
		}
		if err := w.b.Engine.Ingest(context.Background(), w.b.Name, facts); err != nil {
			return err
		}
		next.Row = facts[1].Seq
		f = &next
	}
	return nil
}

// Without names parameters are those answered beside the score; with names also those
// that nobody answered.
func TestWhichParametersAreRead(t *testing.T) {
	c := newCrowded(t, "UTC")
	c.chain(1, 1)
	c.asks("visit", "nps", "csat", "csi.queue")
	c.asks("delivery", "csi.staff") // never beside the score
	ask := func(parameters ...string) *surveyv1.GetDriversResponse {
		a, err := c.b.GetDrivers(t.Context(), &surveyv1.GetDriversRequest{Metric: "nps", Parameters: parameters}, c.now)
		c.ok(err)
		return a
	}
	if a := ask(); len(a.Drivers) != 0 || a.N != 0 || a.AsOf != nil || a.Score.Value != nil {
		t.Errorf("nothing answered yet: %v", a)
	}
	at := c.now.Add(-time.Hour)
	for i := range 20 {
		f := c.answer(at, at)
		f.Scores = []tally.Score{{Metric: c.number("nps"), Score: uint8(i % 11)}, {Metric: c.number("csat"), Score: uint8(1 + i%5)}}
		c.submit(f)
	}
	if a := ask(); len(a.Drivers) != 1 || a.Drivers[0].Metric != "csat" || a.Complete != 20 || a.GetDrivers()[0].GetShare() != 100 {
		t.Errorf("one of two was answered: %v", a)
	}
	a := ask("csi.staff", "csat")
	if len(a.Drivers) != 2 || a.Drivers[1].Metric != "csi.staff" || a.Drivers[1].N != 0 || a.Drivers[1].Satisfaction != nil ||
		a.Drivers[1].Quadrant != 0 || a.N != 20 || a.Complete != 0 || a.Explained != nil {
		t.Errorf("one that nobody answered: %v", a)
	}
	for path, req := range map[string]*surveyv1.GetDriversRequest{
		"metric":          {Metric: "csi.queue"},
		"parameters[0]":   {Metric: "nps", Parameters: []string{"nps"}},
		"parameters[1]":   {Metric: "nps", Parameters: []string{"csat", "low.share"}},
		"scope.customers": {Metric: "nps", Scope: &surveyv1.Scope{Customers: []byte("x")}},
		"window.dates":    {Metric: "nps", Window: &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: "2024-02-02", End: "2024-02-01"}}}},
	} {
		_, err := c.b.GetDrivers(t.Context(), req, c.now)
		if e := fault.From(err); e == nil || len(e.Fields) != 1 || e.Fields[0].Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
	_, err := c.b.GetDrivers(t.Context(), &surveyv1.GetDriversRequest{Metric: "nps", Parameters: []string{"what"}}, c.now)
	if !fault.Is(err, commonv1.Reason_REASON_METRIC_UNKNOWN) {
		t.Error(err)
	}
}

// BenchmarkDrivers joins a year of questionnaires with eight parameters, warm.
func BenchmarkDrivers(b *testing.B) {
	c := newCrowded(b, "UTC")
	c.chain(1, 1)
	const days, parameters = 365, 8
	r := rand.New(rand.NewPCG(1, 2))
	d := &Drivers{Plan: &Plan{b: c.b, scope: scope{channels: everything, modes: everything}}}
	var err error
	d.subject, err = c.b.measured("nps")
	c.ok(err)
	var complete []int
	for k := range parameters {
		d.parameters, complete = append(d.parameters, &directory.Metric{Number: uint32(100 + k)}), append(complete, k)
	}
	main, others := make([]*tally.Rows, days), make([][]*tally.Rows, days)
	n := manyAnswers(b)
	for day := range main {
		main[day] = tally.NewRows(c.number("nps"), false)
		for k := range parameters {
			others[day] = append(others[day], tally.NewRows(uint32(100+k), false))
		}
		for i := range n / days {
			f := &tally.Tally{Sign: 1, Row: int64(day*n + i + 1), Scores: []tally.Score{{Metric: c.number("nps"), Score: uint8(r.IntN(11))}}}
			for k := range parameters {
				f.Scores = append(f.Scores, tally.Score{Metric: uint32(100 + k), Score: uint8(1 + r.IntN(10)), Importance: 5})
			}
			main[day].Apply(0, f)
			for _, rows := range others[day] {
				rows.Apply(0, f)
			}
		}
	}
	for b.Loop() {
		sums := d.answers(complete)
		join := newJoin(d, sums, complete)
		for day := range main {
			join.day(main[day], others[day], calendar.Day(day))
		}
		if sums.joint.N == 0 {
			b.Fatal("nothing complete")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/questionnaire")
}
