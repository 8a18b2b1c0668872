package suite

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// ate is a receipt of so many pieces for so many people.
func ate(id, who string, at time.Time, pieces int64, party int32) *journeyv1.Event {
	e := sold(id, "purchase", who, at, 10*pieces)
	e.PartySize = party
	e.Lines = []*journeyv1.Line{{Category: "food", QuantityMilli: 1000 * pieces}}
	return e
}

// Occasions that receipt rules find in what tills tell Journey are what moves on the map
// of Segmentation: of one guest the solo lunch and the family's dinner are two.
func TestOccasionsMove(t *testing.T) {
	onEach(t, func(t *testing.T, url func(testing.TB) string) {
		w := newWorld(t, url)
		// Noon and evening of a Wednesday in Moscow, before and after.
		lunch := func(day int) time.Time { return time.Date(2026, 1, day, 9, 0, 0, 0, time.UTC) }
		dinner := func(day int) time.Time { return time.Date(2026, 1, day, 16, 0, 0, 0, time.UTC) }
		const before, after = 14, 28
		n := 0
		eat := func(who string, at time.Time, pieces int64, party int32) {
			n++
			w.record(ate(fmt.Sprint("r", n), who, at, pieces, party))
		}
		// Keeps the lunch and takes up the dinner.
		eat("mail:1", lunch(before), 2, 1)
		eat("mail:1", lunch(after), 1, 1)
		eat("mail:1", dinner(after), 8, 4)
		// Goes from the lunch to the dinner.
		eat("mail:2", lunch(before), 2, 1)
		eat("card:2", dinner(after), 6, 3)
		// Gives the dinner up; what it buys then is for no occasion.
		eat("mail:3", dinner(before), 6, 4)
		eat("mail:3", lunch(after), 9, 2)
		w.drain()
		ids := map[string]int64{}
		for _, who := range []string{"mail:2", "card:2"} {
			got := must[*segmentationv1.GetCustomerResponse](t)(w.segmentation.GetCustomer(t.Context(),
				&segmentationv1.GetCustomerRequest{Brand: brand, Customer: byName(who)}))
			ids[who] = got.GetCustomer().GetId()
		}
		must[*segmentationv1.MergeCustomersResponse](t)(w.segmentation.MergeCustomers(t.Context(),
			&segmentationv1.MergeCustomersRequest{Brand: brand, FromId: ids["card:2"], IntoId: ids["mail:2"]}))
		out := must[*segmentationv1.CompareSegmentsResponse](t)(w.segmentation.CompareSegments(t.Context(), &segmentationv1.CompareSegmentsRequest{Brand: brand,
			Comparison: &segmentationv1.CompareSegmentsRequest_Migration{Migration: &segmentationv1.MigrationQuery{From: "2026-01-14", To: "2026-01-28",
				States: &segmentationv1.MigrationQuery_Occasions{Occasions: &segmentationv1.OccasionStates{Days: 14}}}}}))
		got := map[string]int64{}
		for _, c := range out.GetMigration().GetCells() {
			got[c.GetFrom()+" to "+c.GetTo()] = c.GetUnits()
		}
		want := map[string]int64{"lunch.solo to lunch.solo": 1, " to dinner.family": 1, "lunch.solo to dinner.family": 1, "dinner.family to ": 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		m := out.GetMigration()
		if diff := cmp.Diff([][]int64{{1, 2, 1}, {2, 1, 1}, {4}}, [][]int64{m.GetRows(), m.GetColumns(), {m.GetUnits()}}); diff != "" {
			t.Errorf("of %v: %s", m.GetStates(), diff)
		}
	})
}
