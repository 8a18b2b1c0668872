package subscription

import (
	"context"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// UpdateSubscription changes one.
func (s *Server) UpdateSubscription(ctx context.Context, in *reportv1.UpdateSubscriptionRequest) (*reportv1.UpdateSubscriptionResponse, error) {
	if err := s.enter(ctx, in.GetBrand(), access.Define); err != nil {
		return nil, err
	}
	id := in.GetSubscription().GetId()
	have, err := get(ctx, s.store.db, in.GetBrand(), id)
	if err != nil {
		return nil, floor.Unavailable("update subscription", err)
	}
	if err := s.visible(ctx, in.GetBrand(), id, have); err != nil {
		return nil, err
	}
	own := have.owner() == caller(ctx)
	sub := proto.CloneOf(in.GetSubscription())
	if own {
		// What is asked of neighbours is asked before the transaction.
		if err := s.check(ctx, in.GetBrand(), sub, !sub.GetPaused()); err != nil {
			return nil, err
		}
	}
	var secret string
	out, err := s.store.change(ctx, in.GetBrand(), id, s.cfg.Clock(), func(_ *sqldb.Tx, have *held) (next *held, err error) {
		if err := s.visible(ctx, in.GetBrand(), id, have); err != nil {
			return nil, err
		}
		if etag := have.subscription().GetEtag(); sub.GetEtag() != etag {
			return nil, fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "the subscription was changed since it was read")
		}
		if !own {
			return s.paused(have, sub, in.GetRotateSecret())
		}
		next, secret, err = s.replaced(ctx, have, sub, in.GetRotateSecret())
		return next, err
	})
	if err != nil {
		return nil, floor.Unavailable("update subscription", err)
	}
	s.poke()
	told, err := s.told(out)
	return &reportv1.UpdateSubscriptionResponse{Subscription: told, WebhookSecret: secret}, err
}

// replaced is what the owner makes of a subscription, with the rights it shows by it.
func (s *Server) replaced(ctx context.Context, have *held, sub *reportv1.Subscription, rotate bool) (*held, string, error) {
	next := &held{brand: have.brand, id: have.id, record: proto.CloneOf(have.record)}
	was := have.subscription()
	stored := proto.CloneOf(sub)
	stored.Owner, stored.CreatedAt, stored.Etag, stored.StoppedBecause = was.GetOwner(), was.GetCreatedAt(), was.GetEtag()+1, ""
	next.record.Subscription = stored
	if err := s.mandate(ctx, next); err != nil {
		return nil, "", err
	}
	secret, err := s.target(next, stored, have, rotate)
	if err != nil {
		return nil, "", err
	}
	return next, secret, s.schedule(have, next)
}

// paused is what somebody else may make of one: a pause, or the end of it. One that has
// stopped is its owner's to start.
func (s *Server) paused(have *held, sub *reportv1.Subscription, rotate bool) (*held, error) {
	told, err := s.told(have)
	if err != nil {
		return nil, err
	}
	want := proto.CloneOf(sub)
	// Only what was put in counts.
	want.Paused, want.State, want.NextAt, want.StoppedBecause = told.GetPaused(), told.GetState(), told.GetNextAt(), told.GetStoppedBecause()
	want.Owner, want.CreatedAt, want.RightsUntil = told.GetOwner(), told.GetCreatedAt(), told.GetRightsUntil()
	if rotate || !proto.Equal(want, told) {
		return nil, fault.Denied(access.ReasonDenied, "somebody else's subscription can be paused, resumed and deleted only")
	}
	next := &held{brand: have.brand, id: have.id, due: have.due, record: proto.CloneOf(have.record)}
	next.subscription().Etag++
	next.subscription().Paused = sub.GetPaused()
	if have.subscription().GetState() == reportv1.Subscription_STATE_STOPPED {
		return next, nil
	}
	return next, s.schedule(have, next)
}

// stop ends a subscription by itself: what is pending is cancelled.
func (s *Server) stop(ctx context.Context, brand, id, why string, still func(*held) bool) error {
	now := s.cfg.Clock()
	_, err := s.store.stop(ctx, brand, id, now, why, func(have *held) (*held, bool) {
		if have.subscription().GetState() == reportv1.Subscription_STATE_STOPPED || !still(have) {
			return have, false
		}
		next := &held{brand: brand, id: id, record: proto.CloneOf(have.record)}
		sub := next.subscription()
		sub.State, sub.StoppedBecause, sub.Etag = reportv1.Subscription_STATE_STOPPED, why, sub.GetEtag()+1
		return next, true
	})
	return err
}
