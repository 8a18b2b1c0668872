package suite

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// monday is where the clock of a world begins: noon in Moscow.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// clock is a world's time; it moves only when told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// world is a fleet within this process, with a clock of its own.
type world struct {
	*fleet
	clock *clock
}

// part is one service of a world.
type part interface {
	Migrate(context.Context) error
	Run(context.Context) error
	Close(context.Context) error
}

var secret = []byte("0123456789abcdef0123456789abcdef")

// onEach runs a test once per engine; url gives fresh databases of it.
func onEach(t *testing.T, fn func(t *testing.T, url func(testing.TB) string)) {
	t.Helper()
	// Most of the time they wait for feeds, so all do so together.
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); fn(t, sqldbtest.SQLite) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); fn(t, sqldbtest.Postgres) })
}

func newWorld(t *testing.T, url func(testing.TB) string) *world {
	t.Helper()
	w := &world{clock: &clock{now: monday}, fleet: &fleet{t: t, data: t.TempDir(), at: map[string]string{}, opened: map[string]*sqldb.DB{}}}
	for _, name := range names {
		w.at[name], w.opened[name] = freePort(t), sqldbtest.Open(t, url(t))
	}
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	guard, err := access.New(access.Config{}, brands, true)
	if err != nil {
		t.Fatal(err)
	}
	w.clients, err = reach(func(at string) (*grpc.ClientConn, error) {
		conn, err := plainDial(at, grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
		}
		return conn, err
	}, w.at)
	if err != nil {
		t.Fatal(err)
	}
	quiet, folding := slog.New(slog.DiscardHandler), fold.Config{SweepEvery: -1, AuditEvery: -1}
	seg, err := segmentation.New(segmentation.Config{}, brands, guard, w.opened["segmentation"], secret,
		segmentation.Neighbours{Survey: w.survey, Journey: w.journey}, w.clock.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	jou, err := journey.New(journey.Config{Lake: w.data, LakeMemory: 32 << 20}, brands, guard, w.opened["journey"], nil, folding, secret,
		journey.Neighbours{Segmentation: w.segmentation, Survey: w.survey}, w.clock.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	sur, err := survey.New(brands, guard, w.opened["survey"], nil, folding, secret,
		survey.Neighbours{Segmentation: w.segmentation, Journey: w.journey}, w.clock.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	w.serve("segmentation", guard, seg, func(r grpc.ServiceRegistrar) { segmentationv1.RegisterSegmentationServiceServer(r, seg) })
	w.serve("journey", guard, jou, func(r grpc.ServiceRegistrar) { journeyv1.RegisterJourneyServiceServer(r, jou) })
	w.serve("survey", guard, sur, func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, sur) })
	define(t, w.clients)
	return w
}

// serve runs one service until the test ends.
func (w *world) serve(name string, guard *access.Guard, s part, register func(grpc.ServiceRegistrar)) {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(app.Config{GRPC: w.at[name], MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	a.Bind(app.Service{Name: name, Register: register})
	if err := a.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-stopped, a.Stop(), s.Close(context.WithoutCancel(ctx))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// must fails unless a call went well.
func must[R any](t *testing.T) func(out R, err error) R {
	return func(out R, err error) R {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// record sends events that must be taken.
func (w *world) record(events ...*journeyv1.Event) {
	w.t.Helper()
	out := must[*journeyv1.RecordEventsResponse](w.t)(w.journey.RecordEvents(w.t.Context(), &journeyv1.RecordEventsRequest{Brand: brand, Events: events}))
	for i, r := range out.GetResults() {
		if r.GetError() != nil {
			w.t.Fatalf("event %s: %v", events[i].GetExternalId(), r.GetError())
		}
	}
}

// submit sends responses that must be taken.
func (w *world) submit(all ...*surveyv1.Response) {
	w.t.Helper()
	for _, r := range all {
		must[*surveyv1.SubmitResponseResponse](w.t)(w.survey.SubmitResponse(w.t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, Response: r}))
	}
}
