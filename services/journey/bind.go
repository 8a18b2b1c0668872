package journey

import (
	"context"
	"errors"
	"path/filepath"
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
)

// Neighbours are the services that Journey asks; each may be nil.
type Neighbours struct {
	Segmentation segmentationv1.SegmentationServiceClient
	Survey       surveyv1.SurveyServiceClient
}

// Bind opens the service's database and cache and returns it ready to be
// served. Its background work ends with Close.
func Bind(ctx context.Context, base floor.Config, cfg Config, brands *config.Brands, guard *access.Guard,
	tel *telemetry.Telemetry, near Neighbours) (*Server, app.Service, error) {
	none := app.Service{}
	f, err := floor.Open(ctx, base, "journey", tel.Log)
	if err != nil {
		return nil, none, err
	}
	s, err := New(cfg.under(base.Data), brands, guard, f.DB, f.Cache, base.Folding("journey"), f.Secret, near, time.Now, tel.Log)
	if err == nil {
		err = s.Migrate(ctx)
	}
	if err != nil {
		return nil, none, errors.Join(err, f.Close(ctx))
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	return s, app.Service{
		Name:     "journey",
		Register: func(r grpc.ServiceRegistrar) { journeyv1.RegisterJourneyServiceServer(r, s) },
		Ready:    f.DB.Ping,
		Close: func(ctx context.Context) error {
			stop()
			return errors.Join(<-stopped, s.Close(ctx), f.Close(ctx))
		},
	}, nil
}

// under puts the lake beside the embedded databases if it has no folder of its own.
func (c Config) under(data string) Config {
	if c.Lake == "" {
		c.Lake = filepath.Join(data, "lake")
	}
	return c
}
