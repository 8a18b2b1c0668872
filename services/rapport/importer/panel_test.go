package importer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// The scores of a panel by the customers' state, and of everybody else, are those of
// the join; its persons are told apart without a segment.
func TestOlistPanelByState(t *testing.T) {
	dir := realData(t, "olist")
	want, others := joined(t, dir), make([]int64, 11)
	for state, hist := range want {
		for score, n := range hist {
			if state != "SP" {
				others[score] += n
			}
		}
	}
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		w := suite(t, url)
		load(t, Customers, w.customers, "olist/customers.yaml", dir, 1, Counts{Read: 8135, Recorded: 8016, Skipped: 119})
		load(t, Responses, w.responses, "olist/reviews.yaml", dir, 1, Counts{Read: 8225, Recorded: 8225})
		_, err := w.customers.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: "olist", Segment: &segmentationv1.Segment{
			Id: "all", Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: "customer.numbers > 0"}},
		}})
		must(t, err)
		ofSegments(t, w.responses, []string{"all"}, 8225)
		out, err := w.customers.QueryPanel(t.Context(), &segmentationv1.QueryPanelRequest{Brand: "olist", Rest: true, Metrics: []string{"csat.order"},
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
	})
}
