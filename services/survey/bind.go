package survey

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

// Bind opens the service's database and cache and returns it ready to be
// served. Its background work ends with Close.
func Bind(ctx context.Context, cfg floor.Config, brands *config.Brands, guard *access.Guard, tel *telemetry.Telemetry, neighbours Neighbours) (*Server, app.Service, error) {
	none := app.Service{}
	f, err := floor.Open(ctx, cfg, "survey", tel.Log)
	if err != nil {
		return nil, none, err
	}
	s, err := New(brands, guard, f.DB, f.Cache, cfg.Folding("survey"), f.Secret, neighbours, time.Now, tel.Log)
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
		Name:     "survey",
		Register: func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, s) },
		Ready:    f.DB.Ping,
		Close: func(ctx context.Context) error {
			stop()
			return errors.Join(<-stopped, s.Close(ctx), f.Close(ctx))
		},
	}, nil
}
