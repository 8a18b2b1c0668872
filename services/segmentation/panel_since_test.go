package segmentation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// between is of how many persons a field is within bounds.
func between(t *testing.T, r *replica, field string, low, high float64) int64 {
	t.Helper()
	return queryPanel(t, r, &segmentationv1.QueryPanelRequest{Filters: []*segmentationv1.PanelFilter{
		boundsFilter(field, false, proto.Float64(low), proto.Float64(high))}}).GetChosen().GetPersons()
}

// Days since a visit and since an answer go on though nothing happens.
func TestPanelCountsDaysSince(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		a := newAsking(t, url, c)
		r := newReplicaBeside(t, url, "", c.Now, a.beside())
		numbered(t, r, 5)
		a.visit(1, start.AddDate(0, 0, -2))
		a.visit(2, start)
		a.submit(2, 9, start)
		a.submit(3, 1, start.AddDate(0, 0, -1))
		a.settled()
		for days := range 4 {
			d := float64(days)
			got := []int64{between(t, r, "visits.days_since_last", d+2, d+2), between(t, r, "visits.days_since_last", d, d),
				between(t, r, "answered_days.nps.network", d, d+1), between(t, r, "answered_days.nps.network", d+2, 100)}
			if diff := cmp.Diff([]int64{1, 1, 2, 0}, got); diff != "" {
				t.Errorf("after %d days: %s", days, diff)
			}
			c.Add(24 * time.Hour)
		}
	})
}

// A run of RFM changes everybody's place, a merge that of one person.
func TestPanelFollowsRfm(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		numbered(t, r, 12)
		places := func() (counts map[float64]int64) {
			t.Helper()
			counts = map[float64]int64{}
			d := queryPanel(t, r, &segmentationv1.QueryPanelRequest{Distributions: []*segmentationv1.DistributionQuery{{Field: "rfm.recency"}}}).
				GetChosen().GetDistributions()[0]
			for _, b := range d.GetBuckets() {
				counts[b.GetLow()] = b.GetPersons()
			}
			counts[0] = d.GetUnknown()
			return counts
		}
		run := func() {
			t.Helper()
			if _, err := r.ComputeRfm(t.Context(), &segmentationv1.ComputeRfmRequest{Brand: brand, Day: "2026-03-02"}); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(map[float64]int64{0: 12}, places()); diff != "" {
			t.Errorf("before a run: %s", diff)
		}
		for i := range int64(10) {
			buy(t, j, fmt.Sprint(i), i+1, start.AddDate(0, 0, -int(i)))
			purchasesOnce(t, r, i+1, 1)
		}
		run()
		if diff := cmp.Diff(map[float64]int64{0: 2, 1: 2, 2: 2, 3: 2, 4: 2, 5: 2}, places()); diff != "" {
			t.Errorf("after a run: %s", diff)
		}
		if _, err := merge(t, r, 1, 10); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[float64]int64{0: 2, 1: 2, 2: 2, 3: 2, 4: 2, 5: 1}, places()); diff != "" {
			t.Errorf("merged: %s", diff)
		}
		buy(t, j, "more", 12, start)
		purchasesOnce(t, r, 12, 1)
		run()
		if diff := cmp.Diff(int64(1), places()[0]); diff != "" {
			t.Errorf("after another run: %s", diff)
		}
	})
}
