package importer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// cut computes runs until one has so many purchases: all that were imported. A run
// is told to those who watch customers, as what is taken over from Journey is, so
// that there is always something to wait for.
func cut(t *testing.T, c segmentationv1.SegmentationServiceClient, brand, day string, purchases int64) *segmentationv1.RfmRun {
	t.Helper()
	watch, err := c.WatchCustomers(t.Context(), &segmentationv1.WatchCustomersRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	for {
		// Nobody may have a purchase yet.
		out, err := c.ComputeRfm(t.Context(), &segmentationv1.ComputeRfmRequest{Brand: brand, Day: day})
		if err == nil {
			grid, err := c.GetRfmGrid(t.Context(), &segmentationv1.GetRfmGridRequest{Brand: brand, RunId: out.GetRun().GetId()})
			if err != nil {
				t.Fatal(err)
			}
			var sum segmentationv1.RfmCell
			for _, cell := range grid.GetCells() {
				sum.Persons += cell.GetPersons()
				sum.Purchases += cell.GetPurchases()
			}
			if sum.Persons != out.GetRun().GetPersons() {
				t.Fatalf("%d persons in cells of %v", sum.Persons, out.GetRun())
			}
			if sum.Purchases == purchases {
				return out.GetRun()
			}
		}
		if _, err := watch.Recv(); err != nil {
			t.Fatal(err)
		}
	}
}

// sameCuts holds a run against what was counted elsewhere.
func sameCuts(t *testing.T, got, want *segmentationv1.RfmRun) {
	t.Helper()
	want.Id, want.ComputedAt = got.GetId(), got.GetComputedAt()
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestOlistRfm(t *testing.T) {
	dir := realData(t, "olist")
	w := suite(t, sqldbtest.SQLite(t))
	load(t, Customers, w.customers, "olist/customers.yaml", dir, 1, Counts{Read: 8135, Recorded: 8016, Skipped: 119})
	load(t, Events, w.events, "olist/orders.yaml", dir, 1, Counts{Read: 37010, Recorded: 37010})
	sameCuts(t, cut(t, w.customers, "olist", "2018-10-17", 8135), &segmentationv1.RfmRun{
		Day: "2018-10-17", Persons: 8016, RecencyCuts: []int64{159, 244, 330, 460}, FrequencyCuts: []int64{1, 1, 1, 1},
		MonetaryCuts: []int64{5528, 8796, 13604, 21957},
	})
}

func TestOnlineRetailRfm(t *testing.T) {
	dir := realData(t, "online_retail")
	w := suite(t, sqldbtest.SQLite(t))
	load(t, Events, w.events, "online_retail/purchases.yaml", dir, 1, Counts{Read: 157306, Recorded: 22186, Skipped: 135120})
	sameCuts(t, cut(t, w.customers, "retail", "2011-12-10", 18532), &segmentationv1.RfmRun{
		Day: "2011-12-10", Persons: 4338, RecencyCuts: []int64{13, 33, 72, 180}, FrequencyCuts: []int64{1, 2, 3, 6},
		MonetaryCuts: []int64{25015, 49022, 94226, 205945},
	})
}
