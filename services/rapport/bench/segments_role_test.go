package bench

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// servePeople serves Segmentation, Journey and Survey as `rapport serve` does, but for
// Segmentation's clock: SIGUSR1 makes it a day later, so that a midnight comes when
// the benchmark wants it.
func servePeople(ctx context.Context) (err error) {
	if path := os.Getenv("BENCH_PROFILE"); path != "" {
		stop, err := profile(path)
		if err != nil {
			return err
		}
		defer stop()
	}
	brands, err := config.LoadBrands("")
	if err != nil {
		return err
	}
	guard, err := access.New(access.Config{}, brands, true)
	if err != nil {
		return err
	}
	tel, err := telemetry.New(ctx, telemetry.Config{}, "rapport", "bench", io.Discard)
	if err != nil {
		return err
	}
	tel.Install()
	cfg := floor.Config{Data: os.Getenv("BENCH_DATA"), FoldMemory: 1 << 30}
	app.Memory(int64(cfg.FoldMemory))
	a, err := app.New(app.Config{GRPC: os.Getenv("BENCH_LISTEN"), MaxMessage: 16 << 20, MaxStreams: 1024, Deadline: time.Hour, Grace: deadline}, guard, tel)
	if err != nil {
		return err
	}
	inside, err := a.Dial()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inside.Close()) }()
	customers, events := segmentationv1.NewSegmentationServiceClient(inside), journeyv1.NewJourneyServiceClient(inside)
	responses := surveyv1.NewSurveyServiceClient(inside)

	ground, err := floor.Open(ctx, at(cfg, "SEGMENTATION"), "segmentation", tel.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ground.Close(context.WithoutCancel(ctx))) }()
	people, err := segmentation.New(segmentation.Config{}, brands, guard, ground.DB, ground.Secret,
		segmentation.Neighbours{Journey: events, Survey: responses}, laterClock(ctx), tel.Log)
	if err == nil {
		err = people.Migrate(ctx)
	}
	if err != nil {
		return err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- people.Run(ctx) }()
	defer func() { err = errors.Join(err, <-stopped, people.Close(context.WithoutCancel(ctx))) }()

	_, journeys, err := journey.Bind(ctx, at(cfg, "JOURNEY"), journey.Config{LakeMemory: 256 << 20}, brands, guard, tel, journey.Neighbours{Segmentation: customers})
	if err != nil {
		return err
	}
	_, surveys, err := survey.Bind(ctx, at(cfg, "SURVEY"), brands, guard, tel, survey.Neighbours{Segmentation: customers})
	if err != nil {
		return err
	}
	a.Bind(journeys, surveys, app.Service{Name: "segmentation", Register: func(r grpc.ServiceRegistrar) {
		segmentationv1.RegisterSegmentationServiceServer(r, people)
	}}, app.Service{Name: "echo", Register: func(r grpc.ServiceRegistrar) {
		r.RegisterService(echo(func(context.Context) error { return nil }), nil)
	}})
	return a.Run(ctx)
}

// at is the configuration with a service's own database, if it was given one.
func at(cfg floor.Config, service string) floor.Config {
	cfg.DB = os.Getenv("BENCH_DB_" + service)
	return cfg
}

// laterClock tells the time, and a day later after each SIGUSR1.
func laterClock(ctx context.Context) func() time.Time {
	var days atomic.Int64
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		for {
			select {
			case <-told:
				days.Add(1)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() time.Time { return time.Now().Add(24 * time.Hour * time.Duration(days.Load())) }
}
