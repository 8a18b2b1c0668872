package loyalty

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
)

// maxPeriods is how many periods one answer has.
const maxPeriods = 400

// periods cuts days where a grain's buckets begin; without one there are none.
func periods(days calendar.Days, grain commonv1.Grain) ([]calendar.Days, error) {
	if grain == commonv1.Grain_GRAIN_UNSPECIFIED {
		return nil, nil
	}
	g := calendar.Grain(grain)
	if !g.WholeDays() || g > calendar.GrainMonth {
		return nil, fault.Invalid().Field("grain", "must be DAY, WEEK or MONTH").Err()
	}
	var out []calendar.Days
	for one := range days.Split(g) {
		if len(out) == maxPeriods {
			return nil, fault.Invalid().Field("grain", "the days have more than %d periods", maxPeriods).Err()
		}
		out = append(out, one)
	}
	return out, nil
}

// GetParticipation reads who takes part. The response is shared: nobody may change it.
func (s *Server) GetParticipation(ctx context.Context, in *loyaltyv1.GetParticipationRequest) (*loyaltyv1.GetParticipationResponse, error) {
	b, p, err := s.rated(ctx, in.GetBrand(), in.GetProgrammeId())
	if err != nil {
		return nil, err
	}
	days, recorded, err := s.dated(ctx, b, "dates", in.GetDates())
	if err != nil {
		return nil, err
	}
	parts, err := periods(days, in.GetGrain())
	if err != nil {
		return nil, err
	}
	if err := s.guard.Cadence(ctx).Grain(in.GetGrain()); err != nil {
		return nil, err
	}
	today := s.today(b)
	compute := func(ctx context.Context) (*loyaltyv1.GetParticipationResponse, error) {
		crowd, counted := rate.CrowdMeasure(p.GetId()), rate.CountMeasure(p.GetId())
		measures := []string{crowd}
		if p.GetTiers() != nil {
			measures = append(measures, counted)
		}
		out := &loyaltyv1.GetParticipationResponse{}
		var err error
		out.AsOf, err = s.view(ctx, b, recorded, measures, func(v *fold.View[*rate.Fact]) {
			who := rate.NewParticipation(b.people().Person)
			onDays(v, crowd, recorded, who.Day)
			out.Total = who.Over(days)
			for _, one := range parts {
				out.Periods = append(out.Periods, who.Over(one))
			}
			if p.GetTiers() != nil {
				ladder := climbed(v, b, p, recorded, today)
				out.Tiers, out.Moves = ladder.Now(int64(len(who.Joined())), today), ladder.Moves(days)
			}
		})
		return out, err
	}
	out, err := fold.Ask(ctx, s.store.folds, question(b, in, days, recorded, today), codec[loyaltyv1.GetParticipationResponse](), compute)
	return out, floor.Lost("read participation", err)
}

// GetLoyaltyImpact reads whether members buy otherwise. The response is shared: nobody may
// change it.
func (s *Server) GetLoyaltyImpact(ctx context.Context, in *loyaltyv1.GetLoyaltyImpactRequest) (*loyaltyv1.GetLoyaltyImpactResponse, error) {
	b, p, err := s.rated(ctx, in.GetBrand(), in.GetProgrammeId())
	if err != nil {
		return nil, err
	}
	days, recorded, err := s.dated(ctx, b, "dates", in.GetDates())
	if err != nil {
		return nil, err
	}
	today := s.today(b)
	compute := func(ctx context.Context) (*loyaltyv1.GetLoyaltyImpactResponse, error) {
		crowd := rate.CrowdMeasure(p.GetId())
		out := &loyaltyv1.GetLoyaltyImpactResponse{Warning: rate.Warning}
		var err error
		out.AsOf, err = s.view(ctx, b, recorded, []string{crowd, rate.Receipts}, func(v *fold.View[*rate.Fact]) {
			who := rate.NewParticipation(b.people().Person)
			onDays(v, crowd, both(recorded, calendar.Days{From: recorded.From, Until: days.Until}), who.Day)
			sum := rate.NewImpact(days, today-1, who.Joined(), b.people().Person)
			onDays(v, rate.Receipts, both(recorded, sum.Reach()), sum.Day)
			out.AgainstOthers, out.BeforeAfter = sum.AgainstOthers(), sum.BeforeAfter()
		})
		return out, err
	}
	out, err := fold.Ask(ctx, s.store.folds, question(b, in, days, recorded, today), codec[loyaltyv1.GetLoyaltyImpactResponse](), compute)
	return out, floor.Lost("read impact", err)
}
