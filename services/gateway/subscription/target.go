package subscription

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/services/gateway/subscription/carrier"
)

// target moves where a subscription goes out of the message into the sealed part of the
// record. It tells the secret of a webhook, if it is a new one.
func (s *Server) target(next *held, sub *reportv1.Subscription, have *held, rotate bool) (secret string, err error) {
	to := &reportv1.SubscriptionTarget{Email: sub.GetEmail(), Webhook: sub.GetWebhook()}
	if to.GetWebhook() != nil {
		if have != nil {
			was, err := s.where(have)
			if err != nil {
				return "", err
			}
			to.Secrets = was.GetSecrets()
		}
		if rotate || len(to.GetSecrets()) == 0 {
			to.Secrets = rotated(to.GetSecrets(), s.cfg.Clock())
			secret = carrier.Secret(to.GetSecrets()[0].GetKey())
		}
	}
	plain, err := proto.Marshal(to)
	if err != nil {
		return "", fmt.Errorf("write target: %w", err)
	}
	sub.Target = nil
	next.record.Subscription = sub
	next.record.Target = s.sealer.Seal(plain, sealed(next))
	return secret, nil
}

// rotated puts a new secret before those that are still in force, which end soon.
func rotated(old []*reportv1.WebhookSecret, now time.Time) []*reportv1.WebhookSecret {
	out := []*reportv1.WebhookSecret{{Key: carrier.NewKey()}}
	for _, one := range old {
		until := one.GetUntil()
		if until == nil {
			until = timestamppb.New(now.Add(overlap))
		}
		if until.AsTime().After(now) {
			out = append(out, &reportv1.WebhookSecret{Key: one.GetKey(), Until: until})
		}
	}
	return out
}

// sealed is what a target is bound to: it opens nowhere else.
func sealed(h *held) []byte { return []byte(h.brand + "\x00" + h.id) }

// where is where a subscription goes.
func (s *Server) where(h *held) (*reportv1.SubscriptionTarget, error) {
	plain, err := s.sealer.Open(h.record.GetTarget(), sealed(h))
	if err != nil {
		return nil, fmt.Errorf("open target of subscription %s: %w", h.id, err)
	}
	out := &reportv1.SubscriptionTarget{}
	if err := proto.Unmarshal(plain, out); err != nil {
		return nil, fmt.Errorf("read target of subscription %s: %w", h.id, err)
	}
	return out, nil
}

// keys are those that sign now.
func keys(to *reportv1.SubscriptionTarget, now time.Time) (out [][]byte) {
	for _, one := range to.GetSecrets() {
		if one.GetUntil() == nil || one.GetUntil().AsTime().After(now) {
			out = append(out, one.GetKey())
		}
	}
	return out
}

// secret is that of a webhook, for the owner who lost the answer.
func (s *Server) secret(h *held) (string, error) {
	to, err := s.where(h)
	if err != nil || len(to.GetSecrets()) == 0 {
		return "", err
	}
	return carrier.Secret(to.GetSecrets()[0].GetKey()), nil
}

// opened is a subscription with its target.
func (s *Server) opened(h *held) (*reportv1.Subscription, error) {
	to, err := s.where(h)
	if err != nil {
		return nil, err
	}
	out := proto.CloneOf(h.subscription())
	switch {
	case to.GetEmail() != nil:
		out.Target = &reportv1.Subscription_Email{Email: to.GetEmail()}
	case to.GetWebhook() != nil:
		out.Target = &reportv1.Subscription_Webhook{Webhook: to.GetWebhook()}
	}
	return out, nil
}
