package importer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
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
