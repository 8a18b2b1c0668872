package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/gateway/report"
	"github.com/rapport-cx/rapport/services/gateway/survey"
)

// Bind serves the gateway of services on the process's HTTP port, and ReportService on
// its gRPC port. Over HTTP reports are asked for as any other service's answers are, so
// that both ways lead through the same steps.
func Bind(ctx context.Context, a *app.App, cfg app.Config, kept floor.Config, services Services, brands *config.Brands, guard *access.Guard, tel *telemetry.Telemetry) error {
	settings, err := Open(ctx, kept)
	if err != nil {
		return err
	}
	own, err := a.Dial()
	if err != nil {
		return errors.Join(err, settings.Close())
	}
	services.Report = reportv1.NewReportServiceClient(own)
	s, err := New(Config{
		Brands: brands, MaxBody: int64(cfg.MaxMessage), Clock: time.Now, Draining: a.Draining(), Log: tel.Log,
	}, services)
	if err != nil {
		return errors.Join(err, own.Close(), settings.Close())
	}
	reports := report.New(report.Config{Brands: brands, Guard: guard, Clock: time.Now, Log: tel.Log},
		report.Services{Survey: services.Survey, Segmentation: services.Segmentation, Journey: services.Journey, Loyalty: services.Loyalty},
		report.NewStore(settings, time.Now))
	a.Bind(app.Service{
		Name:     "gateway",
		Register: func(r grpc.ServiceRegistrar) { reportv1.RegisterReportServiceServer(r, reports) },
		// Most of what the gateway does needs no database of its own: it is ready without.
		Close: func(context.Context) error { return errors.Join(reports.Close(), own.Close(), settings.Close()) },
	})
	a.Handle("/", s)
	s.Publish(a)
	return nil
}

// Publish lets everybody at what is for customers.
func (s *Server) Publish(a *app.App) {
	if s.survey == nil {
		return
	}
	for _, pattern := range survey.Patterns {
		a.Public(pattern, s.survey)
	}
	a.Crowded(s.survey.Crowded)
}

// Open opens the gateway's own database, of how reports are set up, with its tables.
// Nothing in it is sealed, and nothing of it is worth a cache.
func Open(ctx context.Context, kept floor.Config) (*sqldb.DB, error) {
	db, err := sqldb.Open(ctx, kept.URL("gateway"))
	if err != nil {
		return nil, fmt.Errorf("open settings of reports: %w", err)
	}
	if err := report.NewStore(db, time.Now).Migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open settings of reports: %w", err), db.Close())
	}
	return db, nil
}
