package subscription

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/subscription/carrier"
	"github.com/rapport-cx/rapport/services/gateway/subscription/occasion"
)

// outcome is how an attempt ended. Pending: it is to be made again.
type outcome struct {
	status reportv1.Delivery_Status
	text   string
	doubt  bool
	// stops is why the subscription, which was of this etag, ends with it.
	stops string
	etag  int64
}

// pause is how long to wait after so many attempts.
func (s *Server) pause(attempts int32) time.Duration {
	return occasion.Pause(int(attempts), rand.Float64())
}

// The words for why a subscription stops.
const (
	rightsGone  = "its owner's roles do not allow the report any more"
	rightsOver  = "its owner's rights were not shown again in time"
	subjectGone = "what it is of is not there any more, or its owner may not see it"
)

// attempt sends one delivery.
func (s *Server) attempt(ctx context.Context, d *delivery) outcome {
	again := func(text string) outcome { return outcome{status: reportv1.Delivery_STATUS_PENDING, text: text} }
	if now := s.cfg.Clock(); d.GetAttempts() > 1 && now.After(d.GetGiveUpAt().AsTime()) {
		return outcome{status: reportv1.Delivery_STATUS_FAILED, text: "given up: " + d.GetLastError()}
	}
	h, err := get(ctx, s.store.db, d.brand, d.GetSubscriptionId())
	if err != nil {
		return again("the subscription cannot be read")
	}
	if h == nil {
		return outcome{status: reportv1.Delivery_STATUS_CANCELLED, text: "the subscription was deleted"}
	}
	sub := h.subscription()
	if sub.GetState() == reportv1.Subscription_STATE_STOPPED {
		return outcome{status: reportv1.Delivery_STATUS_CANCELLED, text: sub.GetStoppedBecause()}
	}
	ends := func(why string) outcome {
		return outcome{status: reportv1.Delivery_STATUS_CANCELLED, text: why, stops: why, etag: sub.GetEtag()}
	}
	if until := sub.GetRightsUntil(); until != nil && s.cfg.Clock().After(until.AsTime()) {
		return ends(rightsOver)
	}
	to, err := s.where(h)
	if err != nil {
		s.cfg.Log.ErrorContext(ctx, "a subscription cannot be opened", "subscription", h.id, "error", err)
		return again("where it goes cannot be unsealed: is the secret the one it was made with?")
	}
	behalf, err := s.behalf(ctx, h)
	if err != nil {
		return again("its owner's rights cannot be read")
	}
	days, err := windowOf(d)
	if err != nil {
		return outcome{status: reportv1.Delivery_STATUS_FAILED, text: err.Error()}
	}
	got, err := s.shared(behalf, h, days)
	switch fault.Code(err) {
	case codes.OK:
	case codes.PermissionDenied, codes.Unauthenticated:
		return ends(rightsGone)
	case codes.NotFound:
		return ends(subjectGone)
	case codes.InvalidArgument:
		return outcome{status: reportv1.Delivery_STATUS_FAILED, text: "the report cannot be made: " + fault.From(err).Text}
	default:
		s.cfg.Log.WarnContext(ctx, "a report of a subscription failed", "subscription", h.id, "error", err)
		return again("the report could not be had")
	}
	switch got.standing() {
	case hidden:
		return ends(rightsGone)
	case nothing:
		return again("no section of the report could be had: " + got.why())
	}
	out := s.send(ctx, behalf, h, d, to, got)
	out.etag = sub.GetEtag()
	return out
}

// behalf lets what is asked with the context be asked with the owner's rights.
func (s *Server) behalf(ctx context.Context, h *held) (context.Context, error) {
	m := &access.Mandate{}
	if err := json.Unmarshal(h.record.GetMandate(), m); err != nil {
		return nil, fmt.Errorf("read rights of subscription %s: %w", h.id, err)
	}
	return s.cfg.Guard.Mandated(ctx, m)
}

func windowOf(d *delivery) (days calendar.Days, err error) {
	if days.From, err = calendar.ParseDay(d.GetStart()); err != nil {
		return days, err
	}
	days.Until, err = calendar.ParseDay(d.GetEnd())
	return days, err
}

// send takes a report to where it goes.
func (s *Server) send(ctx, behalf context.Context, h *held, d *delivery, to *reportv1.SubscriptionTarget, got *composed) outcome {
	var err error
	switch {
	case to.GetEmail() != nil && s.mail == nil:
		err = &carrier.Failure{Text: "this deployment has no mail server (--smtp)"}
	case to.GetEmail() != nil:
		var l carrier.Letter
		if l, err = s.letter(behalf, h, d, to.GetEmail(), got); err == nil {
			err = s.mail.Send(ctx, l)
		}
	default:
		var doc carrier.Document
		if doc, err = s.document(h, d, to, got); err == nil {
			err = s.hooks.Send(ctx, doc)
		}
	}
	if err == nil {
		return outcome{status: reportv1.Delivery_STATUS_SENT}
	}
	f := carrier.FailureOf(err)
	out := outcome{status: reportv1.Delivery_STATUS_PENDING, text: f.Text, doubt: f.Doubt}
	if f.Permanent {
		out.status = reportv1.Delivery_STATUS_FAILED
	}
	if f.Gone {
		out.stops = "the recipient is gone: " + f.Text
	}
	return out
}
