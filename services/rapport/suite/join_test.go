package suite

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// TestEitherSideOfAnOrderMayComeFirst brings events and answers about the same
// orders in every order of arrival: scores by whether the order was late are equal.
func TestEitherSideOfAnOrderMayComeFirst(t *testing.T) {
	events, responses := orders(60)
	arrivals := []struct {
		name   string
		arrive func(w *world)
	}{
		{"events first", func(w *world) { w.record(events...); w.drain(); w.submit(responses...) }},
		{"responses first", func(w *world) { w.submit(responses...); w.drain(); w.record(events...) }},
		{"one by one", func(w *world) {
			for i, at := range rand.New(rand.NewPCG(5, 6)).Perm(len(events) + len(responses)) {
				if at < len(events) {
					w.record(events[at])
				} else {
					w.submit(responses[at-len(events)])
				}
				if i%50 == 49 {
					w.drain()
				}
			}
		}},
		{"at once", func(w *world) {
			var both sync.WaitGroup
			both.Go(func() {
				for i := len(events) - 1; i >= 0; i-- {
					w.record(events[i])
				}
			})
			both.Go(func() { w.submit(responses...) })
			both.Wait()
		}},
	}
	want := lateScores(events, responses)
	onEach(t, func(t *testing.T, url func(testing.TB) string) {
		for _, a := range arrivals {
			t.Run(a.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, url)
				w.clock.set(monday.AddDate(0, 0, 20))
				a.arrive(w)
				w.drain()
				out := must[*surveyv1.GetMetricResponse](t)(w.survey.GetMetric(t.Context(), &surveyv1.GetMetricRequest{
					Brand: brand, Metric: metric, Window: everything(monday),
					GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_FACET, Key: late}},
				}))
				got := map[string]*surveyv1.Score{}
				for _, s := range out.GetSeries() {
					got[s.GetKey()[0]] = &surveyv1.Score{N: s.GetTotal().GetN(), Histogram: s.GetTotal().GetHistogram()}
				}
				if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
					t.Error(diff)
				}
			})
		}
	})
}

// orders are events and answers of so many orders. Some are never delivered, some
// were promised anew after they came, some events are told twice.
func orders(n int) (events []*journeyv1.Event, responses []*surveyv1.Response) {
	for k := range n {
		at, who := monday.Add(time.Duration(k)*time.Hour), fmt.Sprint("mail:", k%7)
		placed := happened(fmt.Sprint("placed-", k), "order.placed", who, at)
		placed.OrderId, placed.PromisedAt = orderName(k), stamp(at.Add(48*time.Hour))
		events = append(events, placed)
		if k%5 > 0 {
			events = append(events, ended(k, who, at))
		}
		if k%6 == 0 {
			moved := happened(fmt.Sprint("moved-", k), "order.moved", who, at.Add(time.Hour))
			moved.OrderId, moved.PromisedAt = orderName(k), stamp(at.Add(96*time.Hour))
			events = append(events, moved)
		}
		for i := range k % 3 {
			responses = append(responses, answered(fmt.Sprint("answer-", k, "-", i), who, orderName(k), at, int32((k+i)%11)))
		}
	}
	return events, append(responses, answered("of no order", "mail:1", "", monday, 3), answered("of another", "mail:1", "elsewhere", monday, 4))
}

// lateScores is the plain count.
func lateScores(events []*journeyv1.Event, responses []*surveyv1.Response) map[string]*surveyv1.Score {
	promised, arrived, known := map[string]time.Time{}, map[string]time.Time{}, map[string]string{}
	for _, e := range events {
		if p := e.GetPromisedAt(); p != nil && p.AsTime().After(promised[e.GetOrderId()]) {
			promised[e.GetOrderId()] = p.AsTime()
		}
		if e.GetKind() == "order.delivered" {
			arrived[e.GetOrderId()] = e.GetOccurredAt().AsTime()
		}
	}
	for order, at := range arrived {
		known[order] = map[bool]string{true: "yes", false: "no"}[at.After(promised[order])]
	}
	out := map[string]*surveyv1.Score{}
	for _, r := range responses {
		s := out[known[r.GetOrderId()]]
		if s == nil {
			s = &surveyv1.Score{Histogram: make([]int64, 11)}
			out[known[r.GetOrderId()]] = s
		}
		s.N++
		s.Histogram[r.GetAnswers()[0].GetScore()]++
	}
	return out
}
