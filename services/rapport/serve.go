package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/gateway"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/loyalty"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// keeping are the settings of services that keep facts, wherever they are opened.
type keeping struct {
	Floor        floor.Config
	Segmentation segmentation.Config
	Journey      journey.Config
	Loyalty      loyalty.Config
	// Brands is the file that names the brands; empty: the built-in examples.
	Brands string `flag:"brands" help:"brands.yaml; empty: the built-in brands demo, olist, sfo, retail, receipt and grocery"`
}

// serving are the settings of a process that serves.
type serving struct {
	App       app.Config
	Access    access.Config
	Telemetry telemetry.Config
	Kept      keeping
	At        addresses
	Gateway   gateway.Settings
}

// services are what serve can bind, in the order in which they are.
var services = []string{"segmentation", "journey", "survey", "loyalty", "gateway"}

func serveCommand(set *config.Set) *cobra.Command {
	cfg := &serving{}
	cmd := &cobra.Command{
		Use:   "serve [service…]",
		Short: "Serve all services, or those named, until interrupted",
		Long: `Serve all services, or those named, until interrupted: segmentation, journey,
survey, loyalty, gateway. Services of one process find each other; those of others
are named by --survey-at, --segmentation-at, --journey-at and --loyalty-at. One that
is not named anywhere is not part of the deployment.`,
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
	brands, err := config.LoadBrands(cfg.Kept.Brands)
	if err != nil {
		return nil, err
	}
	guard, err := access.New(cfg.Access, brands, cfg.App.Loopback())
	if err != nil {
		return nil, err
	}
	if cfg.Access.File != "" && cfg.Access.TokenFile == "" && cfg.At != (addresses{}) {
		return nil, errors.New("services in several processes know each other by --token-file, beside --access")
	}
	tel, err := telemetry.New(ctx, cfg.Telemetry, "rapport", version, os.Stderr)
	if err != nil {
		return nil, err
	}
	tel.Install()
	app.Memory(int64(cfg.Kept.Floor.FoldMemory) + lake(names, cfg.Kept.Journey))
	a, err := app.New(cfg.App, guard, tel)
	if err != nil {
		return nil, err
	}
	w := &wiring{cfg: cfg, names: names, brands: brands, guard: guard, tel: tel, app: a}
	if err := w.bind(ctx); err != nil {
		return nil, errors.Join(err, a.Stop())
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

// lake is what Journey's columns may hold beside its slabs.
func lake(names []string, cfg journey.Config) int64 {
	if !slices.Contains(names, "journey") {
		return 0
	}
	return int64(cfg.LakeMemory)
}
