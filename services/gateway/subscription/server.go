package subscription

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/gateway/subscription/carrier"
)

// Server answers the calls of ReportService about subscriptions, and sends what is due
// while Run runs.
type Server struct {
	cfg     Config
	store   *Store
	reports reportv1.ReportServiceClient
	names   surveyv1.SurveyServiceClient
	sealer  *seal.Sealer
	mail    *carrier.Mail
	hooks   *carrier.Webhooks
	meter   *meter
	asked   *asked
	// wake tells Run that there may be something to do.
	wake chan struct{}

	mu    sync.Mutex
	zones map[string]*calendar.Zone
}

// New makes the service. Reports is who is asked for them, through the steps of the
// process; names, which may be nil, knows how subjects are called.
func New(cfg Config, store *Store, reports reportv1.ReportServiceClient, names surveyv1.SurveyServiceClient) (*Server, error) {
	sealer, err := seal.New(cfg.Secret, "subscription")
	if err != nil {
		return nil, err
	}
	mail, err := carrier.NewMail(cfg.Mail)
	if err != nil {
		return nil, err
	}
	if err := checkDashboard(cfg.Dashboard); err != nil {
		return nil, err
	}
	cfg.AtOnce = max(cfg.AtOnce, 1)
	return &Server{
		cfg: cfg, store: store, reports: reports, names: names, sealer: sealer, mail: mail, hooks: carrier.NewWebhooks(cfg.Webhook),
		meter: newMeter(), asked: newAsked(cfg.Clock), wake: make(chan struct{}, 1), zones: map[string]*calendar.Zone{},
	}, nil
}

// enter is the first line of every method.
func (s *Server) enter(ctx context.Context, brand string, verb access.Verb) error {
	return s.cfg.Guard.Check(ctx, access.Request{Brand: brand, Verb: verb})
}

// caller is who calls, as subscriptions name their owner.
func caller(ctx context.Context) string {
	if who := access.FromContext(ctx); who != nil {
		return who.Name
	}
	return "local"
}

// oversees tells whether the caller may look after the subscriptions of others.
func (s *Server) oversees(ctx context.Context, brand string) bool {
	return s.enter(ctx, brand, access.Amend) == nil && !s.cfg.Guard.Narrowed(ctx).Bound()
}

// visible refuses what the caller may not know of, as if it were not there.
func (s *Server) visible(ctx context.Context, brand, id string, have *held) error {
	if have == nil || have.owner() != caller(ctx) && !s.oversees(ctx, brand) {
		return fault.NotFound(commonv1.Reason_REASON_SUBSCRIPTION_UNKNOWN, "there is no subscription %q", id)
	}
	return nil
}

// CreateSubscription lets a report come by itself.
func (s *Server) CreateSubscription(ctx context.Context, in *reportv1.CreateSubscriptionRequest) (*reportv1.CreateSubscriptionResponse, error) {
	if err := s.enter(ctx, in.GetBrand(), access.Define); err != nil {
		return nil, err
	}
	sub := proto.CloneOf(in.GetSubscription())
	if err := s.check(ctx, in.GetBrand(), sub, true); err != nil {
		return nil, err
	}
	next, err := s.made(ctx, in, sub)
	if err != nil {
		return nil, err
	}
	secret, err := s.target(next, sub, nil, false)
	if err != nil {
		return nil, err
	}
	out, err := s.store.change(ctx, in.GetBrand(), next.id, s.cfg.Clock(), func(tx *sqldb.Tx, have *held) (*held, error) {
		if have != nil {
			return again(have, next)
		}
		n, err := count(ctx, tx, in.GetBrand())
		if err == nil && n >= maxSubscriptions {
			err = fault.Precondition(commonv1.Reason_REASON_SUBSCRIPTION_LIMIT, "the brand has %d subscriptions, as many as it may have", n)
		}
		return next, err
	})
	if err != nil {
		return nil, floor.Unavailable("create subscription", err)
	}
	if out != next {
		if secret, err = s.secret(out); err != nil {
			return nil, err
		}
	}
	s.poke()
	told, err := s.told(out)
	return &reportv1.CreateSubscriptionResponse{Subscription: told, WebhookSecret: secret}, err
}

// made is a new subscription of the caller's.
func (s *Server) made(ctx context.Context, in *reportv1.CreateSubscriptionRequest, sub *reportv1.Subscription) (*held, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(in.GetSubscription())
	if err != nil {
		return nil, err
	}
	owner := caller(ctx)
	id := sha256.Sum256([]byte(owner + "\x00" + in.GetRequestId()))
	sub.Id, sub.Owner, sub.Etag, sub.CreatedAt = hex.EncodeToString(id[:8]), owner, 1, timestamppb.New(s.cfg.Clock())
	h := &held{brand: in.GetBrand(), id: sub.GetId(), record: &reportv1.SubscriptionRecord{Subscription: sub, Asked: s.sealer.Hash(body)}}
	if err := s.mandate(ctx, h); err != nil {
		return nil, err
	}
	return h, s.schedule(nil, h)
}

// again is what a repeated request finds.
func again(have, next *held) (*held, error) {
	if string(have.record.GetAsked()) != string(next.record.GetAsked()) {
		return nil, fault.AlreadyExists(commonv1.Reason_REASON_ALREADY_EXISTS, "this request id made another subscription")
	}
	return have, nil
}

// mandate keeps the caller's rights in a subscription of its own.
func (s *Server) mandate(ctx context.Context, h *held) error {
	m := s.cfg.Guard.Mandate(ctx)
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	now := s.cfg.Clock()
	h.record.Mandate, h.record.ShownAt = text, timestamppb.New(now)
	h.subscription().RightsUntil = nil
	// Who holds the service token holds it still; of people nobody tells us that they left.
	if s.cfg.Rights > 0 && m.Issuer != "" {
		h.subscription().RightsUntil = timestamppb.New(now.Add(s.cfg.Rights))
	}
	return nil
}

// schedule says when a subscription is due, next to what it was before. What is due
// already stays due: a change of who gets it must not lose it.
func (s *Server) schedule(have, next *held) error {
	sub := next.subscription()
	sub.State = reportv1.Subscription_STATE_ACTIVE
	if sub.GetPaused() {
		sub.State = reportv1.Subscription_STATE_PAUSED
	}
	next.due = time.Time{}
	if !next.active() {
		return nil
	}
	c, err := s.cadence(sub)
	if err != nil {
		return err
	}
	now := s.cfg.Clock()
	if next.due = c.After(now); have != nil && have.active() && !have.due.IsZero() && !have.due.After(now) &&
		proto.Equal(have.subscription().GetCadence(), sub.GetCadence()) && have.subscription().GetZone() == sub.GetZone() {
		next.due = have.due
	}
	return nil
}

// GetSubscription reads one.
func (s *Server) GetSubscription(ctx context.Context, in *reportv1.GetSubscriptionRequest) (*reportv1.GetSubscriptionResponse, error) {
	if err := s.enter(ctx, in.GetBrand(), access.Read); err != nil {
		return nil, err
	}
	have, err := get(ctx, s.store.db, in.GetBrand(), in.GetSubscriptionId())
	if err != nil {
		return nil, floor.Unavailable("read subscription", err)
	}
	if err := s.visible(ctx, in.GetBrand(), in.GetSubscriptionId(), have); err != nil {
		return nil, err
	}
	told, err := s.told(have)
	return &reportv1.GetSubscriptionResponse{Subscription: told}, err
}

// DeleteSubscription ends one and forgets to whom it went.
func (s *Server) DeleteSubscription(ctx context.Context, in *reportv1.DeleteSubscriptionRequest) (*reportv1.DeleteSubscriptionResponse, error) {
	if err := s.enter(ctx, in.GetBrand(), access.Define); err != nil {
		return nil, err
	}
	_, err := s.store.change(ctx, in.GetBrand(), in.GetSubscriptionId(), s.cfg.Clock(), func(_ *sqldb.Tx, have *held) (*held, error) {
		return nil, s.visible(ctx, in.GetBrand(), in.GetSubscriptionId(), have)
	})
	if err != nil {
		return nil, floor.Unavailable("delete subscription", err)
	}
	return &reportv1.DeleteSubscriptionResponse{}, nil
}

// poke lets Run look at once.
func (s *Server) poke() {
	select {
	case s.wake <- struct{}{}:
	default: // it will
	}
}
