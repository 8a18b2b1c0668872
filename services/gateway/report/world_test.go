package report_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/gateway/report"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/loyalty"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// world is the real services, each behind a listener of its own, and the gateway's
// ReportService in front of them.
type world struct {
	t       testing.TB
	ctx     context.Context
	brands  *config.Brands
	guard   *access.Guard
	now     time.Time
	served  map[string]*served
	dials   *app.App // of whose ways of connecting all use
	reports reportv1.ReportServiceClient

	survey       surveyv1.SurveyServiceClient
	segmentation segmentationv1.SegmentationServiceClient
	journey      journeyv1.JourneyServiceClient
	loyalty      loyaltyv1.LoyaltyServiceClient
}

// served is one service, which can be taken away and brought back.
type served struct {
	w        *world
	at, name string
	register func(grpc.ServiceRegistrar)
	app      *app.App
	fault    trouble
}

// running is a service while it runs.
type running interface {
	Migrate(context.Context) error
	Run(context.Context) error
	Close(context.Context) error
}

var (
	quiet  = slog.New(slog.DiscardHandler)
	secret = []byte("0123456789abcdef0123456789abcdef")
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newWorld starts one at a moment. Reports are asked for through the steps of a
// process, as they are when served.
func newWorld(t testing.TB, now time.Time, cfg report.Config) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), now: now, served: map[string]*served{}}
	var err error
	w.brands, err = config.LoadBrands("")
	must(t, err)
	w.guard, err = access.New(access.Config{}, w.brands, true)
	must(t, err)
	w.dials = w.process("")
	way := w.place("survey")
	from := report.Services{Survey: surveyv1.NewSurveyServiceClient(way)}
	w.survey = surveyv1.NewSurveyServiceClient(way.patient)
	way = w.place("segmentation")
	from.Segmentation = segmentationv1.NewSegmentationServiceClient(way)
	w.segmentation = segmentationv1.NewSegmentationServiceClient(way.patient)
	way = w.place("journey")
	from.Journey = journeyv1.NewJourneyServiceClient(way)
	w.journey = journeyv1.NewJourneyServiceClient(way.patient)
	way = w.place("loyalty")
	from.Loyalty = loyaltyv1.NewLoyaltyServiceClient(way)
	w.loyalty = loyaltyv1.NewLoyaltyServiceClient(way.patient)
	w.keep()
	cfg.Brands, cfg.Guard, cfg.Clock, cfg.Log = w.brands, w.guard, w.clock, quiet
	settings := report.NewStore(w.open("gateway"), w.clock)
	must(t, settings.Migrate(w.ctx))
	reports := report.New(cfg, from, settings)
	w.dials.Bind(app.Service{Name: "gateway", Register: func(r grpc.ServiceRegistrar) { reportv1.RegisterReportServiceServer(r, reports) }})
	must(t, w.dials.Start(w.ctx))
	own, err := w.dials.Dial()
	must(t, err)
	t.Cleanup(func() { must(t, errors.Join(own.Close(), w.dials.Stop(), reports.Close())) })
	w.reports = reportv1.NewReportServiceClient(own)
	return w
}

func (w *world) clock() time.Time { return w.now }

// place is where a service will be, and the ways to it: the gateway's own, and one that
// waits for the service, for tests and neighbours.
func (w *world) place(name string) between {
	s := &served{w: w, name: name, at: freePort(w.t)}
	w.served[name] = s
	conn, err := w.dials.DialService(s.at)
	must(w.t, err)
	patient, err := grpc.NewClient(s.at, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, errors.Join(conn.Close(), patient.Close())) })
	return between{conn, patient, &s.fault}
}

// keep makes the services and runs them until the test ends.
func (w *world) keep() {
	t, folding := w.t, fold.Config{SweepEvery: -1, AuditEvery: -1}
	people, err := segmentation.New(segmentation.Config{}, w.brands, w.guard, w.open("segmentation"), secret,
		segmentation.Neighbours{Survey: w.survey, Journey: w.journey}, w.clock, quiet)
	must(t, err)
	events, err := journey.New(journey.Config{Lake: t.TempDir(), LakeMemory: 64 << 20}, w.brands, w.guard, w.open("journey"), nil, folding, secret,
		journey.Neighbours{Segmentation: w.segmentation, Survey: w.survey}, w.clock, quiet)
	must(t, err)
	answers, err := survey.New(w.brands, w.guard, w.open("survey"), nil, folding, secret,
		survey.Neighbours{Segmentation: w.segmentation, Journey: w.journey}, w.clock, quiet)
	must(t, err)
	points, err := loyalty.New(loyalty.Config{SweepEvery: -1}, w.brands, w.guard, w.open("loyalty"), nil, folding, secret,
		loyalty.Neighbours{Segmentation: w.segmentation, Journey: w.journey}, w.clock, quiet)
	must(t, err)
	w.served["loyalty"].register = func(r grpc.ServiceRegistrar) { loyaltyv1.RegisterLoyaltyServiceServer(r, points) }
	w.served["segmentation"].register = func(r grpc.ServiceRegistrar) { segmentationv1.RegisterSegmentationServiceServer(r, people) }
	w.served["journey"].register = func(r grpc.ServiceRegistrar) { journeyv1.RegisterJourneyServiceServer(r, events) }
	w.served["survey"].register = func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, answers) }
	for _, s := range []running{people, events, answers, points} {
		must(t, s.Migrate(w.ctx))
		work, cancel := context.WithCancel(context.WithoutCancel(w.ctx))
		stopped := make(chan error, 1)
		go func() { stopped <- s.Run(work) }()
		t.Cleanup(func() {
			cancel()
			must(t, errors.Join(<-stopped, s.Close(context.WithoutCancel(work))))
		})
	}
	for _, s := range w.served {
		s.start()
		t.Cleanup(s.stop)
	}
}

func (w *world) open(name string) *sqldb.DB {
	db, err := sqldb.Open(w.ctx, "sqlite:"+filepath.Join(w.t.TempDir(), name+".db"))
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, db.Close()) })
	return db
}

// process is the servers of one, on an address; none if it is empty.
func (w *world) process(address string) *app.App {
	tel, err := telemetry.New(w.ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(w.t, err)
	a, err := app.New(app.Config{GRPC: address, MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, w.guard, tel)
	must(w.t, err)
	return a
}

// start begins to listen, as a process that comes up does.
func (s *served) start() {
	s.app = s.w.process(s.at)
	s.app.Bind(app.Service{Name: s.name, Register: s.register})
	must(s.w.t, s.app.Start(s.w.ctx))
}

// stop goes away from the network. What the service does by itself goes on.
func (s *served) stop() { must(s.w.t, s.app.Stop()) }

// freePort is an address that can be taken, left and taken again: none of those that
// the system gives to whoever connects to somewhere.
func freePort(t testing.TB) string {
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// trouble is what is wrong with the way to a service.
type trouble struct {
	mu sync.Mutex
	in grpc.UnaryClientInterceptor
}

func (f *trouble) set(in grpc.UnaryClientInterceptor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.in = in
}

// between stands on the way to a service.
type between struct {
	*grpc.ClientConn
	patient *grpc.ClientConn
	fault   *trouble
}

// Invoke makes a call, if what is wrong lets it.
func (b between) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	b.fault.mu.Lock()
	in := b.fault.in
	b.fault.mu.Unlock()
	if in == nil {
		return b.ClientConn.Invoke(ctx, method, req, reply, opts...)
	}
	return in(ctx, method, req, reply, b.ClientConn, func(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
		return b.ClientConn.Invoke(ctx, method, req, reply, opts...)
	}, opts...)
}
