package loyalty_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// start is where the tests' clock begins: a Monday noon in Moscow.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// clock is the tests' time; it moves only when told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// replica is one server on a database, behind the same steps as in production.
type replica struct {
	loyaltyv1.LoyaltyServiceClient
	server *loyalty.Server
	stop   func()
}

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	quiet  = slog.New(slog.DiscardHandler)
)

const (
	brand = "demo"
	club  = "club"
)

// newReplica serves the database at url. What is due is posted when asked for.
func newReplica(t testing.TB, url string, now func() time.Time, near loyalty.Neighbours) *replica {
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
	db := sqldbtest.Open(t, url)
	s, err := loyalty.New(loyalty.Config{SweepEvery: -1}, brands, guard, db, nil, fold.Config{}, secret, near, now, quiet)
	must(err)
	must(s.Migrate(ctx))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	a, err := app.New(app.Config{MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	must(err)
	a.Bind(app.Service{Name: "loyalty", Register: func(r grpc.ServiceRegistrar) { loyaltyv1.RegisterLoyaltyServiceServer(r, s) }})
	must(a.Start(ctx))
	conn, err := a.Dial()
	must(err)
	stop := sync.OnceFunc(func() {
		err := errors.Join(conn.Close(), a.Stop())
		cancel()
		if err := errors.Join(err, <-stopped, s.Close(context.WithoutCancel(ctx))); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return &replica{LoyaltyServiceClient: loyaltyv1.NewLoyaltyServiceClient(conn), server: s, stop: stop}
}

// each runs a test on a fresh replica of each engine, with a programme whose points live
// for a year.
func each(t *testing.T, fn func(t *testing.T, r *replica, c *clock)) {
	t.Helper()
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, c.Now, loyalty.Neighbours{})
		programme(t, r, club, &loyaltyv1.Lifetime{ExpireMonths: 12})
		fn(t, r, c)
		verify(t, r)
	})
}

func programme(t testing.TB, r *replica, id string, life *loyaltyv1.Lifetime) {
	t.Helper()
	_, err := r.CreateProgramme(t.Context(), &loyaltyv1.CreateProgrammeRequest{
		Brand: brand, Programme: &loyaltyv1.Programme{Id: id, Lifetime: life},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// verify finds nothing wrong.
func verify(t testing.TB, r *replica) {
	t.Helper()
	_, err := r.server.Verify(t.Context(), brand, func(d floor.Drift) { t.Errorf("drift: %+v", d) })
	if err != nil {
		t.Error(err)
	}
}

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

func number(id int64) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
}

func mail(address string) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{
		Identity: &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: address},
	}}
}

// of is an order as a whole.
func of(order string) *loyaltyv1.Origin { return &loyaltyv1.Origin{OrderId: order} }

// earn gives points that must be given.
func earn(t testing.TB, r *replica, in *loyaltyv1.EarnRequest) *loyaltyv1.EarnResponse {
	t.Helper()
	in.Brand, in.ProgrammeId = brand, club
	out, err := r.Earn(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func earned(t testing.TB, r *replica, key string, who, points int64, order string) *loyaltyv1.EarnResponse {
	t.Helper()
	return earn(t, r, &loyaltyv1.EarnRequest{RequestId: key, Customer: number(who), Points: points, Origin: of(order)})
}

func redeem(t testing.TB, r *replica, key string, who, points int64, order string) (*loyaltyv1.RedeemResponse, error) {
	t.Helper()
	return r.Redeem(t.Context(), &loyaltyv1.RedeemRequest{
		Brand: brand, RequestId: key, ProgrammeId: club, Customer: number(who), Points: points, Origin: of(order),
	})
}

func reverse(t testing.TB, r *replica, key string, who int64, order string, keepEarned, keepSpent int64) (*loyaltyv1.ReverseResponse, error) {
	t.Helper()
	return r.Reverse(t.Context(), &loyaltyv1.ReverseRequest{
		Brand: brand, RequestId: key, ProgrammeId: club, Customer: number(who), Origin: of(order), KeepEarned: keepEarned, KeepSpent: keepSpent,
	})
}

func hold(t testing.TB, r *replica, key string, who, points int64, seconds int32) (*loyaltyv1.HoldResponse, error) {
	t.Helper()
	return r.Hold(t.Context(), &loyaltyv1.HoldRequest{
		Brand: brand, RequestId: key, ProgrammeId: club, Customer: number(who), Points: points, Origin: of("held"), Seconds: seconds,
	})
}

// balance is what somebody has now.
func balance(t testing.TB, r *replica, who int64) *loyaltyv1.GetBalanceResponse {
	t.Helper()
	out, err := r.GetBalance(t.Context(), &loyaltyv1.GetBalanceRequest{Brand: brand, ProgrammeId: club, Customer: number(who)})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// has tells what somebody must have: available, held, pending, owed.
func has(t testing.TB, r *replica, who, available, held, pending, owed int64) {
	t.Helper()
	b := balance(t, r, who).GetBalance()
	got := [4]int64{b.GetAvailable(), b.GetHeld(), b.GetPending(), b.GetOwed()}
	if want := [4]int64{available, held, pending, owed}; got != want {
		t.Errorf("customer %d has %v (available, held, pending, owed), want %v", who, got, want)
	}
}

func expire(t testing.TB, r *replica) *loyaltyv1.ExpireResponse {
	t.Helper()
	out, err := r.Expire(t.Context(), &loyaltyv1.ExpireRequest{Brand: brand, Limit: 10000})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// entries are all of somebody, newest first.
func entries(t testing.TB, r *replica, who int64, size int32) (all []*loyaltyv1.Movement) {
	t.Helper()
	in := &loyaltyv1.ListEntriesRequest{Brand: brand, CustomerId: who, PageSize: size}
	for {
		out, err := r.ListEntries(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, out.GetEntries()...)
		if in.PageToken = out.GetNextPageToken(); in.PageToken == "" {
			return all
		}
	}
}
