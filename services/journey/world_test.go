package journey_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/journey"
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
	journeyv1.JourneyServiceClient
	server *journey.Server
	stop   func()
}

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	quiet  = slog.New(slog.DiscardHandler)
)

const brand = "demo"

// newReplica serves the database at url.
func newReplica(t testing.TB, url string, now func() time.Time, near journey.Neighbours) *replica {
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
	s, err := journey.New(journey.Config{Lake: t.TempDir(), LakeMemory: 64 << 20}, brands, guard, db, nil,
		fold.Config{SweepEvery: -1, AuditEvery: -1}, secret, near, now, quiet)
	must(err)
	must(s.Migrate(ctx))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	a, err := app.New(app.Config{MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	must(err)
	a.Bind(app.Service{Name: "journey", Register: func(r grpc.ServiceRegistrar) { journeyv1.RegisterJourneyServiceServer(r, s) }})
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
	return &replica{JourneyServiceClient: journeyv1.NewJourneyServiceClient(conn), server: s, stop: stop}
}

// each runs a test on a fresh replica of each engine.
func each(t *testing.T, fn func(t *testing.T, r *replica, c *clock)) {
	t.Helper()
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		fn(t, newReplica(t, url, c.Now, journey.Neighbours{}), c)
	})
}

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

func store(id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: id}
}

func byNumber(id int64) *journeyv1.Event_Customer {
	return &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}}
}

func byMail(address string) *journeyv1.Event_Customer {
	return &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{
		Identity: &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: address},
	}}}
}

// happened is a good event of customer 7, so long before start.
func happened(id, kind string, before time.Duration) *journeyv1.Event {
	return &journeyv1.Event{
		Source: "till", ExternalId: id, Kind: kind, Actor: byNumber(7),
		Channel: commonv1.Channel_CHANNEL_STORE, Subjects: []*commonv1.SubjectRef{store("s1")},
		OccurredAt: stamp(start.Add(-before)),
	}
}

// try sends events and returns their results.
func try(t testing.TB, c journeyv1.JourneyServiceClient, events ...*journeyv1.Event) []*journeyv1.RecordedEvent {
	t.Helper()
	out, err := c.RecordEvents(t.Context(), &journeyv1.RecordEventsRequest{Brand: brand, Events: events})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.GetResults()) != len(events) {
		t.Fatalf("%d results for %d events", len(out.GetResults()), len(events))
	}
	return out.GetResults()
}

// put sends events that must be taken and returns their ids.
func put(t testing.TB, c journeyv1.JourneyServiceClient, events ...*journeyv1.Event) []string {
	t.Helper()
	var ids []string
	for i, r := range try(t, c, events...) {
		if r.GetError() != nil {
			t.Fatalf("event %d: %v", i, r.GetError())
		}
		ids = append(ids, r.GetId())
	}
	return ids
}

// line lists all events of a customer, by pages of a size.
func line(t testing.TB, c journeyv1.JourneyServiceClient, in *journeyv1.ListJourneyRequest) []*journeyv1.Event {
	t.Helper()
	in = proto.CloneOf(in)
	in.Brand = brand
	var all []*journeyv1.Event
	for {
		out, err := c.ListJourney(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if in.GetPageSize() > 0 && len(out.GetEvents()) > int(in.GetPageSize()) {
			t.Fatalf("%d events on a page of %d", len(out.GetEvents()), in.GetPageSize())
		}
		all = append(all, out.GetEvents()...)
		if out.GetNextPageToken() == "" {
			return all
		}
		in.PageToken = out.GetNextPageToken()
	}
}

// names are the external ids of events, in order.
func names(events []*journeyv1.Event) string {
	out := ""
	for _, e := range events {
		out += fmt.Sprint(e.GetExternalId(), " ")
	}
	return out
}
