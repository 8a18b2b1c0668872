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
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

// Bind opens the service's database and cache and returns it ready to be
// served. Its background work ends with Close.
func Bind(ctx context.Context, cfg Config, brands *config.Brands, guard *access.Guard, tel *telemetry.Telemetry) (*Server, app.Service, error) {
	none := app.Service{}
	secret, err := cfg.secret()
	if err != nil {
		return nil, none, err
	}
	db, err := sqldb.Open(ctx, cfg.url())
	if err != nil {
		return nil, none, err
	}
	cache, err := hot.Open(cfg.Redis, secret, hot.Options{Service: "survey", Log: tel.Log})
	if err != nil {
		return nil, none, errors.Join(err, db.Close())
	}
	s, err := New(brands, guard, db, cache, cfg.folding(), secret, time.Now, tel.Log)
	if err == nil {
		err = s.Migrate(ctx)
	}
	if err != nil {
		return nil, none, errors.Join(err, cache.Close(ctx), db.Close())
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	return s, app.Service{
		Name:     "survey",
		Register: func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, s) },
		Ready:    db.Ping,
		Close: func(ctx context.Context) error {
			stop()
			return errors.Join(<-stopped, s.Close(ctx), cache.Close(ctx), db.Close())
		},
	}, nil
}

func (c Config) folding() fold.Config {
	return fold.Config{
		Memory: int64(c.FoldMemory),
		NoNear: c.NoNear || c.NoResults, NoShared: c.NoResults, NoMemory: c.NoSlabs,
	}
}
