package gateway_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

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
	"github.com/rapport-cx/rapport/services/gateway"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/loyalty"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// suite is all services in one process, as they are served, and a gateway in front.
type suite struct {
	*world
	segmentationv1.SegmentationServiceClient
	journeyv1.JourneyServiceClient
	loyaltyv1.LoyaltyServiceClient
	reports reportv1.ReportServiceClient
}

// running is a service while it runs.
type running interface {
	Migrate(context.Context) error
	Run(context.Context) error
	Close(context.Context) error
}

// newSuite starts one. Shown, if not nil, takes services away from the gateway.
func newSuite(t testing.TB, shown func(*gateway.Services)) *suite {
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
	cfg := app.Config{HTTP: "127.0.0.1:0", MaxMessage: maxBody, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}
	a, err := app.New(cfg, guard, tel)
	must(err)
	conn, err := a.Dial()
	must(err)
	asks := neighbours{gateway.Services{
		Survey: surveyv1.NewSurveyServiceClient(conn), Segmentation: segmentationv1.NewSegmentationServiceClient(conn),
		Journey: journeyv1.NewJourneyServiceClient(conn), Loyalty: loyaltyv1.NewLoyaltyServiceClient(conn),
	}}
	asks.Report = reportv1.NewReportServiceClient(conn)
	out := &suite{SegmentationServiceClient: asks.Segmentation, JourneyServiceClient: asks.Journey, LoyaltyServiceClient: asks.Loyalty, reports: asks.Report}
	reporting(t, a, brands, guard, asks.Services)
	closing := asks.keep(t, a, brands, guard)
	seen := asks.Services
	if shown != nil {
		shown(&seen)
	}
	g, err := gateway.New(gateway.Config{Brands: brands, MaxBody: maxBody, Clock: atNoon, Draining: a.Draining(), Log: quiet}, seen)
	must(err)
	a.Handle("/", g)
	must(a.Start(ctx))
	stop := sync.OnceFunc(func() {
		if err := errors.Join(a.Stop(), conn.Close(), closing()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	out.world = &world{SurveyServiceClient: asks.Survey, url: "http://" + a.HTTPAddr().String(), stop: stop}
	return out
}

func atNoon() time.Time { return noon }

// neighbours are the services as each finds the others.
type neighbours struct{ gateway.Services }

// keep makes the services and runs them until what it returns is called.
func (asks neighbours) keep(t testing.TB, a *app.App, brands *config.Brands, guard *access.Guard) func() error {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	secret := []byte("0123456789abcdef0123456789abcdef")
	open := func(name string) *sqldb.DB {
		db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), name+".db"))
		must(err)
		return db
	}
	folding := fold.Config{SweepEvery: -1, AuditEvery: -1}
	peopleDB, eventsDB, surveyDB, pointsDB := open("segmentation"), open("journey"), open("survey"), open("loyalty")
	people, err := segmentation.New(segmentation.Config{}, brands, guard, peopleDB, secret,
		segmentation.Neighbours{Survey: asks.Survey, Journey: asks.Journey, Loyalty: asks.Loyalty}, atNoon, quiet)
	must(err)
	events, err := journey.New(journey.Config{Lake: t.TempDir(), LakeMemory: 64 << 20}, brands, guard, eventsDB, nil, folding, secret,
		journey.Neighbours{Segmentation: asks.Segmentation, Survey: asks.Survey}, atNoon, quiet)
	must(err)
	answers, err := survey.New(brands, guard, surveyDB, nil, folding, secret,
		survey.Neighbours{Segmentation: asks.Segmentation, Journey: asks.Journey}, atNoon, quiet)
	must(err)
	points, err := loyalty.New(loyalty.Config{SweepEvery: -1}, brands, guard, pointsDB, nil, fold.Config{}, secret,
		loyalty.Neighbours{Segmentation: asks.Segmentation, Journey: asks.Journey}, atNoon, quiet)
	must(err)
	a.Bind(app.Service{Name: "loyalty", Register: func(r grpc.ServiceRegistrar) { loyaltyv1.RegisterLoyaltyServiceServer(r, points) }})
	a.Bind(app.Service{Name: "segmentation", Register: func(r grpc.ServiceRegistrar) { segmentationv1.RegisterSegmentationServiceServer(r, people) }})
	a.Bind(app.Service{Name: "journey", Register: func(r grpc.ServiceRegistrar) { journeyv1.RegisterJourneyServiceServer(r, events) }})
	a.Bind(app.Service{Name: "survey", Register: func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, answers) }})
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	all := []running{people, events, answers, points}
	var works sync.WaitGroup
	for _, s := range all {
		must(s.Migrate(ctx))
		works.Go(func() {
			if err := s.Run(work); err != nil {
				t.Error(err)
			}
		})
	}
	return func() error {
		cancel()
		works.Wait()
		ctx := context.WithoutCancel(ctx)
		var err error
		for _, s := range all {
			err = errors.Join(err, s.Close(ctx))
		}
		return errors.Join(err, peopleDB.Close(), eventsDB.Close(), surveyDB.Close(), pointsDB.Close())
	}
}
