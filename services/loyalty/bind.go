package loyalty

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

// Neighbours are the services that Loyalty asks and follows; each may be nil.
type Neighbours struct {
	Segmentation segmentationv1.SegmentationServiceClient
	// Journey tells of purchases.
	Journey journeyv1.JourneyServiceClient
	// Survey tells what stands below what.
	Survey surveyv1.SurveyServiceClient
}

// Config is what Loyalty needs beside its floor.
type Config struct {
	// SweepEvery is how often what is due is looked for; below 0: never, others do.
	SweepEvery time.Duration `flag:"sweep-every" default:"1s" help:"how often expired points and holds that timed out are posted; below 0: never by this process"`
	// Together is how many entries share a transaction at most; 0: 1000.
	Together int
	// Begin lets the background work begin, what follows neighbours included; nil: at once.
	// A process that has something more urgent to do first closes it behind that.
	Begin <-chan struct{}
}

// begun waits until background work may begin.
func (c Config) begun(ctx context.Context) bool {
	if c.Begin == nil {
		return true
	}
	select {
	case <-c.Begin:
		return true
	case <-ctx.Done():
		return false
	}
}

// Bind opens the service's database and returns it ready to be served. Its background
// work ends with Close.
func Bind(ctx context.Context, base floor.Config, cfg Config, brands *config.Brands, guard *access.Guard,
	tel *telemetry.Telemetry, near Neighbours) (*Server, app.Service, error) {
	none := app.Service{}
	f, err := floor.Open(ctx, base, "loyalty", tel.Log)
	if err != nil {
		return nil, none, err
	}
	s, err := New(cfg, brands, guard, f.DB, f.Cache, base.Folding("loyalty"), f.Secret, near, time.Now, tel.Log)
	if err == nil {
		err = s.Migrate(ctx)
	}
	if err != nil {
		return nil, none, errors.Join(err, f.Close(ctx))
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() {
		if !cfg.begun(running) {
			stopped <- nil
			return
		}
		stopped <- s.Run(running)
	}()
	return s, app.Service{
		Name:     "loyalty",
		Register: func(r grpc.ServiceRegistrar) { loyaltyv1.RegisterLoyaltyServiceServer(r, s) },
		Ready:    f.DB.Ping,
		Close: func(ctx context.Context) error {
			stop()
			return errors.Join(<-stopped, s.Close(ctx), f.Close(ctx))
		},
	}, nil
}
