package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/gateway"
	"github.com/rapport-cx/rapport/services/survey"
)

// serving are the settings of a process that serves.
type serving struct {
	App       app.Config
	Access    access.Config
	Telemetry telemetry.Config
	Floor     floor.Config
	// SurveyAt is where a gateway finds Survey that is not in its own process.
	SurveyAt string `flag:"survey-at" help:"host:port of the Survey service; empty: the one in this process"`
	// Brands is the file that names the brands; empty: the built-in examples.
	Brands string `flag:"brands" help:"brands.yaml; empty: the built-in brands demo, olist and sfo"`
}

// services are what serve can bind.
var services = []string{"survey", "gateway"}

func serveCommand(set *config.Set) *cobra.Command {
	cfg := &serving{}
	cmd := &cobra.Command{
		Use:       "serve [service…]",
		Short:     "Serve all services, or those named, until interrupted",
		ValidArgs: services,
		Args:      cobra.OnlyValidArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = services
			}
			s, err := start(cmd.Context(), cfg, args)
			if err != nil {
				return err
			}
			return s.wait(cmd.Context())
		},
	}
	set.Bind(cmd.Flags(), cfg)
	return cmd
}

// served is a running process.
type served struct {
	app *app.App
	tel *telemetry.Telemetry
}

// start binds the services named and serves. Background work ends with wait.
func start(ctx context.Context, cfg *serving, names []string) (*served, error) {
	brands, err := config.LoadBrands(cfg.Brands)
	if err != nil {
		return nil, err
	}
	guard, err := access.New(cfg.Access, brands, cfg.App.Loopback())
	if err != nil {
		return nil, err
	}
	tel, err := telemetry.New(ctx, cfg.Telemetry, "rapport", version, os.Stderr)
	if err != nil {
		return nil, err
	}
	tel.Install()
	app.Memory(int64(cfg.Floor.FoldMemory))
	a, err := app.New(cfg.App, guard, tel)
	if err != nil {
		return nil, err
	}
	if slices.Contains(names, "survey") {
		_, service, err := survey.Bind(ctx, cfg.Floor, survey.Neighbours{}, brands, guard, tel)
		if err != nil {
			return nil, fmt.Errorf("survey: %w", err)
		}
		a.Bind(service)
	}
	if slices.Contains(names, "gateway") {
		if err := gateway.Bind(a, cfg.App, cfg.SurveyAt, brands, tel); err != nil {
			return nil, fmt.Errorf("gateway: %w", err)
		}
	}
	if err := a.Start(ctx); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return &served{app: a, tel: tel}, nil
}

// wait serves until ctx ends, then drains.
func (s *served) wait(ctx context.Context) error {
	return errors.Join(s.app.Wait(ctx), s.tel.Close(context.WithoutCancel(ctx)))
}
