package subscription

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/gateway/subscription/occasion"
)

const usualPage = 100

// position is where a page ended.
type position struct {
	Due int64  `json:"d,omitempty"`
	ID  string `json:"i"`
}

// page reads a token of a query, and how many are wanted.
func (s *Server) page(token string, size int32, query ...string) (at position, limit int, key []byte, err error) {
	if limit = int(size); limit == 0 {
		limit = usualPage
	}
	key = []byte(strings.Join(query, "\x00"))
	if token != "" && s.sealer.ReadToken(token, &at, key) != nil {
		err = fault.Invalid().Reason(commonv1.Reason_REASON_PAGE_TOKEN_INVALID).Field("page_token", "is of another query").Err()
	}
	return at, limit, key, err
}

// mine is whose subscriptions the caller sees; empty: all.
func (s *Server) mine(ctx context.Context, brand string) string {
	if s.oversees(ctx, brand) {
		return ""
	}
	return caller(ctx)
}

// ListSubscriptions lists them.
func (s *Server) ListSubscriptions(ctx context.Context, in *reportv1.ListSubscriptionsRequest) (*reportv1.ListSubscriptionsResponse, error) {
	if err := s.enter(ctx, in.GetBrand(), access.Read); err != nil {
		return nil, err
	}
	owner := s.mine(ctx, in.GetBrand())
	at, limit, key, err := s.page(in.GetPageToken(), in.GetPageSize(), "subscriptions", in.GetBrand(), owner)
	if err != nil {
		return nil, err
	}
	all, err := s.store.list(ctx, in.GetBrand(), owner, at.ID, limit+1)
	if err != nil {
		return nil, floor.Unavailable("list subscriptions", err)
	}
	out := &reportv1.ListSubscriptionsResponse{}
	if len(all) > limit {
		all = all[:limit]
		if out.NextPageToken, err = s.sealer.Token(position{ID: all[limit-1].id}, key); err != nil {
			return nil, err
		}
	}
	for _, h := range all {
		told, err := s.told(h)
		if err != nil {
			return nil, err
		}
		out.Subscriptions = append(out.Subscriptions, told)
	}
	return out, nil
}

// ListDeliveries tells what became of what was due.
func (s *Server) ListDeliveries(ctx context.Context, in *reportv1.ListDeliveriesRequest) (*reportv1.ListDeliveriesResponse, error) {
	if err := s.enter(ctx, in.GetBrand(), access.Read); err != nil {
		return nil, err
	}
	w := wanted{brand: in.GetBrand(), owner: s.mine(ctx, in.GetBrand()), subscription: in.GetSubscriptionId(), status: in.GetStatus()}
	at, limit, key, err := s.page(in.GetPageToken(), in.GetPageSize(), "deliveries", w.brand, w.owner, w.subscription, w.status.String())
	if err != nil {
		return nil, err
	}
	w.due, w.id = at.Due, at.ID
	all, err := s.store.deliveries(ctx, w, limit+1)
	if err != nil {
		return nil, floor.Unavailable("list deliveries", err)
	}
	out := &reportv1.ListDeliveriesResponse{}
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1]
		if out.NextPageToken, err = s.sealer.Token(position{Due: last.GetDueAt().AsTime().UnixMicro(), ID: last.GetId()}, key); err != nil {
			return nil, err
		}
	}
	for _, d := range all {
		out.Deliveries = append(out.Deliveries, s.shown(d))
	}
	return out, nil
}

// shown is a delivery as it is told of.
func (s *Server) shown(d *delivery) *reportv1.Delivery {
	if d.GetStatus() != reportv1.Delivery_STATUS_PENDING {
		return d.Delivery
	}
	d.NextAttemptAt = timestamppb.New(d.next)
	d.InDoubt = d.doubt || d.GetAttempts() > d.told && !d.next.After(s.cfg.Clock())
	return d.Delivery
}

// SendSubscription sends a report now, for a try.
func (s *Server) SendSubscription(ctx context.Context, in *reportv1.SendSubscriptionRequest) (*reportv1.SendSubscriptionResponse, error) {
	if err := s.enter(ctx, in.GetBrand(), access.Define); err != nil {
		return nil, err
	}
	have, err := get(ctx, s.store.db, in.GetBrand(), in.GetSubscriptionId())
	if err != nil {
		return nil, floor.Unavailable("send subscription", err)
	}
	if err := s.visible(ctx, in.GetBrand(), in.GetSubscriptionId(), have); err != nil {
		return nil, err
	}
	if have.subscription().GetState() == reportv1.Subscription_STATE_STOPPED {
		return nil, fault.Precondition(commonv1.Reason_REASON_SUBSCRIPTION_STOPPED, "the subscription has stopped: %s", have.subscription().GetStoppedBecause())
	}
	c, err := s.cadence(have.subscription())
	if err != nil {
		return nil, err
	}
	now := s.cfg.Clock()
	d := s.planned(have, c, now, now)
	d.Id, d.Trial = occasion.TrialID(have.brand, have.id, in.GetRequestId()), true
	made, err := s.store.trial(ctx, now, d)
	if err != nil {
		return nil, floor.Unavailable("send subscription", err)
	}
	s.poke()
	return &reportv1.SendSubscriptionResponse{Delivery: s.shown(made)}, nil
}

// planned is a delivery of a moment, planned now.
func (s *Server) planned(h *held, c occasion.Cadence, due, now time.Time) *delivery {
	b := s.brand(h.brand)
	window := c.Window(b.zone, due, h.subscription().GetDays())
	return &delivery{brand: h.brand, owner: h.owner(), next: now, Delivery: &reportv1.Delivery{
		Id: occasion.ID(h.brand, h.id, due), SubscriptionId: h.id, DueAt: timestamppb.New(due), Start: window.From.String(), End: window.Until.String(),
		Status: reportv1.Delivery_STATUS_PENDING, GiveUpAt: timestamppb.New(now.Add(c.Patience())),
	}}
}
