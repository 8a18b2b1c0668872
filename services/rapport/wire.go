package main

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/gateway"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/loyalty"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// addresses are where services of other processes are found.
type addresses struct {
	Survey       string `flag:"survey-at" help:"host:port of the Survey service; empty: the one in this process, if any"`
	Segmentation string `flag:"segmentation-at" help:"host:port of the Segmentation service; empty: the one in this process, if any"`
	Journey      string `flag:"journey-at" help:"host:port of the Journey service; empty: the one in this process, if any"`
	Loyalty      string `flag:"loyalty-at" help:"host:port of the Loyalty service; empty: the one in this process, if any"`
}

func (a addresses) of(service string) string {
	return map[string]string{"survey": a.Survey, "segmentation": a.Segmentation, "journey": a.Journey, "loyalty": a.Loyalty}[service]
}

// wiring binds the services of one process and tells them where the others are.
type wiring struct {
	cfg    *serving
	names  []string
	brands *config.Brands
	guard  *access.Guard
	tel    *telemetry.Telemetry
	app    *app.App

	segmentation segmentationv1.SegmentationServiceClient
	journey      journeyv1.JourneyServiceClient
	survey       surveyv1.SurveyServiceClient
	loyalty      loyaltyv1.LoyaltyServiceClient
}

// reach connects to a service; nil: it is neither in this process nor anywhere that
// was named, so it is not part of the deployment.
func (w *wiring) reach(service string) (*grpc.ClientConn, error) {
	if at := w.cfg.At.of(service); at != "" {
		return w.app.DialService(at)
	}
	if slices.Contains(w.names, service) {
		return w.app.Dial()
	}
	return nil, nil
}

// connect makes the clients of all services that there are.
func (w *wiring) connect() error {
	for service, use := range map[string]func(*grpc.ClientConn){
		"segmentation": func(c *grpc.ClientConn) { w.segmentation = segmentationv1.NewSegmentationServiceClient(c) },
		"journey":      func(c *grpc.ClientConn) { w.journey = journeyv1.NewJourneyServiceClient(c) },
		"survey":       func(c *grpc.ClientConn) { w.survey = surveyv1.NewSurveyServiceClient(c) },
		"loyalty":      func(c *grpc.ClientConn) { w.loyalty = loyaltyv1.NewLoyaltyServiceClient(c) },
	} {
		conn, err := w.reach(service)
		if err != nil {
			return fmt.Errorf("%s: %w", service, err)
		}
		if conn != nil {
			use(conn)
		}
	}
	return nil
}

// bind binds the services named, in order. Each finds its neighbours whether or not
// they are there yet.
func (w *wiring) bind(ctx context.Context) error {
	if err := w.connect(); err != nil {
		return err
	}
	kept := w.cfg.Kept
	binds := map[string]func() (app.Service, error){
		"segmentation": func() (app.Service, error) {
			_, s, err := segmentation.Bind(ctx, kept.Floor, kept.Segmentation, w.brands, w.guard, w.tel,
				segmentation.Neighbours{Survey: w.survey, Journey: w.journey, Loyalty: w.loyalty})
			return s, err
		},
		"journey": func() (app.Service, error) {
			_, s, err := journey.Bind(ctx, kept.Floor, kept.Journey, w.brands, w.guard, w.tel,
				journey.Neighbours{Segmentation: w.segmentation, Survey: w.survey})
			return s, err
		},
		"survey": func() (app.Service, error) {
			_, s, err := survey.Bind(ctx, kept.Floor, w.brands, w.guard, w.tel,
				survey.Neighbours{Segmentation: w.segmentation, Journey: w.journey})
			return s, err
		},
		"loyalty": func() (app.Service, error) {
			_, s, err := loyalty.Bind(ctx, kept.Floor, kept.Loyalty, w.brands, w.guard, w.tel,
				loyalty.Neighbours{Segmentation: w.segmentation, Journey: w.journey, Survey: w.survey})
			return s, err
		},
	}
	for _, name := range services {
		bind := binds[name]
		if bind == nil || !slices.Contains(w.names, name) {
			continue
		}
		s, err := bind()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		w.app.Bind(s)
	}
	if !slices.Contains(w.names, "gateway") {
		return nil
	}
	from := gateway.Services{Survey: w.survey, Segmentation: w.segmentation, Journey: w.journey, Loyalty: w.loyalty}
	if err := gateway.Bind(ctx, w.app, w.cfg.App, kept.Floor, w.cfg.Gateway, from, w.brands, w.guard, w.tel); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return nil
}
