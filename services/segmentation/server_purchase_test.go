package segmentation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

func rub(minor int64) *commonv1.Money { return &commonv1.Money{Currency: "RUB", MinorUnits: minor} }

// record tells Journey of purchases and returns of a customer, days before start.
func record(t *testing.T, j journeyv1.JourneyServiceClient, key, kind string, customer int64, daysAgo int, minor int64) {
	t.Helper()
	out, err := j.RecordEvents(t.Context(), &journeyv1.RecordEventsRequest{Brand: brand, Events: []*journeyv1.Event{{
		Source: "till", ExternalId: key, Kind: kind, OccurredAt: timestamppb.New(start.AddDate(0, 0, -daysAgo)), Amount: rub(minor),
		Actor: &journeyv1.Event_Customer{Customer: byNumber(customer)},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if e := out.GetResults()[0].GetError(); e != nil {
		t.Fatal(e)
	}
}

// purchasesOnce waits until a customer's facts have n purchases and returns: what
// is taken over from Journey moves the cursor of those who watch customers.
func purchasesOnce(t *testing.T, r *replica, id, n int64) *segmentationv1.PurchaseFacts {
	t.Helper()
	stream, err := r.WatchCustomers(t.Context(), &segmentationv1.WatchCustomersRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	for {
		p := get(t, r, id).GetPurchases()
		if p.GetPurchases()+p.GetReturns() == n {
			p.AsOf = nil
			return p
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatalf("waiting for %d purchases of %d, got %v: %v", n, id, p, err)
		}
	}
}

// The facts of a person are those of its numbers, whatever was merged or unmerged
// before they came; and they say what Journey's own server told.
func TestPurchasesFollowJourney(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		r := newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Journey: j})
		numbered(t, r, 3)
		record(t, j, "a", "purchase", 1, 10, 500)
		record(t, j, "b", "purchase.online", 2, 3, 700)
		record(t, j, "c", "return", 1, 2, 100)
		record(t, j, "d", "visit", 1, 1, 0)
		one := &segmentationv1.PurchaseFacts{FirstDay: "2026-02-20", LastDay: "2026-02-20", Purchases: 1, Returns: 1, Spent: rub(500), Returned: rub(100)}
		if diff := cmp.Diff(one, purchasesOnce(t, r, 1, 2), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		if _, err := merge(t, r, 1, 2); err != nil {
			t.Fatal(err)
		}
		record(t, j, "e", "purchase", 1, 20, 1)
		both := &segmentationv1.PurchaseFacts{FirstDay: "2026-02-10", LastDay: "2026-02-27", Purchases: 3, Returns: 1, Spent: rub(1201), Returned: rub(100)}
		if diff := cmp.Diff(both, purchasesOnce(t, r, 2, 4), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		if _, err := unmerge(t, r, 1); err != nil {
			t.Fatal(err)
		}
		one.FirstDay, one.Purchases, one.Spent = "2026-02-10", 2, rub(501)
		if diff := cmp.Diff(one, purchasesOnce(t, r, 1, 3), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		nothing := &segmentationv1.PurchaseFacts{Spent: rub(0), Returned: rub(0)}
		if diff := cmp.Diff(nothing, purchasesOnce(t, r, 3, 0), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		audit(t, url, "")
	})
}

// Two replicas and one that begins later count every purchase once.
func TestPurchasesCountOnceAcrossReplicas(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		j := newJourney(t, c)
		near := segmentation.Neighbours{Journey: j}
		one, two := newReplicaBeside(t, url, "", c.Now, near), newReplicaBeside(t, url, "", c.Now, near)
		numbered(t, one, 2)
		const n = 40
		for i := range n {
			if i == n/2 {
				one.stop()
				two.stop()
				// The lease of whoever was at work ends in the tests' time.
				c.Add(time.Minute)
				one = newReplicaBeside(t, url, "", c.Now, near)
			}
			record(t, j, fmt.Sprint(i), "purchase", 1, i, 10)
		}
		if p := purchasesOnce(t, one, 1, n); p.GetSpent().GetMinorUnits() != 10*n {
			t.Errorf("got %v", p)
		}
		audit(t, url, "")
	})
}
