// Package gateway is the suite over HTTP, and ReportService (package report). It owns
// no fact but how reports are set up: every answer is asked of the services over gRPC,
// with the caller's deadline and credentials.
//
//	/v1/…          JSON for every public RPC, errors as google.rpc.Status; streams a message a
//	               line, or as server-sent events to who accepts those; reads have an ETag
//	/openapi.json  what those are
//	/unsubscribe/… ends letters, by whoever gets them (package subscription)
//	/              the overview, /live what moves it
//	/omnichannel   how the brand is doing, in each channel and in all
//	/rankings      league tables of stores, sellers, couriers
//	/heatmap       who is good at what
//	/scorecards/ID how one of them is doing, such as STORE:12
//	/cases         who waits for a call; /cases/ID is worked on there
//	/subscriptions reports that come by themselves; /subscriptions/ID one, and its deliveries
//	/survey-links  links by which customers are asked, and their QR codes
//	/csv/…         the numbers of these pages, /live/… what moves them
//	/customers     whoever is known, and a person's time line
//	/journeys      the success index, the contact rate and who comes back
//	/funnel        how many get how far
//	/paths         what follows what
//	/maps          journey maps with live numbers
//	/segments      segments and what becomes of them
//	/panel         any group beside everybody else
//	/rfm           the grid of recency and frequency
//	/migration     who went from where to where
//	/drivers       what moves a score
//	/s/{token}     where customers answer: public (package survey)
package gateway

import (
	"log/slog"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/gateway/subscription"
)

// Services are what the gateway asks. One that is nil is not part of the
// deployment: its routes and pages answer that they are not here.
type Services struct {
	Survey       surveyv1.SurveyServiceClient
	Segmentation segmentationv1.SegmentationServiceClient
	Journey      journeyv1.JourneyServiceClient
	Loyalty      loyaltyv1.LoyaltyServiceClient
	// Report is the gateway's own.
	Report reportv1.ReportServiceClient
}

// Settings are the gateway's own; bounds are those of the process.
type Settings struct {
	// Delivery is how reports are sent to subscribers.
	Delivery subscription.Settings
	// SurveyURL is where customers find the survey page.
	SurveyURL string `flag:"survey-url" help:"https://… where customers reach the survey page, for links and QR codes made on the dashboard; empty: the address at which the dashboard is looked at"`
}

// Config is what the gateway is told when it is made.
type Config struct {
	// Brands are the brands shown, in order of preference.
	Brands *config.Brands
	// SurveyURL is where customers find the survey page; empty: where the page that tells
	// of it is looked at.
	SurveyURL string
	// MaxBody bounds a request's body; of an import, each chunk of it.
	MaxBody int64
	// Clock tells which day it is.
	Clock func() time.Time
	// Draining ends pages that watch, so that they reconnect to another replica.
	Draining <-chan struct{}
	Log      *slog.Logger
}
