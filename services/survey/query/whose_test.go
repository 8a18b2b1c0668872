package query

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/survey/score"
	"github.com/rapport-cx/rapport/services/survey/segments"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// packed is a set of customers as callers send it.
func packed(t testing.TB, numbers ...uint64) []byte {
	t.Helper()
	b, err := roaring64.BitmapOf(numbers...).ToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// lets tells, the slow and plain way, whether a scope lets a customer's answer pass.
func (c *crowded) lets(s *surveyv1.Scope, given []uint64, f *tally.Tally) bool {
	if s.GetSegmentId() == "" && len(s.GetCustomers()) == 0 {
		return true
	}
	among := func(n int64) bool { return slices.Contains(given, uint64(n)) }
	in := (s.GetSegmentId() == "" || c.holds(s.GetSegmentId(), s.GetSegmentTime(), f.Customer, f.Day)) &&
		(len(s.GetCustomers()) == 0 || slices.ContainsFunc(c.people.Now().Members(f.Customer), among))
	return f.Customer != 0 && in != s.GetOutside()
}

// Scores of customers given are those of a join by hand, together with a segment or
// alone, inside and outside, whoever is merged with whom.
func TestScoresOfCustomersEqualAJoin(t *testing.T) {
	c := newCrowded(t, "Europe/Berlin")
	c.chain(2, 8)
	r := rand.New(rand.NewPCG(171, 172))
	c.random(r, 700, 8, true)
	first := calendar.Day(c.truth[0].Day)
	for k := range 6 {
		c.enter("a", first-20+calendar.Day(7*k+r.IntN(7)), uint64(1+r.IntN(49)), uint64(1+r.IntN(49)), uint64(1+r.IntN(49)), uint64(1+r.IntN(49)))
	}
	for round := range 150 {
		switch r.IntN(6) {
		case 0:
			c.people.Merge(1+r.Int64N(49), 1+r.Int64N(49))
		case 1:
			c.people.Unmerge(1 + r.Int64N(49))
		}
		scope, given := &surveyv1.Scope{SegmentTime: surveyv1.SegmentTime(r.IntN(3))}, []uint64{0, 1000}
		for range r.IntN(20) {
			given = append(given, r.Uint64N(50))
		}
		if r.IntN(3) > 0 {
			scope.SegmentId = "a"
		}
		if scope.SegmentId == "" || r.IntN(2) == 0 {
			scope.Customers = packed(t, given...)
		}
		scope.Outside = r.IntN(2) == 0
		var want score.Hist
		for _, f := range c.truth {
			for _, s := range f.Scores {
				if s.Metric == c.number("nps") && c.lets(scope, given, f) {
					want.Add(int(s.Score), 0, 1)
				}
			}
		}
		m, err := c.b.measured("nps")
		c.ok(err)
		a, err := c.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", Scope: scope}, c.now)
		c.ok(err)
		if diff := cmp.Diff(m.evaluate([]score.Hist{want}), a.Total, protocmp.Transform()); diff != "" {
			t.Fatalf("round %d, %v of %v: %s", round, scope, given, diff)
		}
		d, err := c.b.CompareMetric(t.Context(), &surveyv1.CompareMetricRequest{Metric: "nps",
			A: &surveyv1.MetricSide{Scope: scope}, B: &surveyv1.MetricSide{}}, c.now)
		c.ok(err)
		if diff := cmp.Diff(a.Total, d.A, protocmp.Transform()); diff != "" {
			t.Fatalf("round %d, compared: %s", round, diff)
		}
	}
}

// Those in a set and those outside are all whose customer is known.
func TestInsideAndOutsideAreAllKnown(t *testing.T) {
	c := newCrowded(t, "UTC")
	c.chain(1, 3)
	r := rand.New(rand.NewPCG(5, 6))
	c.random(r, 300, 3, false)
	all := packed(t, func() (out []uint64) {
		for n := range uint64(100) {
			out = append(out, n)
		}
		return out
	}()...)
	n := func(s *surveyv1.Scope) int64 {
		return c.get(&surveyv1.GetMetricRequest{Metric: "nps", Scope: s}).Total.N
	}
	known := n(&surveyv1.Scope{Customers: all})
	if known == 0 || n(&surveyv1.Scope{Customers: all, Outside: true}) != 0 {
		t.Fatalf("%d answers of known customers", known)
	}
	for range 20 {
		set := packed(t, r.Uint64N(60), r.Uint64N(60), r.Uint64N(60), r.Uint64N(60))
		in, out := n(&surveyv1.Scope{Customers: set}), n(&surveyv1.Scope{Customers: set, Outside: true})
		if in+out != known {
			t.Fatalf("%d in and %d outside are not %d", in, out, known)
		}
	}
}

// An answer is cached under what the set says, not the pointer it came by, and
// counted anew when two become one.
func TestAnswersOfCustomersAreCached(t *testing.T) {
	c := newCrowded(t, "UTC")
	c.chain(1, 1)
	at := c.now.Add(-time.Hour)
	for customer := range int64(5) {
		f := c.answer(at, at)
		f.Customer, f.Scores = customer, []tally.Score{{Metric: c.number("nps"), Score: 9}}
		c.submit(f)
	}
	long := make([]uint64, 0, 5000)
	for n := range uint64(5000) {
		long = append(long, 2*n+1000) // no runs, so that the set is long
	}
	ask := func(want int64, numbers ...uint64) *surveyv1.GetMetricResponse {
		t.Helper()
		a, err := c.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps",
			Scope: &surveyv1.Scope{Customers: packed(t, append(numbers, long...)...)}}, c.now)
		c.ok(err)
		if a.Total.N != want {
			t.Fatalf("n = %d, want %d", a.Total.N, want)
		}
		return a
	}
	one := ask(1, 1)
	if ask(1, 1) != one {
		t.Error("computed again although nothing happened")
	}
	ask(2, 1, 2)
	c.people.Merge(3, 1)
	ask(2, 1)
	c.people.Unmerge(3)
	ask(1, 1)
	p, err := c.b.Metric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", Scope: &surveyv1.Scope{Customers: packed(t, long...)}}, c.now)
	c.ok(err)
	if n := len(p.Question().Ask); n > longAsk {
		t.Errorf("the place in the cache is %d bytes long", n)
	}
	if n := len(c.b.repeats.plans); n > 0 {
		t.Errorf("%d plans hold on to customers", n)
	}
}

func TestCustomersThatCannotBeRead(t *testing.T) {
	c := newCrowded(t, "UTC")
	c.chain(1, 1)
	good := packed(t, 1, 2, 3)
	for name, s := range map[string]*surveyv1.Scope{
		"no bitmap": {Customers: []byte("nobody")},
		"cut off":   {Customers: good[:len(good)-1]},
		"too long":  {Customers: append(slices.Clone(good), 0)},
		"too far":   {Customers: packed(t, segments.MostGiven)},
	} {
		_, err := c.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", Scope: s}, c.now)
		if e := fault.From(err); e == nil || len(e.Fields) != 1 || e.Fields[0].Path != "scope.customers" {
			t.Errorf("%s: %v", name, err)
		}
		_, err = c.b.CompareMetric(t.Context(), &surveyv1.CompareMetricRequest{Metric: "nps",
			A: &surveyv1.MetricSide{}, B: &surveyv1.MetricSide{Scope: proto.CloneOf(s)}}, c.now)
		if e := fault.From(err); e == nil || len(e.Fields) != 1 || e.Fields[0].Path != "b.scope.customers" {
			t.Errorf("%s compared: %v", name, err)
		}
	}
	_, err := c.b.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Metric: "nps", Scope: &surveyv1.Scope{Outside: true}}, c.now)
	if e := fault.From(err); e == nil || len(e.Fields) != 1 || e.Fields[0].Path != "scope.outside" {
		t.Errorf("outside of nothing: %v", err)
	}
}
