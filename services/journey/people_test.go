package journey_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// newSegmentation serves the real neighbour on a database of its own.
func newSegmentation(t testing.TB, now func() time.Time) segmentationv1.SegmentationServiceClient {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	brands, err := config.LoadBrands("")
	must(err)
	guard, err := access.New(access.Config{}, brands, true)
	must(err)
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(err)
	db := sqldbtest.Open(t, sqldbtest.SQLite(t))
	s, err := segmentation.New(segmentation.Config{}, brands, guard, db, secret, segmentation.Neighbours{}, now, quiet)
	must(err)
	must(s.Migrate(ctx))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	a, err := app.New(app.Config{MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	must(err)
	a.Bind(app.Service{Name: "segmentation", Register: func(r grpc.ServiceRegistrar) {
		segmentationv1.RegisterSegmentationServiceServer(r, s)
	}})
	must(a.Start(ctx))
	conn, err := a.Dial()
	must(err)
	t.Cleanup(sync.OnceFunc(func() {
		err := errors.Join(conn.Close(), a.Stop())
		cancel()
		if err := errors.Join(err, <-stopped, s.Close(context.WithoutCancel(ctx))); err != nil {
			t.Error(err)
		}
	}))
	return segmentationv1.NewSegmentationServiceClient(conn)
}

// numberOf is the number that Segmentation gives an address.
func numberOf(t testing.TB, c segmentationv1.SegmentationServiceClient, address string) int64 {
	t.Helper()
	out, err := c.ResolveCustomers(t.Context(), &segmentationv1.ResolveCustomersRequest{
		Brand: brand, Identities: []*commonv1.Identity{byMail(address).Customer.GetIdentity()},
	})
	if err != nil || out.GetResults()[0].GetError() != nil {
		t.Fatal(err, out)
	}
	return out.GetResults()[0].GetId()
}

func TestIdentityIsResolvedLater(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		alone := newReplica(t, url, c.Now, journey.Neighbours{})
		e := ofOrder("o1", "order.placed", time.Hour)
		e.Actor = byMail("anna@example.com")
		other := happened("2", "visit", 2*time.Hour)
		other.Actor = byMail("anna@example.com")
		ids := put(t, alone, e, other)
		if again := try(t, alone, e); !again[0].GetReplayed() {
			t.Errorf("repeated while away: %v", again)
		}
		verify(t, alone)
		alone.stop()
		c.Add(time.Minute) // its leases run out

		near := newSegmentation(t, c.Now)
		r := newReplica(t, url, c.Now, journey.Neighbours{Segmentation: near})
		w := watch(t, r)
		w.until(t, func() bool { return len(w.resolved) == 2 && w.outcomes["o1"].GetCustomerId() != 0 })
		who := numberOf(t, near, "anna@example.com")
		for _, id := range ids {
			if got := w.resolved[id].GetCustomer().GetId(); got != who {
				t.Errorf("event %s is of %d, want %d", id, got, who)
			}
		}
		all := line(t, r, &journeyv1.ListJourneyRequest{CustomerId: who})
		if names(all) != "o1order.placed 2 " || all[0].GetId() != ids[0] {
			t.Errorf("listed %s", names(all))
		}
		if again := try(t, r, e); !again[0].GetReplayed() || again[0].GetId() != ids[0] {
			t.Errorf("repeated when known: %v", again)
		}
		verify(t, r)
	})
}

func TestIdentityIsResolvedAtOnce(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near := newSegmentation(t, c.Now)
		who := numberOf(t, near, "anna@example.com")
		r := newReplica(t, url, c.Now, journey.Neighbours{Segmentation: near})
		e := happened("1", "visit", time.Hour)
		e.Actor = byMail("Anna@example.com ")
		w := watch(t, r)
		put(t, r, e)
		// On a machine that is too busy for 20 ms it is resolved a little later.
		w.until(t, func() bool { return len(line(t, r, &journeyv1.ListJourneyRequest{CustomerId: who})) == 1 })
	})
}

func TestMergeUnmerge(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near := newSegmentation(t, c.Now)
		a, b := numberOf(t, near, "a@example.com"), numberOf(t, near, "b@example.com")
		r := newReplica(t, url, c.Now, journey.Neighbours{Segmentation: near})
		w := watch(t, r)
		for i, e := range []*journeyv1.Event{happened("1", "visit", 40*time.Hour), happened("2", "visit", 3*time.Hour), happened("3", "visit", 2*time.Hour)} {
			e.Actor = byNumber([]int64{a, b, a}[i])
			put(t, r, e)
		}
		list := func(who int64) string {
			return names(line(t, r, &journeyv1.ListJourneyRequest{CustomerId: who, PageSize: 1}))
		}
		if _, err := near.MergeCustomers(t.Context(), &segmentationv1.MergeCustomersRequest{Brand: brand, FromId: b, IntoId: a}); err != nil {
			t.Fatal(err)
		}
		w.until(t, func() bool { return list(a) == "3 2 1 " && list(b) == "3 2 1 " })
		late := happened("4", "visit", 30*time.Hour)
		late.Actor = byNumber(b)
		put(t, r, late)
		if got := list(a); got != "3 2 4 1 " {
			t.Errorf("with a late one: %s", got)
		}
		if _, err := near.UnmergeCustomers(t.Context(), &segmentationv1.UnmergeCustomersRequest{Brand: brand, FromId: b}); err != nil {
			t.Fatal(err)
		}
		w.until(t, func() bool { return list(a) == "3 1 " && list(b) == "2 4 " })
	})
}

func TestErase(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near := newSegmentation(t, c.Now)
		who := numberOf(t, near, "a@example.com")
		r := newReplica(t, url, c.Now, journey.Neighbours{Segmentation: near})
		mine, others := happened("1", "visit", time.Hour), happened("2", "visit", time.Hour)
		mine.Actor, mine.Properties = byNumber(who), map[string]string{"note": "allergic"}
		others.Actor, others.Properties = byNumber(who+1), map[string]string{"note": "tall"}
		put(t, r, mine, others)
		w := watch(t, r)
		erased, err := near.EraseCustomer(t.Context(), &segmentationv1.EraseCustomerRequest{Brand: brand, Id: who})
		if err != nil {
			t.Fatal(err)
		}
		w.until(t, func() bool {
			all := line(t, r, &journeyv1.ListJourneyRequest{CustomerId: who})
			return len(all) == 1 && len(all[0].GetProperties()) == 0
		})
		if all := line(t, r, &journeyv1.ListJourneyRequest{CustomerId: who + 1}); len(all[0].GetProperties()) != 1 {
			t.Error("another customer's event was blanked")
		}
		if again := try(t, r, mine); !again[0].GetReplayed() {
			t.Errorf("repeated: %v", again)
		}
		late := happened("3", "visit", time.Minute)
		late.Actor, late.Properties = byNumber(who), map[string]string{"note": "late"}
		put(t, r, late)
		if all := line(t, r, &journeyv1.ListJourneyRequest{CustomerId: who}); len(all) != 2 || len(all[0].GetProperties()) != 0 {
			t.Errorf("a late event kept what is personal: %v", all)
		}
		for {
			got, err := near.GetErasure(t.Context(), &segmentationv1.GetErasureRequest{Brand: brand, Id: erased.GetErasure().GetId()})
			if err != nil {
				t.Fatal(err)
			}
			if reported(got.GetErasure()) {
				break
			}
		}
		verify(t, r)
	})
}

// reported tells whether Journey has done its part.
func reported(e *segmentationv1.Erasure) bool {
	for _, p := range e.GetParts() {
		if p.GetService() == "journey" && p.GetCompletedAt() != nil {
			return p.GetRecords() == 1
		}
	}
	return false
}
