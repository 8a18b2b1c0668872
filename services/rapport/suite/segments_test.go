package suite

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// in are the members of a segment now.
func (w *world) in(id string) []int64 {
	w.t.Helper()
	return must[*segmentationv1.ListMembersResponse](w.t)(w.segmentation.ListMembers(w.t.Context(), &segmentationv1.ListMembersRequest{Brand: brand, SegmentId: id})).GetIds()
}

// Whoever answers low becomes a detractor in Segmentation: by an identity that nobody
// knew before too, and no more once the answer is taken back; visits count likewise.
func TestAnAnswerMovesItsCustomerIntoASegment(t *testing.T) {
	onEach(t, func(t *testing.T, url func(testing.TB) string) {
		w := newWorld(t, url)
		for id, rule := range map[string]string{
			"detractors": "has(score." + metric + ") && score." + metric + " <= 6", "others": "!(has(score." + metric + ") && score." + metric + " <= 6)",
			"visitors": "visits.count_30d >= 2 && purchases.count_30d == 0",
		} {
			must[*segmentationv1.CreateSegmentResponse](t)(w.segmentation.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand,
				Segment: &segmentationv1.Segment{Id: id, Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: rule}}}}))
		}
		out := must[*segmentationv1.ResolveCustomersResponse](t)(w.segmentation.ResolveCustomers(t.Context(), &segmentationv1.ResolveCustomersRequest{
			Brand: brand, Identities: []*commonv1.Identity{whom("mail:1"), whom("mail:2")}}))
		one, two := out.GetResults()[0].GetId(), out.GetResults()[1].GetId()
		at := monday.Add(-2 * time.Hour)
		w.submit(answered("a", "mail:1", "", at.Add(-time.Hour), 10), answered("b", "mail:1", "", at, 3), answered("c", "mail:2", "", at, 9), answered("d", "card:3", "", at, 0))
		w.record(happened("v1", "visit", "mail:2", at), happened("v2", "visit.page", "mail:2", at), happened("v3", "visit", "mail:1", at))
		w.drain()
		three := two + 1
		for id, want := range map[string][]int64{"detractors": {one, three}, "others": {two}, "visitors": {two}} {
			if diff := cmp.Diff(want, w.in(id)); diff != "" {
				t.Errorf("%s: %s", id, diff)
			}
		}
		listed := must[*surveyv1.ListResponsesResponse](t)(w.survey.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand,
			Filter: &surveyv1.ResponseFilter{CustomerId: one}}))
		for _, r := range listed.GetResponses() {
			if r.GetExternalId() == "b" {
				must[*surveyv1.RetractResponseResponse](t)(w.survey.RetractResponse(t.Context(), &surveyv1.RetractResponseRequest{Brand: brand, Id: r.GetId()}))
			}
		}
		w.drain()
		if diff := cmp.Diff([]int64{three}, w.in("detractors")); diff != "" {
			t.Errorf("afterwards: %s", diff)
		}
	})
}
