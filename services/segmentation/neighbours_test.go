package segmentation_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/loyalty"
	"github.com/rapport-cx/rapport/services/survey"
)

// neighbour is what a service of this suite can do.
type neighbour interface {
	Migrate(context.Context) error
	Run(context.Context) error
	Close(context.Context) error
}

// run serves a neighbour until the test ends, or stop is called.
func run(t *testing.T, name string, guard *access.Guard, s neighbour, register func(grpc.ServiceRegistrar)) (conn *grpc.ClientConn, stop func()) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Migrate(ctx))
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(err)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	a, err := app.New(app.Config{MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	must(err)
	a.Bind(app.Service{Name: name, Register: register})
	must(a.Start(ctx))
	conn, err = a.Dial()
	must(err)
	stop = sync.OnceFunc(func() {
		err := a.Stop()
		cancel()
		if err := errors.Join(err, <-stopped, s.Close(context.WithoutCancel(ctx))); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); _ = conn.Close() })
	return conn, stop
}

// newSurvey is an empty Survey of the same brands.
func newSurvey(t *testing.T, c *clock) surveyv1.SurveyServiceClient {
	client, _ := newSurveyToStop(t, c)
	return client
}

func newSurveyToStop(t *testing.T, c *clock) (surveyv1.SurveyServiceClient, func()) {
	t.Helper()
	all := brands(t)
	guard, err := access.New(access.Config{}, all, true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := survey.New(all, guard, sqldbtest.Open(t, sqldbtest.SQLite(t)), nil, fold.Config{SweepEvery: -1}, secret, survey.Neighbours{}, c.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	conn, stop := run(t, "survey", guard, s, func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, s) })
	return surveyv1.NewSurveyServiceClient(conn), stop
}

// newJourney is an empty Journey of the same brands.
func newJourney(t *testing.T, c *clock) journeyv1.JourneyServiceClient {
	t.Helper()
	all := brands(t)
	guard, err := access.New(access.Config{}, all, true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := journey.New(journey.Config{Lake: t.TempDir(), LakeMemory: 64 << 20}, all, guard, sqldbtest.Open(t, sqldbtest.SQLite(t)), nil,
		fold.Config{SweepEvery: -1, AuditEvery: -1}, secret, journey.Neighbours{}, c.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	conn, _ := run(t, "journey", guard, s, func(r grpc.ServiceRegistrar) { journeyv1.RegisterJourneyServiceServer(r, s) })
	return journeyv1.NewJourneyServiceClient(conn)
}

// newLoyalty is an empty Loyalty of the same brands.
func newLoyalty(t *testing.T, c *clock) loyaltyv1.LoyaltyServiceClient {
	t.Helper()
	all := brands(t)
	guard, err := access.New(access.Config{}, all, true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := loyalty.New(loyalty.Config{SweepEvery: -1}, all, guard, sqldbtest.Open(t, sqldbtest.SQLite(t)), nil,
		fold.Config{SweepEvery: -1, AuditEvery: -1}, secret, loyalty.Neighbours{}, c.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	conn, _ := run(t, "loyalty", guard, s, func(r grpc.ServiceRegistrar) { loyaltyv1.RegisterLoyaltyServiceServer(r, s) })
	return loyaltyv1.NewLoyaltyServiceClient(conn)
}
