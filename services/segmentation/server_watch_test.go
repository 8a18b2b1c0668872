package segmentation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// watch reads n events behind a cursor, and the cursor behind them.
func watch(t *testing.T, r *replica, after *commonv1.Cursor, n int) (all []*segmentationv1.CustomerEvent, at *commonv1.Cursor) {
	t.Helper()
	stream, err := r.WatchCustomers(t.Context(), &segmentationv1.WatchCustomersRequest{Brand: brand, After: after})
	if err != nil {
		t.Fatal(err)
	}
	for len(all) < n {
		piece, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		all, at = append(all, piece.GetEvents()...), piece.GetCursor()
	}
	return all, at
}

func TestWatchCustomers(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		numbered(t, r, 2)
		if _, err := r.DeclareAttributes(t.Context(), &segmentationv1.DeclareAttributesRequest{Brand: brand, Attributes: []*segmentationv1.Attribute{
			{Name: "city", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT},
		}}); err != nil {
			t.Fatal(err)
		}
		upsert(t, r, false, &segmentationv1.Customer{Id: 1, Zone: "Europe/Paris"})
		if _, err := merge(t, r, 1, 2); err != nil {
			t.Fatal(err)
		}
		if _, err := unmerge(t, r, 1); err != nil {
			t.Fatal(err)
		}
		erase(t, r, 1)
		want := []*segmentationv1.CustomerEvent{
			{Kind: segmentationv1.CustomerEvent_KIND_CREATED, Id: 1, Seq: 1},
			{Kind: segmentationv1.CustomerEvent_KIND_CREATED, Id: 2, Seq: 2},
			{Kind: segmentationv1.CustomerEvent_KIND_UPDATED, Id: 1, Seq: 4},
			{Kind: segmentationv1.CustomerEvent_KIND_MERGED, Id: 1, IntoId: 2, Seq: 5},
			{Kind: segmentationv1.CustomerEvent_KIND_UNMERGED, Id: 1, IntoId: 2, Seq: 6},
			{Kind: segmentationv1.CustomerEvent_KIND_ERASED, Id: 1, ErasureId: 1, Seq: 7},
		}
		got, at := watch(t, r, nil, len(want))
		times := protocmp.IgnoreFields(&segmentationv1.CustomerEvent{}, "committed_at")
		if diff := cmp.Diff(want, got, protocmp.Transform(), times); diff != "" {
			t.Errorf("events: %s", diff)
		}
		for _, e := range got {
			if !e.GetCommittedAt().AsTime().Equal(start) {
				t.Errorf("event %d was committed at %v", e.GetSeq(), e.GetCommittedAt().AsTime())
			}
		}
		// Going on behind the cursor tells what came later, once.
		numbered(t, r, 3)
		got, _ = watch(t, r, at, 1)
		if diff := cmp.Diff([]*segmentationv1.CustomerEvent{{Kind: segmentationv1.CustomerEvent_KIND_CREATED, Id: 3, Seq: 8}}, got, protocmp.Transform(), times); diff != "" {
			t.Errorf("behind the cursor: %s", diff)
		}
		stream, err := r.WatchCustomers(t.Context(), &segmentationv1.WatchCustomersRequest{Brand: brand, After: &commonv1.Cursor{Seq: 2, CommitId: 99}})
		if err == nil {
			_, err = stream.Recv()
		}
		if !fault.Is(err, commonv1.Reason_REASON_LOG_REPLACED) {
			t.Errorf("a cursor of another log: %v", err)
		}
	})
}
