package loyalty

import (
	"context"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
)

// usualFlow is how many days a flow is over unless days are named.
const usualFlow = 30

// flowDays reads the two days of a flow.
func flowDays(in *loyaltyv1.GetTierFlowRequest, today calendar.Day) (from, to calendar.Day, err error) {
	bad := fault.Invalid()
	read := func(field, text string, usual calendar.Day) calendar.Day {
		if text == "" {
			return usual
		}
		day, err := calendar.ParseDay(text)
		if err != nil {
			bad.Field(field, "%s", err)
			return usual
		}
		return day
	}
	to = min(read("to", in.GetTo(), today), today)
	if from = read("from", in.GetFrom(), to-usualFlow); from > to && bad.Err() == nil {
		bad.Field("from", "must not be after to")
	}
	return from, to, bad.Err()
}

// GetTierFlow reads who went from tier to tier between two days. The response is shared:
// nobody may change it.
func (s *Server) GetTierFlow(ctx context.Context, in *loyaltyv1.GetTierFlowRequest) (*loyaltyv1.GetTierFlowResponse, error) {
	b, p, err := s.rated(ctx, in.GetBrand(), in.GetProgrammeId())
	if err != nil {
		return nil, err
	}
	today := s.today(b)
	from, to, err := flowDays(in, today)
	if err != nil {
		return nil, err
	}
	if p.GetTiers() == nil {
		return &loyaltyv1.GetTierFlowResponse{From: from.String(), To: to.String()}, nil
	}
	recorded, err := s.recorded(ctx, b)
	if err != nil {
		return nil, err
	}
	compute := func(ctx context.Context) (*loyaltyv1.GetTierFlowResponse, error) {
		crowd, counted := rate.CrowdMeasure(p.GetId()), rate.CountMeasure(p.GetId())
		var out *loyaltyv1.GetTierFlowResponse
		asOf, err := s.view(ctx, b, recorded, []string{crowd, counted}, func(v *fold.View[*rate.Fact]) {
			who := rate.NewParticipation(b.people().Person)
			onDays(v, crowd, recorded, who.Day)
			out = climbed(v, b, p, recorded, today).Flow(who.Joined(), from, to)
		})
		if err == nil {
			out.AsOf = asOf
		}
		return out, err
	}
	days := calendar.Days{From: from, Until: to + 1}
	out, err := fold.Ask(ctx, s.store.folds, question(b, in, days, recorded, today), codec[loyaltyv1.GetTierFlowResponse](), compute)
	return out, floor.Lost("read tier flow", err)
}
