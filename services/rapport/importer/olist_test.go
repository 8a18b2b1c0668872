package importer

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// Olist's customers, orders and reviews, imported as the examples have it, come to what
// the files hold, and to what was counted elsewhere.
func TestOlist(t *testing.T) {
	dir := realData(t, "olist")
	want := joined(t, dir)
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		w := suite(t, url)
		load(t, Customers, w.customers, "olist/customers.yaml", dir, 2, Counts{Read: 8135, Recorded: 8016, Skipped: 119})
		load(t, Events, w.events, "olist/orders.yaml", dir, 2, Counts{Read: 37010, Recorded: 37010})
		t.Run("orders", func(t *testing.T) { olistOrders(t, w) })
		t.Run("cuts", func(t *testing.T) {
			sameCuts(t, cut(t, w.customers, "olist", "2018-10-17", 8135), &segmentationv1.RfmRun{
				Day: "2018-10-17", Persons: 8016, RecencyCuts: []int64{159, 244, 330, 460}, FrequencyCuts: []int64{1, 1, 1, 1},
				MonetaryCuts: []int64{5528, 8796, 13604, 21957},
			})
		})
		// Journey has judged every order before the first review comes.
		load(t, Responses, w.responses, "olist/reviews.yaml", dir, 1, Counts{Read: 8225, Recorded: 8225})
		t.Run("late", func(t *testing.T) { olistLate(t, w.responses) })
		t.Run("states", func(t *testing.T) { olistStates(t, w, want) })
		t.Run("panel", func(t *testing.T) { olistPanel(t, w.customers, want) })
	})
}

// Reviews come to know whether their order was late also if they came before it.
func TestOlistReviewsFirst(t *testing.T) {
	dir := realData(t, "olist")
	w := suite(t, sqldbtest.SQLite(t))
	load(t, Responses, w.responses, "olist/reviews.yaml", dir, 1, Counts{Read: 8225, Recorded: 8225})
	load(t, Events, w.events, "olist/orders.yaml", dir, 1, Counts{Read: 37010, Recorded: 37010})
	olistLate(t, w.responses)
}

func olistOrders(t *testing.T, w world) {
	t.Helper()
	outcomes(t, w.events)
	people, err := w.customers.ListCustomers(t.Context(), &segmentationv1.ListCustomersRequest{Brand: "olist"})
	if err != nil || people.GetPersons() != 8016 {
		t.Errorf("%d people, %v, want 8016", people.GetPersons(), err)
	}
	index, err := w.events.GetSuccessIndex(t.Context(), &journeyv1.GetSuccessIndexRequest{Brand: "olist"})
	got := index.GetTotal()
	if err != nil || got.GetOrders() != 5164+609 || got.GetWithinNorm() != 5164-414 || got.GetOpen() != 1737 || got.GetCancelledByCustomer() != 625 {
		t.Errorf("%v, %v", got, err)
	}
	kinds, err := w.events.ListEventKinds(t.Context(), &journeyv1.ListEventKindsRequest{Brand: "olist"})
	must(t, err)
	counts := map[string]int64{}
	for _, k := range kinds.GetKinds() {
		if k.GetEvents() > 0 && k.GetTitles()["en"] != "" {
			counts[k.GetKind()] = k.GetEvents()
		}
	}
	if diff := cmp.Diff(map[string]int64{"order.placed": 8135, "purchase": 8135, "order.approved": 7989, "order.shipped": 6353,
		"order.delivered": 5164, "order.cancelled.customer": 625, "order.cancelled.shop": 609}, counts); diff != "" {
		t.Error(diff)
	}
}

// olistLate holds reviews by what Journey knows of their order against what was counted
// elsewhere.
func olistLate(t *testing.T, c surveyv1.SurveyServiceClient) {
	t.Helper()
	got := byLateness(t, c, 418)
	if late, inTime := got["yes"].GetMean(), got["no"].GetMean(); math.Abs(late-2.4976) > 5e-5 || math.Abs(inTime-4.2796) > 5e-5 || got[""].GetN() != 2993 {
		t.Errorf("mean %v late, %v in time, n=%d absent; want 2.4976, 4.2796, 2993", late, inTime, got[""].GetN())
	}
}

// olistStates: scores by a segment on an attribute of customers are, answer for answer,
// those of a join over the files they were imported from.
func olistStates(t *testing.T, w world, want map[string][]int64) {
	t.Helper()
	var ids []string
	for _, state := range slices.Sorted(maps.Keys(want)) {
		id := strings.ToLower(state)
		ruled(t, w.customers, id, "attributes.state == '"+state+"'")
		ids = append(ids, id)
	}
	got := ofSegments(t, w.responses, ids, 8225)
	for state, hist := range want {
		if diff := cmp.Diff(hist, got[strings.ToLower(state)].GetHistogram()); diff != "" {
			t.Errorf("%s: %s", state, diff)
		}
	}
	for id, one := range map[string]struct {
		n    int64
		csat float64
	}{"sp": {3488, 57.48}, "rj": {1182, 44.92}} {
		alone, err := w.responses.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: "olist", Metric: "csat.order", Scope: &surveyv1.Scope{SegmentId: id}})
		if s := alone.GetTotal(); err != nil || s.GetN() != one.n || math.Abs(s.GetValue()-one.csat) > 0.005 {
			t.Errorf("%s: %v, %v, want %+v", id, s, err, one)
		}
		// Nobody was in a segment before there was one.
		then, err := w.responses.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: "olist", Metric: "csat.order",
			Scope: &surveyv1.Scope{SegmentId: id, SegmentTime: surveyv1.SegmentTime_SEGMENT_TIME_THEN}})
		if err != nil || then.GetTotal().GetN() != 0 {
			t.Errorf("%s, then: %v, %v", id, then, err)
		}
	}
}

// olistPanel: the scores of a panel by the customers' state, and of everybody else, are
// those of the join; its persons are told apart without a segment.
func olistPanel(t *testing.T, c segmentationv1.SegmentationServiceClient, want map[string][]int64) {
	t.Helper()
	others := make([]int64, 11)
	for state, hist := range want {
		for score, n := range hist {
			if state != "SP" {
				others[score] += n
			}
		}
	}
	out, err := c.QueryPanel(t.Context(), &segmentationv1.QueryPanelRequest{Brand: "olist", Rest: true, Metrics: []string{"csat.order"},
		Filters: []*segmentationv1.PanelFilter{{Filter: &segmentationv1.PanelFilter_Field{
			Field: &segmentationv1.FieldFilter{Field: "attributes.state", Values: []string{"SP"}}}}},
		Distributions: []*segmentationv1.DistributionQuery{{Field: "attributes.state", Limit: 3}}})
	must(t, err)
	if diff := cmp.Diff(want["SP"], out.GetChosen().GetScores()[0].GetScore().GetHistogram()); diff != "" {
		t.Errorf("SP: %s", diff)
	}
	if diff := cmp.Diff(others, out.GetRest().GetScores()[0].GetScore().GetHistogram()); diff != "" {
		t.Errorf("others: %s", diff)
	}
	if n := out.GetChosen().GetPersons() + out.GetRest().GetPersons(); n != out.GetPersons() || n != 8016 || out.GetChosen().GetTooFew() {
		t.Errorf("%d persons of %d", n, out.GetPersons())
	}
	if d := out.GetRest().GetDistributions()[0]; len(d.GetBuckets()) != 3 || d.GetBuckets()[0].GetValue() != "RJ" {
		t.Errorf("%v", d)
	}
}

// ruled creates a segment of those of whom an expression is true.
func ruled(t *testing.T, c segmentationv1.SegmentationServiceClient, id, expression string) {
	t.Helper()
	_, err := c.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: "olist", Segment: &segmentationv1.Segment{
		Id: id, Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: expression}},
	}})
	must(t, err)
}
