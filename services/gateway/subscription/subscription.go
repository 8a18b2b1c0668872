// Package subscription lets reports come by themselves: who gets which report of what
// and when (server.go), what is due (plan.go, package occasion), and how it gets there
// (work.go, packages letter and carrier).
//
// What is due is recorded, with an id that follows from subscription and moment, before
// anything is sent. An attempt is recorded before it begins; if its end never is, the
// delivery is in doubt and sent again under the same id. Several replicas may plan and
// send at once: the head of the log orders plans, and an attempt belongs to who began
// it until the time for it is over.
//
// A report is asked for with the rights of who subscribed (access.Mandate), through the
// same steps as if that person had called.
package subscription

import (
	"log/slog"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/gateway/subscription/carrier"
	"github.com/rapport-cx/rapport/services/gateway/subscription/occasion"
)

// Settings are how reports leave the house.
type Settings struct {
	Mail    carrier.MailConfig
	Webhook carrier.WebhookConfig
	// Dashboard is where people find the pages.
	Dashboard string `flag:"dashboard-url" help:"https://… where people find the dashboard, for links in letters, such as the one that ends a subscription; empty: letters have none"`
	// Rights is how long the rights of an owner last.
	Rights time.Duration `flag:"subscription-rights" default:"4320h" help:"how long a subscription is delivered with rights that its owner has not shown again; 0: for ever"`
	// AtOnce bounds the deliveries on their way.
	AtOnce int `flag:"deliveries-at-once" default:"8" help:"reports of subscriptions that are sent at the same time"`
}

// Config is what the service is told when it is made.
type Config struct {
	Settings
	Brands *config.Brands
	Guard  *access.Guard
	// Secret is what targets, page tokens and links are sealed with.
	Secret []byte
	Clock  func() time.Time
	Log    *slog.Logger
}

// The bounds of the service.
const (
	// maxSubscriptions of one brand.
	maxSubscriptions = 10_000
	// lease is for how long an attempt is left to who began it; timeout, which is
	// shorter, is when that one ends it.
	lease   = 3 * time.Minute
	timeout = 90 * time.Second
	// poll is how often a replica looks for what others have left.
	poll = 5 * time.Second
	// slice bounds what one transaction plans.
	slice = 500
	// overlap is how long webhooks are signed with the secret before, too.
	overlap = 24 * time.Hour
	// longest is further ahead than any attempt is put off.
	longest = 2 * time.Hour
	// warned is how long before the rights end letters say so.
	warned = 14 * 24 * time.Hour
)

// held is a subscription as it is kept.
type held struct {
	brand, id string
	// due is when the next report is; zero: none is.
	due time.Time
	// first is its first fact.
	first  int64
	record *reportv1.SubscriptionRecord
}

func (h *held) subscription() *reportv1.Subscription { return h.record.GetSubscription() }

// owner is who made it.
func (h *held) owner() string { return h.subscription().GetOwner() }

// active tells that reports are due.
func (h *held) active() bool {
	return h.subscription().GetState() == reportv1.Subscription_STATE_ACTIVE
}

// delivery is one as it is kept.
type delivery struct {
	*reportv1.Delivery
	brand, owner string
	// next is when it may be tried.
	next  time.Time
	told  int32
	doubt bool
}

// cadence is when a subscription is due.
func (s *Server) cadence(sub *reportv1.Subscription) (occasion.Cadence, error) {
	z, err := s.zone(sub.GetZone())
	return occasion.Cadence{Cadence: sub.GetCadence(), Zone: z}, err
}

func (s *Server) zone(name string) (*calendar.Zone, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if z := s.zones[name]; z != nil {
		return z, nil
	}
	z, err := calendar.Load(name)
	if err == nil {
		s.zones[name] = z
	}
	return z, err
}
