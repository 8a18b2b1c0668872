package loyalty_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/loyalty"
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
		Brand: brand, Identities: []*commonv1.Identity{mail(address).GetIdentity()},
	})
	if err != nil || out.GetResults()[0].GetError() != nil {
		t.Fatal(err, out)
	}
	return out.GetResults()[0].GetId()
}

// until waits for something that follows from a neighbour's log.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// Members are named by identities, which are kept nowhere; who cannot be told now may be
// asked for again.
func TestIdentities(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near := newSegmentation(t, c.Now)
		r := newReplica(t, url, c.Now, loyalty.Neighbours{Segmentation: near})
		programme(t, r, club, nil)
		in := func() *loyaltyv1.EarnRequest {
			return &loyaltyv1.EarnRequest{Brand: brand, RequestId: "a", ProgrammeId: club, Customer: mail("Anna@example.com"), Points: 10}
		}
		first, err := r.Earn(t.Context(), in())
		if err != nil {
			t.Fatal(err)
		}
		who := numberOf(t, near, "anna@example.com")
		if first.GetMovement().GetCustomerId() != who {
			t.Errorf("earned by %d, want %d", first.GetMovement().GetCustomerId(), who)
		}
		has(t, r, who, 10, 0, 0, 0)
		if again, err := r.Earn(t.Context(), in()); err != nil || !again.GetReplayed() {
			t.Error(again, err)
		}
		other := in()
		other.Customer = mail("bob@example.com")
		_, err = r.Earn(t.Context(), other)
		refused(t, err, commonv1.Reason_REASON_KEY_REUSED)
		r.stop()

		alone := newReplica(t, url, c.Now, loyalty.Neighbours{})
		other.RequestId = "b"
		_, err = alone.Earn(t.Context(), other)
		refused(t, err, commonv1.Reason_REASON_UNAVAILABLE)
		if again, err := alone.Earn(t.Context(), in()); err != nil || !again.GetReplayed() {
			t.Error("repeated while nobody can tell:", again, err)
		}
		verify(t, alone)
	})
}

// What two numbers have is spent together once they are one person; lots stay with their
// owners, and an unmerge moves nothing.
func TestMergedMembers(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near := newSegmentation(t, c.Now)
		a, b := numberOf(t, near, "a@example.com"), numberOf(t, near, "b@example.com")
		r := newReplica(t, url, c.Now, loyalty.Neighbours{Segmentation: near})
		programme(t, r, club, &loyaltyv1.Lifetime{ExpireMonths: 12})
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "a", Customer: number(a), Points: 100, ExpiresAt: stamp(start.Add(9 * day))})
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "b", Customer: number(b), Points: 50, ExpiresAt: stamp(start.Add(5 * day))})
		if _, err := near.MergeCustomers(t.Context(), &segmentationv1.MergeCustomersRequest{Brand: brand, FromId: b, IntoId: a}); err != nil {
			t.Fatal(err)
		}
		available := func(who int64) int64 { return balance(t, r, who).GetBalance().GetAvailable() }
		until(t, "they are one", func() bool { return available(a) == 150 && available(b) == 150 })
		out, err := redeem(t, r, "c", a, 70, "o")
		if err != nil {
			t.Fatal(err)
		}
		if taken := out.GetMovement().GetTaken(); len(taken) != 2 || taken[0].GetCustomerId() != b || taken[0].GetPoints() != 50 {
			t.Errorf("taken from %v", taken)
		}
		if got := len(entries(t, r, b, 2)); got != 3 {
			t.Errorf("%d entries of both", got)
		}
		if _, err := near.UnmergeCustomers(t.Context(), &segmentationv1.UnmergeCustomersRequest{Brand: brand, FromId: b}); err != nil {
			t.Fatal(err)
		}
		until(t, "they are two", func() bool { return available(a) == 80 && available(b) == 0 })
		if got := len(entries(t, r, b, 2)); got != 2 {
			t.Errorf("%d entries that touched one", got)
		}
		// Taken together, given back apart: each to whose it was.
		if _, err := reverse(t, r, "d", a, "o", 0, 0); err != nil {
			t.Fatal(err)
		}
		has(t, r, a, 100, 0, 0, 0)
		has(t, r, b, 50, 0, 0, 0)
		verify(t, r)
	})
}

// Of an erased member what somebody typed is blanked, before and after; points stay.
func TestErase(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near := newSegmentation(t, c.Now)
		who := numberOf(t, near, "a@example.com")
		r := newReplica(t, url, c.Now, loyalty.Neighbours{Segmentation: near})
		programme(t, r, club, &loyaltyv1.Lifetime{ExpireMonths: 12})
		in := func(key string) *loyaltyv1.AdjustRequest {
			return &loyaltyv1.AdjustRequest{Brand: brand, RequestId: key, ProgrammeId: club, Customer: number(who), Points: 5, Reason: "for Anna"}
		}
		if _, err := r.Adjust(t.Context(), in("a")); err != nil {
			t.Fatal(err)
		}
		if _, err := near.EraseCustomer(t.Context(), &segmentationv1.EraseCustomerRequest{Brand: brand, Id: who}); err != nil {
			t.Fatal(err)
		}
		until(t, "it is blanked", func() bool { return entries(t, r, who, 10)[0].GetReason() == "" })
		if out, err := r.Adjust(t.Context(), in("a")); err != nil || !out.GetReplayed() {
			t.Error("repeated:", out, err)
		}
		if _, err := r.Adjust(t.Context(), in("b")); err != nil {
			t.Fatal(err)
		}
		for _, m := range entries(t, r, who, 10) {
			if m.GetReason() != "" {
				t.Errorf("still says %q", m.GetReason())
			}
		}
		has(t, r, who, 10, 0, 0, 0)
		verify(t, r)
	})
}
