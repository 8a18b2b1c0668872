package segmentation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// rolledTo waits until a segment says that it was rolled to a day, and returns what it
// said then: not before all of that day has had its effect.
func rolledTo(t *testing.T, r *replica, ofBrand, id, day string) *segmentationv1.GetSegmentResponse {
	t.Helper()
	late, look := time.After(time.Minute), time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		out, err := r.GetSegment(t.Context(), &segmentationv1.GetSegmentRequest{Brand: ofBrand, SegmentId: id})
		if err != nil {
			t.Fatal(err)
		}
		switch got := out.GetRolledTo(); {
		case got == day:
			return out
		case got > day:
			t.Fatalf("rolled to %s, and it is %s", got, day)
		}
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("rolled to %s and not %s", out.GetRolledTo(), day)
		}
	}
}

// Nobody is up over several midnights, and then two replicas are: whoever left a window
// on any of those days has left it, and what was bought meanwhile counts.
func TestMidnightsWhileDown(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		w := newWatcher(t, url, c)
		numbered(t, r, 40)
		createSegment(t, r, expression("lately", "purchases.count_7d > 0"))
		createSegment(t, r, expression("not", "!(purchases.count_7d > 0)"))
		createSegment(t, r, algebra("none", segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION, "lately", "not"))
		for id := range int64(30) {
			buy(t, j, fmt.Sprint(id), id+1, start.AddDate(0, 0, -int(id%7)))
		}
		purchasesOnce(t, r, 30, 1)
		w.settled(t)
		r.stop()
		c.Add(4 * 24 * time.Hour)
		// Two buy on days that are past and one today, before anybody is up again.
		buy(t, j, "late", 31, start.AddDate(0, 0, 1))
		buy(t, j, "later", 32, start.AddDate(0, 0, -5))
		buy(t, j, "today", 33, c.Now())
		one := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		two := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		c.Add(time.Minute)
		purchasesOnce(t, one, 33, 1)
		w.settled(t)
		var want []int64
		for id := range int64(30) {
			if id%7 < 3 { // bought on the day of start or up to two days before
				want = append(want, id+1)
			}
		}
		want = append(want, 31, 33)
		for _, r := range []*replica{one, two} {
			got := rolledTo(t, r, brand, "lately", "2026-03-06")
			if diff := cmp.Diff(want, bitmapOf(t, r, "lately")); diff != "" || got.GetSegment().GetMembers() != int64(len(want)) {
				t.Error(got, diff)
			}
			if n := len(bitmapOf(t, r, "not")); n != 40-len(want) || len(bitmapOf(t, r, "none")) != 0 {
				t.Errorf("%d are in the opposite", n)
			}
		}
		audit(t, url, "")
	})
}

// A segment says that it was rolled to a day when it was, also while facts about days
// past come in the middle of it.
func TestRolledToIsHonest(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		w := newWatcher(t, url, c)
		const n = 200
		numbered(t, r, n)
		createSegment(t, r, expression("lately", "purchases.count_30d > 0"))
		for id := range int64(n) {
			buy(t, j, fmt.Sprint(id), id+1, start)
		}
		purchasesOnce(t, r, n, 1)
		w.settled(t)
		c.Add(31 * 24 * time.Hour)
		for id := range int64(20) {
			// Some of them long ago, some in the window.
			buy(t, j, fmt.Sprint("past", id), 10*id+1, c.Now().AddDate(0, 0, -int(id)-20))
			if id%3 == 0 {
				_, _ = merge(t, r, 10*id+2, 10*id+1)
			}
		}
		got := rolledTo(t, r, brand, "lately", "2026-04-02").GetSegment().GetMembers()
		if got > 10 {
			t.Errorf("rolled, and %d are still there", got)
		}
		for id := range int64(20) {
			if id%3 == 0 {
				_, _ = unmerge(t, r, 10*id+2)
			}
		}
		purchasesOnce(t, r, 191, 2)
		w.settled(t)
		var want []int64
		for id := range int64(10) {
			want = append(want, 10*id+1)
		}
		if diff := cmp.Diff(want, bitmapOf(t, r, "lately")); diff != "" {
			t.Error(diff)
		}
		audit(t, url, "")
	})
}

// The days of a brand are those of its zone, also the one that has 23 hours: a window of
// 7 days lets a purchase go at the seventh midnight after it, not 168 hours later.
func TestMidnightWhenClocksChange(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		const paris = "other"
		// A quarter to midnight in Paris, a week before clocks go forward there.
		c := &clock{now: time.Date(2026, 3, 23, 22, 45, 0, 0, time.UTC)}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		if _, err := r.ResolveCustomers(t.Context(), &segmentationv1.ResolveCustomersRequest{Brand: paris, Identities: []*commonv1.Identity{card("1")}}); err != nil {
			t.Fatal(err)
		}
		out, err := j.RecordEvents(t.Context(), &journeyv1.RecordEventsRequest{Brand: paris, Events: []*journeyv1.Event{{
			Source: "till", ExternalId: "1", Kind: "purchase", OccurredAt: timestamppb.New(c.Now()),
			Amount: &commonv1.Money{Currency: "EUR", MinorUnits: 1}, Actor: &journeyv1.Event_Customer{Customer: byNumber(1)},
		}}})
		if err != nil || out.GetResults()[0].GetError() != nil {
			t.Fatal(out, err)
		}
		rule := expression("week", "purchases.count_7d > 0")
		if _, err := r.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: paris, Segment: rule}); err != nil {
			t.Fatal(err)
		}
		stream, err := r.WatchMemberships(t.Context(), &segmentationv1.WatchMembershipsRequest{Brand: paris})
		for entered := false; err == nil && !entered; {
			var got *segmentationv1.WatchMembershipsResponse
			got, err = stream.Recv()
			for _, change := range got.GetChanges() {
				entered = entered || len(change.GetEntered()) > 0
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		members := func(day string) int64 { return rolledTo(t, r, paris, "week", day).GetSegment().GetMembers() }
		// 21:30 UTC is half past eleven at night in summer: the last day of the window.
		c.Add(time.Date(2026, 3, 29, 21, 30, 0, 0, time.UTC).Sub(c.Now()))
		if n := members("2026-03-29"); n != 1 {
			t.Errorf("%d on the last day of the window", n)
		}
		// Half an hour past midnight in Paris, less than 7 times 24 hours after the purchase.
		c.Add(time.Hour)
		if n := members("2026-03-30"); n != 0 {
			t.Errorf("%d on the day after", n)
		}
	})
}
