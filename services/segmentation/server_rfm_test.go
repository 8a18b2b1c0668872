package segmentation_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

func computeRfm(t *testing.T, r *replica, day, since string) *segmentationv1.RfmRun {
	t.Helper()
	out, err := r.ComputeRfm(t.Context(), &segmentationv1.ComputeRfmRequest{Brand: brand, Day: day, Since: since})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetRun()
}

func rfmOf(t *testing.T, r *replica, id, run int64) *segmentationv1.GetRfmResponse {
	t.Helper()
	out, err := r.GetRfm(t.Context(), &segmentationv1.GetRfmRequest{Brand: brand, CustomerId: id, RunId: run})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func gridOf(t *testing.T, r *replica, run int64) *segmentationv1.GetRfmGridResponse {
	t.Helper()
	out, err := r.GetRfmGrid(t.Context(), &segmentationv1.GetRfmGridRequest{Brand: brand, RunId: run})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A run looks at persons and days as asked, and stays what it was whatever is bought
// or merged later.
func TestRfm(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		near := segmentation.Neighbours{Journey: j}
		r := newReplicaBeside(t, url, "", c.Now, near)
		numbered(t, r, 6)
		for i, p := range []struct {
			customer int64
			ago      int
			minor    int64
		}{{1, 40, 100}, {1, 10, 200}, {2, 5, 700}, {3, 5, 300}, {4, 0, 50}} {
			record(t, j, fmt.Sprint(i), "purchase", p.customer, p.ago, p.minor)
		}
		record(t, j, "back", "return", 5, 1, 70)
		purchasesOnce(t, r, 5, 1)
		if _, err := merge(t, r, 3, 2); err != nil {
			t.Fatal(err)
		}
		run := computeRfm(t, r, "", "")
		want := &segmentationv1.RfmRun{Id: 1, Day: "2026-03-02", Persons: 3, RecencyCuts: []int64{0, 5, 5, 10},
			FrequencyCuts: []int64{1, 2, 2, 2}, MonetaryCuts: []int64{50, 300, 300, 1000}, ComputedAt: run.GetComputedAt()}
		if diff := cmp.Diff(want, run, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		first := rfmOf(t, r, 3, 0)
		score := &segmentationv1.RfmScore{Recency: 4, Frequency: 2, Monetary: 4, Days: 5, Purchases: 2, Spent: 1000}
		if diff := cmp.Diff(score, first.GetScore(), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		if got := rfmOf(t, r, 5, 0).GetScore(); got != nil {
			t.Errorf("who only brought goods back is scored: %v", got)
		}
		grid := gridOf(t, r, 1)
		// Later: an earlier day, some days alone, and other people.
		record(t, j, "later", "purchase", 4, 1, 10_000)
		purchasesOnce(t, r, 4, 2)
		if got := computeRfm(t, r, "2026-02-21", "2026-01-30"); got.GetId() != 2 || got.GetPersons() != 1 || got.GetMonetaryCuts()[3] != 200 || got.GetRecencyCuts()[0] != 1 {
			t.Errorf("got %v", got)
		}
		if _, err := unmerge(t, r, 3); err != nil {
			t.Fatal(err)
		}
		if _, err := merge(t, r, 2, 6); err != nil {
			t.Fatal(err)
		}
		r.stop()
		c.Add(1)
		r = newReplicaBeside(t, url, "", c.Now, near)
		if diff := cmp.Diff(first, rfmOf(t, r, 6, 1), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(grid, gridOf(t, r, 1), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		runs, err := r.ListRfmRuns(t.Context(), &segmentationv1.ListRfmRunsRequest{Brand: brand})
		if err != nil || len(runs.GetRuns()) != 2 || runs.GetRuns()[0].GetId() != 2 || !cmp.Equal(runs.GetRuns()[1], run, protocmp.Transform()) {
			t.Errorf("%v, %v", runs, err)
		}
		audit(t, url, "")
	})
}

// Whatever was bought: the cells sum to the persons, and equal values have equal
// scores.
func TestRfmGridSums(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		const customers = 30
		numbered(t, r, customers)
		dice, all := rand.New(rand.NewPCG(3, 3)), map[int64]int64{}
		for i := range 60 {
			id := 1 + dice.Int64N(customers-1)
			all[id]++
			record(t, j, fmt.Sprint(i), "purchase", id, dice.IntN(12), 100*dice.Int64N(4))
		}
		record(t, j, "last", "purchase", customers, 3, 0)
		purchasesOnce(t, r, customers, 1)
		run := computeRfm(t, r, "", "")
		persons, purchases := int64(0), int64(0)
		for _, cell := range gridOf(t, r, 0).GetCells() {
			persons += cell.GetPersons()
			purchases += cell.GetPurchases()
		}
		if persons != run.GetPersons() || persons != int64(len(all))+1 || purchases != 61 {
			t.Errorf("%d persons, %d purchases in cells of %v", persons, purchases, run)
		}
		recency, frequency, monetary := map[int64]int32{}, map[int64]int32{}, map[int64]int32{}
		for id := range all {
			s := rfmOf(t, r, id, 0).GetScore()
			for _, one := range []struct {
				seen  map[int64]int32
				value int64
				score int32
			}{{recency, s.GetDays(), s.GetRecency()}, {frequency, s.GetPurchases(), s.GetFrequency()}, {monetary, s.GetSpent(), s.GetMonetary()}} {
				if was, ok := one.seen[one.value]; ok && was != one.score || one.score < 1 || one.score > 5 {
					t.Errorf("%d scores %d and %d", one.value, was, one.score)
				}
				one.seen[one.value] = one.score
			}
		}
		audit(t, url, "")
	})
}

// Runs computed at once on two replicas have numbers without gaps, and both replicas
// tell of all of them.
func TestRfmRunsAtOnce(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near := segmentation.Neighbours{Journey: newJourney(t, c)}
		replicas := []*replica{newReplicaBeside(t, url, "", c.Now, near), newReplicaBeside(t, url, "", c.Now, near)}
		numbered(t, replicas[0], 1)
		record(t, near.Journey, "a", "purchase", 1, 1, 100)
		purchasesOnce(t, replicas[0], 1, 1)
		const n = 8
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				if _, err := replicas[i%2].ComputeRfm(t.Context(), &segmentationv1.ComputeRfmRequest{Brand: brand}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, r := range replicas {
			// The last run is waited for: asking for a number reads the log.
			rfmOf(t, r, 1, n)
			runs, err := r.ListRfmRuns(t.Context(), &segmentationv1.ListRfmRunsRequest{Brand: brand})
			if err != nil || len(runs.GetRuns()) != n {
				t.Fatalf("%v, %v", runs, err)
			}
			for i, run := range runs.GetRuns() {
				if run.GetId() != int64(n-i) {
					t.Errorf("run %d is number %d", i, run.GetId())
				}
			}
		}
		audit(t, url, "")
	})
}

func TestRfmRefuses(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		numbered(t, r, 1)
		compute := func(day, since string) error {
			_, err := r.ComputeRfm(t.Context(), &segmentationv1.ComputeRfmRequest{Brand: brand, Day: day, Since: since})
			return err
		}
		_, get := r.GetRfm(t.Context(), &segmentationv1.GetRfmRequest{Brand: brand, CustomerId: 1})
		_, grid := r.GetRfmGrid(t.Context(), &segmentationv1.GetRfmGridRequest{Brand: brand, RunId: 7})
		for _, c := range []struct {
			err  error
			want any
		}{
			{compute("", ""), commonv1.Reason_REASON_NO_PURCHASES},
			{compute("2026-02-31", ""), fault.ReasonInvalid},
			{compute("2026-02-01", "2026-02-02"), fault.ReasonInvalid},
			{get, commonv1.Reason_REASON_RFM_UNKNOWN},
			{grid, commonv1.Reason_REASON_RFM_UNKNOWN},
		} {
			if !fault.Is(fault.From(c.err), c.want) {
				t.Errorf("got %v, want %v", c.err, c.want)
			}
		}
	})
}
