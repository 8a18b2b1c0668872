// Package report composes answers of all services into what people run a business
// by. It owns no fact, only how reports are set up (metric trees, store.go).
//
// A report is made of sections. They are fetched at the same time under the caller's
// deadline less a little, each says what became of it, and what cannot be had is named
// while the rest is answered (gather.go, ask.go, circuit.go). Numbers are taken over
// as the services give them; what is added here is what sets them beside each other:
// differences between stretches of time and what those are worth (difference.go),
// targets, benchmarks (benchmark.go) and lights (light.go).
package report

import (
	"log/slog"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

// Services are what reports are made of. One that is nil is not part of the
// deployment: its sections say so.
type Services struct {
	Survey       surveyv1.SurveyServiceClient
	Segmentation segmentationv1.SegmentationServiceClient
	Journey      journeyv1.JourneyServiceClient
	Loyalty      loyaltyv1.LoyaltyServiceClient
}

// Config is what the service is told when it is made. Durations that are 0 have their
// default.
type Config struct {
	Brands *config.Brands
	Guard  *access.Guard
	Clock  func() time.Time
	Log    *slog.Logger
	// Patience bounds a report whatever the caller's deadline: 10 seconds.
	Patience time.Duration
	// Rest is for how long a service that does not answer is left alone: a second.
	Rest time.Duration
	// Pace is the least time between two reports of a watch: a second.
	Pace time.Duration
	// Refresh is how often a watch looks for changes that no response announces, such
	// as orders that end, or a service that is back: 10 seconds.
	Refresh time.Duration
}

func (c Config) filled() Config {
	fill := func(d *time.Duration, usual time.Duration) {
		if *d == 0 {
			*d = usual
		}
	}
	fill(&c.Patience, 10*time.Second)
	fill(&c.Rest, time.Second)
	fill(&c.Pace, time.Second)
	fill(&c.Refresh, 10*time.Second)
	return c
}

// The services, as sections name them.
const (
	fromSurvey       = "survey"
	fromSegmentation = "segmentation"
	fromJourney      = "journey"
	fromLoyalty      = "loyalty"
)

// brand is one brand and its calendar.
type brand struct {
	*config.Brand
	zone *calendar.Zone
}

func newBrands(all *config.Brands) map[string]*brand {
	out := map[string]*brand{}
	for _, b := range all.All() {
		out[b.ID] = &brand{Brand: b, zone: calendar.In(b.Location)}
	}
	return out
}
