package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
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
	"github.com/rapport-cx/rapport/services/gateway/subscription"
	"github.com/rapport-cx/rapport/services/gateway/survey"
)

// Bind serves the gateway of services on the process's HTTP port, and ReportService on
// its gRPC port. Over HTTP reports are asked for as any other service's answers are, so
// that both ways lead through the same steps.
func Bind(ctx context.Context, a *app.App, cfg app.Config, kept floor.Config, own Settings, services Services, brands *config.Brands, guard *access.Guard, tel *telemetry.Telemetry) error {
	settings, err := Open(ctx, kept)
	if err != nil {
		return err
	}
	survey, err := publicAddress(own.SurveyURL)
	if err != nil {
		return errors.Join(err, settings.Close())
	}
	conn, err := a.Dial()
	if err != nil {
		return errors.Join(err, settings.Close())
	}
	services.Report = reportv1.NewReportServiceClient(conn)
	s, err := New(Config{
		Brands: brands, SurveyURL: survey, MaxBody: int64(cfg.MaxMessage), Clock: time.Now, Draining: a.Draining(), Log: tel.Log,
	}, services)
	if err != nil {
		return errors.Join(err, conn.Close(), settings.Close())
	}
	reports := report.New(report.Config{Brands: brands, Guard: guard, Clock: time.Now, Log: tel.Log},
		report.Services{Survey: services.Survey, Segmentation: services.Segmentation, Journey: services.Journey, Loyalty: services.Loyalty},
		report.NewStore(settings, time.Now))
	secret, err := kept.Secret()
	if err != nil {
		return errors.Join(err, conn.Close(), settings.Close())
	}
	subscriptions, err := subscription.New(subscription.Config{Settings: own.Delivery, Brands: brands, Guard: guard, Secret: secret, Clock: time.Now, Log: tel.Log},
		subscription.NewStore(settings), services.Report, services.Survey)
	if err != nil {
		return errors.Join(err, conn.Close(), settings.Close())
	}
	// It delivers as soon as the process serves, and ends before anything it needs.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() {
		if own.Delivery.AtOnce <= 0 { // a command that only looks, or a replica that others deliver for
			stopped <- nil
			return
		}
		stopped <- subscriptions.Run(running)
	}()
	a.Bind(app.Service{
		Name: "gateway",
		Register: func(r grpc.ServiceRegistrar) {
			reportv1.RegisterReportServiceServer(r, Reports{reports, subscriptions})
		},
		// Most of what the gateway does needs no database of its own: it is ready without.
		Close: func(context.Context) error {
			stop()
			return errors.Join(<-stopped, reports.Close(), conn.Close(), settings.Close())
		},
	})
	a.Public("GET "+subscription.UnsubscribePath, http.HandlerFunc(subscriptions.Unsubscribe))
	a.Public("POST "+subscription.UnsubscribePath, http.HandlerFunc(subscriptions.Unsubscribe))
	a.Handle("/", s)
	s.Publish(a)
	return nil
}

// publicAddress refuses what links could not begin with.
func publicAddress(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("--survey-url %s: write it as https://survey.example.com", text)
	}
	return strings.TrimSuffix(text, "/"), nil
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

// Subscriptions is the half of ReportService that lets reports come by themselves.
type Subscriptions = subscription.Server

// Reports is ReportService, of its two halves.
type Reports struct {
	*report.Server
	*Subscriptions
}

// Open opens the gateway's own database, of how reports are set up and delivered, with
// its tables. Nothing of it is worth a cache.
func Open(ctx context.Context, kept floor.Config) (*sqldb.DB, error) {
	db, err := sqldb.Open(ctx, kept.URL("gateway"))
	if err != nil {
		return nil, fmt.Errorf("open settings of reports: %w", err)
	}
	if err := errors.Join(report.NewStore(db, time.Now).Migrate(ctx), subscription.NewStore(db).Migrate(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("open settings of reports: %w", err), db.Close())
	}
	return db, nil
}
