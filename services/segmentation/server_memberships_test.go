package segmentation_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// A run of RFM moves everybody whom its cells or rules over its scores concern.
func TestSegmentsFollowRfm(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		w := newWatcher(t, url, c)
		numbered(t, r, 6)
		createSegment(t, r, &segmentationv1.Segment{Id: "cells", Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Rfm{
			Rfm: &segmentationv1.RfmCells{Recency: []int32{5}}}}})
		createSegment(t, r, expression("low", "has(rfm.recency) && rfm.recency <= 2"))
		for id := int64(1); id <= 5; id++ {
			buy(t, j, fmt.Sprint(id), id, start.AddDate(0, 0, -int(id)))
			purchasesOnce(t, r, id, 1)
		}
		same := func(id string, want ...int64) {
			t.Helper()
			w.settled(t)
			if diff := cmp.Diff(want, bitmapOf(t, r, id)); diff != "" {
				t.Errorf("%s: %s", id, diff)
			}
		}
		same("cells")
		if _, err := r.ComputeRfm(t.Context(), &segmentationv1.ComputeRfmRequest{Brand: brand}); err != nil {
			t.Fatal(err)
		}
		same("cells", 1)
		same("low", 4, 5)
		buy(t, j, "again", 5, start)
		purchasesOnce(t, r, 5, 2)
		same("cells", 1)
		if _, err := r.ComputeRfm(t.Context(), &segmentationv1.ComputeRfmRequest{Brand: brand}); err != nil {
			t.Fatal(err)
		}
		same("cells", 5)
		same("low", 3, 4)
		audit(t, url, "")
	})
}

// A set that the caller has is not sent again, and one that changed is.
func TestBitmapIsSentWhenItChanged(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		w := newWatcher(t, url, c)
		numbered(t, r, 3)
		createSegment(t, r, expression("ones", "customer.numbers == 1"))
		ask := func(known int64) *segmentationv1.GetSegmentBitmapResponse {
			t.Helper()
			out, err := r.GetSegmentBitmap(t.Context(), &segmentationv1.GetSegmentBitmapRequest{Brand: brand, SegmentId: "ones", KnownSeq: known})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		first := ask(0)
		if again := ask(first.GetSeq()); !again.GetUnchanged() || len(again.GetBitmap()) > 0 || again.GetSeq() != first.GetSeq() {
			t.Errorf("asked again: %v", again)
		}
		if _, err := merge(t, r, 1, 2); err != nil {
			t.Fatal(err)
		}
		w.settled(t)
		moved := ask(first.GetSeq())
		if moved.GetUnchanged() || moved.GetSeq() <= first.GetSeq() || len(moved.GetBitmap()) == 0 {
			t.Errorf("changed: %v", moved)
		}
		if diff := cmp.Diff([]int64{3}, bitmapOf(t, r, "ones")); diff != "" {
			t.Error(diff)
		}
		if _, err := r.ArchiveSegment(t.Context(), &segmentationv1.ArchiveSegmentRequest{Brand: brand, SegmentId: "ones"}); err != nil {
			t.Fatal(err)
		}
		if gone := ask(moved.GetSeq()); gone.GetUnchanged() {
			t.Errorf("archived: %v", gone)
		}
	})
}

// What would be in a segment is told, and nothing is kept of it.
func TestPreviewSegment(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		numbered(t, r, 5)
		if _, err := merge(t, r, 1, 2); err != nil {
			t.Fatal(err)
		}
		out, err := r.PreviewSegment(t.Context(), &segmentationv1.PreviewSegmentRequest{Brand: brand, Rule: expression("", "customer.numbers == 1").GetRule(), Sample: 2})
		if err != nil {
			t.Fatal(err)
		}
		if out.GetMembers() != 3 || out.GetPersons() != 4 {
			t.Errorf("%v", out)
		}
		if diff := cmp.Diff([]int64{3, 4}, out.GetSampleIds()); diff != "" {
			t.Error(diff)
		}
		all, err := r.ListSegments(t.Context(), &segmentationv1.ListSegmentsRequest{Brand: brand})
		if err != nil || len(all.GetSegments()) > 0 {
			t.Errorf("%v, %v", all, err)
		}
	})
}
