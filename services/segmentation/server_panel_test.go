package segmentation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// Scores of those chosen are of their answers, of the rest of everybody else's; what
// Survey does not know is missing and the rest is told.
func TestPanelScores(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		a := newAsking(t, url, c)
		r := newReplicaBeside(t, url, "", c.Now, a.beside())
		numbered(t, r, 8)
		createSegment(t, r, listOf("some", 1, 2, 3))
		for customer, score := range []int32{10, 10, 9, 0, 3, 7, 10} {
			a.submit(int64(customer), score, start)
		}
		a.submit(2, 0, start)
		ask := func(metric string, filters ...*segmentationv1.PanelFilter) *segmentationv1.QueryPanelResponse {
			return queryPanel(t, r, &segmentationv1.QueryPanelRequest{Metrics: []string{metric}, Filters: filters, Rest: true})
		}
		some := ask("nps.network", inSegmentFilter("some", false))
		check := func(what string, got *segmentationv1.PanelGroup, n int64, want float64) {
			t.Helper()
			one := got.GetScores()[0]
			if one.GetScore().GetN() != n || one.GetScore().GetValue() != want || one.GetMissing() != "" || !one.GetTooFew() {
				t.Errorf("%s: %v", what, one)
			}
		}
		// 1 said 10, 2 said 9 and 0, 3 said 0; 4 said 3, 5 said 7, 6 said 10; who said the first is not known.
		check("some", some.GetChosen(), 4, 0)
		check("others", some.GetRest(), 3, 0)
		everybody := ask("nps.network")
		if got := everybody.GetChosen().GetScores()[0].GetScore().GetN(); got != 8 {
			t.Errorf("everybody: %d answers", got)
		}
		if everybody.GetRest().GetPersons() != 0 || everybody.GetRest().Margin != nil || everybody.GetRest().GetScores()[0].GetScore().GetN() != 0 {
			t.Errorf("nobody: %v", everybody.GetRest())
		}
		none := ask("nps.network", inSegmentFilter("some", true), inSegmentFilter("some", false))
		if none.GetChosen().GetPersons() != 0 || none.GetChosen().GetScores()[0].GetScore().GetN() != 0 {
			t.Errorf("nobody: %v", none.GetChosen())
		}
		missing := ask("nps.nothing", inSegmentFilter("some", false))
		if one := missing.GetChosen().GetScores()[0]; one.GetScore() != nil || one.GetMissing() == "" || missing.GetChosen().GetPersons() != 3 {
			t.Errorf("%v", missing)
		}
		a.settled()
		late := queryPanel(t, r, &segmentationv1.QueryPanelRequest{Filters: []*segmentationv1.PanelFilter{boundsFilter("score.nps.network", false, nil, proto.Float64(0))},
			Distributions: []*segmentationv1.DistributionQuery{{Field: "score.nps.network"}}})
		if late.GetChosen().GetPersons() != 2 || late.GetChosen().GetDistributions()[0].GetMean() != 0 {
			t.Errorf("those who said 0: %v", late.GetChosen())
		}
	})
}

// Without Survey a panel says everything but scores.
func TestPanelWithoutSurvey(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		numbered(t, r, 3)
		out := queryPanel(t, r, &segmentationv1.QueryPanelRequest{Metrics: []string{"nps"}, Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 7}}})
		if one := out.GetChosen().GetScores()[0]; one.GetMissing() == "" || one.GetScore() != nil || out.GetPersons() != 3 {
			t.Errorf("%v", out)
		}
	})
}

// Values of few are not told of a personal attribute, in neither group, and neither is
// the mean of numbers.
func TestPanelHidesFew(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		declare(t, r, city, &segmentationv1.Attribute{Name: "age", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER, Personal: true})
		var all []*segmentationv1.Customer
		add := func(n int, town string, age float64) {
			for range n {
				all = append(all, &segmentationv1.Customer{Identities: cards(int64(len(all) + 1)), Attributes: map[string]*segmentationv1.AttributeValue{
					"city": textValue(town), "age": {Value: &segmentationv1.AttributeValue_Number{Number: age}}}})
			}
		}
		add(20, "Omsk", 30)
		add(10, "Tver", 40)
		add(7, "Perm", 50)
		add(3, "Ufa", 91)
		upsert(t, r, false, all...)
		out := queryPanel(t, r, &segmentationv1.QueryPanelRequest{Distributions: []*segmentationv1.DistributionQuery{
			{Field: "attributes.city"}, {Field: "attributes.age"}}})
		want := map[string]int64{"Omsk": 20, "Tver": 10}
		got := map[string]int64{}
		towns, ages := out.GetChosen().GetDistributions()[0], out.GetChosen().GetDistributions()[1]
		for _, b := range towns.GetBuckets() {
			got[b.GetValue()] = b.GetPersons()
		}
		if diff := cmp.Diff(want, got); diff != "" || towns.GetHidden() != 10 {
			t.Errorf("%d hidden, %s", towns.GetHidden(), diff)
		}
		if len(ages.GetBuckets()) != 2 || ages.GetHidden() != 10 || ages.Mean != nil {
			t.Errorf("%v", ages)
		}
		// Perm has 5 within and 2 beyond: who knows everybody would have the 2.
		half := queryPanel(t, r, &segmentationv1.QueryPanelRequest{Filters: []*segmentationv1.PanelFilter{inSegmentFilter(createSegment(t, r,
			listOf("half", 1, 2, 3, 4, 5, 6, 21, 22, 23, 24, 25, 31, 32, 33, 34, 35, 38, 39, 40)).GetId(), false)},
			Distributions: []*segmentationv1.DistributionQuery{{Field: "attributes.city"}}})
		for _, b := range half.GetChosen().GetDistributions()[0].GetBuckets() {
			if b.GetValue() == "Perm" || b.GetValue() == "Ufa" {
				t.Errorf("told %v", b)
			}
		}
	})
}

func TestPanelRefuses(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		declare(t, r, city)
		numbered(t, r, 1)
		one := proto.Float64(1)
		for what, in := range map[string]*segmentationv1.QueryPanelRequest{
			"no such field":    {Filters: []*segmentationv1.PanelFilter{valuesFilter("attributes.town", false, "Omsk")}},
			"no values":        {Filters: []*segmentationv1.PanelFilter{valuesFilter("attributes.city", false)}},
			"bounds of words":  {Filters: []*segmentationv1.PanelFilter{boundsFilter("attributes.city", false, one, nil)}},
			"words of numbers": {Filters: []*segmentationv1.PanelFilter{valuesFilter("purchases.count", false, "1")}},
			"no bounds":        {Filters: []*segmentationv1.PanelFilter{boundsFilter("purchases.count", false, nil, nil)}},
			"turned around":    {Filters: []*segmentationv1.PanelFilter{boundsFilter("purchases.count", false, proto.Float64(2), one)}},
			"descending":       {Distributions: []*segmentationv1.DistributionQuery{{Field: "purchases.count", Bounds: []float64{2, 1}}}},
			"cut words":        {Distributions: []*segmentationv1.DistributionQuery{{Field: "attributes.city", Bounds: []float64{2}}}},
		} {
			in.Brand = brand
			if _, err := r.QueryPanel(t.Context(), in); !fault.Is(fault.From(err), commonv1.Reason_REASON_FIELD_INVALID) {
				t.Errorf("%s: %v", what, err)
			}
		}
		unknown := func(err error) {
			t.Helper()
			if !fault.Is(fault.From(err), commonv1.Reason_REASON_SEGMENT_UNKNOWN) {
				t.Error(err)
			}
		}
		_, err := r.QueryPanel(t.Context(), &segmentationv1.QueryPanelRequest{Brand: brand, Filters: []*segmentationv1.PanelFilter{inSegmentFilter("none", false)}})
		unknown(err)
		_, err = r.SampleSegment(t.Context(), &segmentationv1.SampleSegmentRequest{Brand: brand, SegmentId: "none", Size: 1})
		unknown(err)
		_, err = r.GetSampleSize(t.Context(), &segmentationv1.GetSampleSizeRequest{Brand: brand, SegmentId: "none",
			Measured: segmentationv1.Measured_MEASURED_NPS, Aim: &segmentationv1.GetSampleSizeRequest_Margin{Margin: 5}})
		unknown(err)
	})
}

// A sample has those alone who may be contacted, as ExamineContact says of each, and
// reserves nothing.
func TestSampleSegment(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		var all []*segmentationv1.Customer
		for id := range int64(60) {
			one := &segmentationv1.Customer{Identities: cards(id + 1)}
			if id%3 == 0 {
				one.Consents = []*segmentationv1.Consent{{Purpose: "marketing", Granted: true}}
			}
			all = append(all, one)
		}
		upsert(t, r, false, all...)
		createSegment(t, r, expression("all", "customer.numbers > 0"))
		if _, err := merge(t, r, 2, 1); err != nil {
			t.Fatal(err)
		}
		plan := &segmentationv1.ContactPlan{Mode: commonv1.ContactMode_CONTACT_MODE_EMAIL, Purpose: "marketing"}
		draw := func(size int32, seed int64, plan *segmentationv1.ContactPlan) *segmentationv1.SampleSegmentResponse {
			t.Helper()
			out, err := r.SampleSegment(t.Context(), &segmentationv1.SampleSegmentRequest{Brand: brand, SegmentId: "all", Size: size, Seed: seed, Contact: plan})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		one := draw(15, 3, plan)
		if len(one.GetIds()) != 15 || one.GetPassedOver() == 0 {
			t.Errorf("%v", one)
		}
		for _, id := range one.GetIds() {
			out, err := r.ExamineContact(t.Context(), &segmentationv1.ExamineContactRequest{Brand: brand, Contact: &segmentationv1.ContactRequest{
				Customer: byNumber(id), Mode: plan.GetMode(), Purpose: plan.GetPurpose()}})
			if err != nil || !out.GetAllowed() {
				t.Errorf("%d: %v, %v", id, out, err)
			}
		}
		if again := draw(15, 3, plan); !cmp.Equal(one, again, protocmp.Transform()) {
			t.Errorf("%v, then %v", one, again)
		}
		if most := draw(60, 3, plan); len(most.GetIds()) != 20 || most.GetMembers() != most.GetPassedOver()+20 {
			t.Errorf("%v", most)
		}
		if free := draw(10, 3, nil); len(free.GetIds()) != 10 || free.GetPassedOver() != 0 || slices.Equal(free.GetIds(), one.GetIds()[:10]) {
			t.Errorf("%v", free)
		}
	})
}

func TestSampleSizeOfSegment(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		numbered(t, r, 50)
		createSegment(t, r, expression("all", "customer.numbers > 0"))
		in := &segmentationv1.GetSampleSizeRequest{Brand: brand, SegmentId: "all", Measured: segmentationv1.Measured_MEASURED_SHARE,
			Aim: &segmentationv1.GetSampleSizeRequest_Margin{Margin: 10}}
		out, err := r.GetSampleSize(t.Context(), in)
		// 96.04 / (1 + 95.04 / 50)
		if err != nil || out.GetAnswers() != 34 || out.GetAsk() != 34 {
			t.Errorf("%v, %v", out, err)
		}
		in.Population = 7
		if _, err := r.GetSampleSize(t.Context(), in); !fault.Is(fault.From(err), commonv1.Reason_REASON_FIELD_INVALID) {
			t.Error(err)
		}
	})
}

// A day that begins moves windows and days since, though nothing happens; and what was
// bought later than today does not exist before its day.
func TestPanelRolls(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		numbered(t, r, 4)
		for i, days := range []int{0, 6, 29, -3} {
			c.Add(4 * 24 * time.Hour) // Journey takes nothing that is far ahead
			buy(t, j, fmt.Sprint(i), int64(i+1), start.AddDate(0, 0, -days))
			c.Add(-4 * 24 * time.Hour)
			purchasesOnce(t, r, int64(i+1), 1)
		}
		in := func(field string, low, high float64) int64 {
			t.Helper()
			return queryPanel(t, r, &segmentationv1.QueryPanelRequest{Filters: []*segmentationv1.PanelFilter{
				boundsFilter(field, false, &low, &high)}}).GetChosen().GetPersons()
		}
		for _, step := range []struct {
			days                int
			week, month, recent int64
		}{{0, 2, 3, 2}, {1, 1, 2, 2}, {2, 2, 3, 2}, {4, 1, 3, 2}, {30, 0, 0, 0}} {
			c.Add(time.Duration(step.days) * 24 * time.Hour)
			got := []int64{in("purchases.count_7d", 1, 9), in("purchases.count_30d", 1, 9), in("purchases.days_since_last", 0, 8)}
			if diff := cmp.Diff([]int64{step.week, step.month, step.recent}, got); diff != "" {
				t.Errorf("after %d days: %s", step.days, diff)
			}
		}
	})
}
