package segmentation_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/segmentation"
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
	segmentationv1.SegmentationServiceClient
	server *segmentation.Server
	app    *app.App
	stop   func()
}

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	quiet  = slog.New(slog.DiscardHandler)
)

const brand = "shop"

// brandsText are a brand with every rule of identities, and a second one.
const brandsText = `brands:
  - {id: shop, zone: Europe/Moscow, currency: RUB, country: RU, locales: [ru],
     identities: {max_per_kind: 3, fold_plus: true, blocked: ["PHONE:+74951234567", "EMAIL:Info@Example.com"]},
     contact: {quiet: "21:00-09:00", quiet_modes: [CALL], consent: [marketing],
       limits: [{purpose: survey, days: 14, most: 1}, {days: 7, most: 3}]}}
  - {id: other, zone: Europe/Paris, currency: EUR, country: FR, locales: [fr]}
`

func brands(t testing.TB) *config.Brands {
	t.Helper()
	all, err := config.ParseBrands([]byte(brandsText))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// newReplica serves the database at url, with the keys in a file if it is named.
func newReplica(t testing.TB, url, keys string, now func() time.Time) *replica {
	t.Helper()
	return newReplicaBeside(t, url, keys, now, segmentation.Neighbours{})
}

// newReplicaBeside is newReplica with neighbours.
func newReplicaBeside(t testing.TB, url, keys string, now func() time.Time, neighbours segmentation.Neighbours) *replica {
	t.Helper()
	return newReplicaOf(t, url, keys, "", now, neighbours)
}

// newReplicaAt is newReplica on the network.
func newReplicaAt(t testing.TB, url, address string, now func() time.Time) *replica {
	t.Helper()
	return newReplicaOf(t, url, "", address, now, segmentation.Neighbours{})
}

func newReplicaOf(t testing.TB, url, keys, address string, now func() time.Time, neighbours segmentation.Neighbours) *replica {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	all := brands(t)
	guard, err := access.New(access.Config{}, all, true)
	must(err)
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(err)
	db := sqldbtest.Open(t, url)
	s, err := segmentation.New(segmentation.Config{KeyFile: config.SecretFile(keys)}, all, guard, db, secret, neighbours, now, quiet)
	must(err)
	must(s.Migrate(ctx))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	a, err := app.New(app.Config{GRPC: address, MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	must(err)
	a.Bind(app.Service{Name: "segmentation", Register: func(r grpc.ServiceRegistrar) {
		segmentationv1.RegisterSegmentationServiceServer(r, s)
	}})
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
	r := &replica{SegmentationServiceClient: segmentationv1.NewSegmentationServiceClient(conn), server: s, app: a, stop: stop}
	serve(url, r)
	return r
}

// each runs a test on a fresh replica of each engine.
func each(t *testing.T, fn func(t *testing.T, r *replica, c *clock)) {
	t.Helper()
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		fn(t, newReplica(t, url, "", c.Now), c)
	})
}

// audit counts everything stored anew and fails if anything differs.
func audit(t *testing.T, url, keys string) {
	t.Helper()
	for _, d := range drifts(t, url, keys) {
		t.Errorf("%s in %s: %s", d.Fold, d.Where, d.Reason)
	}
}

// upkeep opens the database as `rapport verify` does.
func upkeep(t *testing.T, url, keys string) *segmentation.Upkeep {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := segmentation.OpenUpkeep(t.Context(), floor.Config{DB: url, SecretFile: file},
		segmentation.Config{KeyFile: config.SecretFile(keys)}, brands(t), quiet)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func email(value string) *commonv1.Identity {
	return &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: value}
}

func phone(value string) *commonv1.Identity {
	return &commonv1.Identity{Kind: commonv1.Identity_KIND_PHONE, Value: value}
}

func card(value string) *commonv1.Identity {
	return &commonv1.Identity{Kind: commonv1.Identity_KIND_CARD, Value: value}
}

func external(namespace, value string) *commonv1.Identity {
	return &commonv1.Identity{Kind: commonv1.Identity_KIND_EXTERNAL, Namespace: namespace, Value: value}
}

// resolve asks for identities of the brand.
func resolve(t testing.TB, r *replica, ids ...*commonv1.Identity) []*segmentationv1.ResolvedCustomer {
	t.Helper()
	out, err := r.ResolveCustomers(t.Context(), &segmentationv1.ResolveCustomersRequest{Brand: brand, Identities: ids})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetResults()
}

// numbers are the numbers that were found.
func numbers(results []*segmentationv1.ResolvedCustomer) []int64 {
	ids := make([]int64, len(results))
	for i, r := range results {
		ids[i] = r.GetId()
	}
	return ids
}

// reasons are why identities were refused, "" for those that were not.
func reasons(results []*segmentationv1.ResolvedCustomer) []string {
	out := make([]string, len(results))
	for i, r := range results {
		if r.GetError() != nil {
			out[i] = fault.FromStatus(r.GetError()).Reason
		}
	}
	return out
}

// upsert sends one chunk.
func upsert(t testing.TB, r *replica, merging bool, all ...*segmentationv1.Customer) *segmentationv1.UpsertCustomersResponse {
	t.Helper()
	in := &segmentationv1.UpsertCustomersRequest{Brand: brand, MergeConflicts: merging}
	for i, c := range all {
		in.Rows = append(in.Rows, &segmentationv1.CustomerRow{Line: int64(i + 1), Customer: proto.CloneOf(c)})
	}
	stream, err := r.UpsertCustomers(t.Context())
	if err == nil {
		err = stream.Send(in)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := stream.Recv()
	if err == nil {
		err = stream.CloseSend()
	}
	if err == nil {
		if _, end := stream.Recv(); end != io.EOF {
			err = end
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func get(t testing.TB, r *replica, id int64) *segmentationv1.Customer {
	t.Helper()
	out, err := r.GetCustomer(t.Context(), &segmentationv1.GetCustomerRequest{Brand: brand, Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetCustomer()
}
