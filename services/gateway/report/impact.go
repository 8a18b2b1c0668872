package report

import (
	"context"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

// impactDays are what the impact of programmes is of where nothing is said.
const impactDays = 365

// impact is what programmes do and cost, on its way. Each section writes its own fields
// of the programmes.
type impact struct {
	s  *Server
	b  *brand
	in *reportv1.GetLoyaltyImpactRequest
	w  window

	listed remembered[[]*loyaltyv1.Programme]
	out    remembered[[]*reportv1.ProgrammeImpact]
}

// GetLoyaltyImpact tells what loyalty programmes do and cost.
func (s *Server) GetLoyaltyImpact(ctx context.Context, in *reportv1.GetLoyaltyImpactRequest) (*reportv1.GetLoyaltyImpactResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), nil, access.Read)
	if err != nil {
		return nil, err
	}
	w := b.lastDays(s.cfg.Clock(), impactDays)
	if in.GetWindow() != nil {
		if w, err = b.window(s.cfg.Clock(), in.GetWindow()); err != nil {
			return nil, err
		}
	}
	if w.all {
		return nil, fault.Invalid().Field("window", "must have an end on both sides").Err()
	}
	i := &impact{s: s, b: b, in: in, w: w}
	out := &reportv1.GetLoyaltyImpactResponse{}
	if out.Sections, err = s.gather(ctx, b, i.parts()); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(out.GetSections(), func(s *reportv1.Section) bool { return s.GetStatus() == reportv1.Section_STATUS_OK }) {
		out.Programmes = i.out.value
	}
	return out, nil
}

func (i *impact) parts() []part {
	from := i.s.from.Loyalty
	return []part{
		i.s.part("impact", fromLoyalty, each(i, func(ctx context.Context, a *asking, p *reportv1.ProgrammeImpact) (*loyaltyv1.GetLoyaltyImpactResponse, error) {
			return call(ctx, a, fromLoyalty, from.GetLoyaltyImpact, &loyaltyv1.GetLoyaltyImpactRequest{Brand: i.b.ID, ProgrammeId: p.GetProgrammeId(), Dates: i.w.dates()})
		}, func(p *reportv1.ProgrammeImpact, out *loyaltyv1.GetLoyaltyImpactResponse) { p.Impact = out })),
		i.s.part("participation", fromLoyalty, each(i, func(ctx context.Context, a *asking, p *reportv1.ProgrammeImpact) (*loyaltyv1.GetParticipationResponse, error) {
			return call(ctx, a, fromLoyalty, from.GetParticipation, &loyaltyv1.GetParticipationRequest{Brand: i.b.ID, ProgrammeId: p.GetProgrammeId(), Dates: i.w.dates()})
		}, func(p *reportv1.ProgrammeImpact, out *loyaltyv1.GetParticipationResponse) { p.Participation = out })),
		i.s.part("redemption", fromLoyalty, each(i, i.redemption, func(p *reportv1.ProgrammeImpact, out *reportv1.Rate) { p.Redemption = out })),
		i.s.part("breakage", fromLoyalty, each(i, func(ctx context.Context, a *asking, p *reportv1.ProgrammeImpact) (*loyaltyv1.GetBreakageResponse, error) {
			return call(ctx, a, fromLoyalty, from.GetBreakage, &loyaltyv1.GetBreakageRequest{Brand: i.b.ID, ProgrammeId: p.GetProgrammeId(), Dates: i.w.dates()})
		}, func(p *reportv1.ProgrammeImpact, out *loyaltyv1.GetBreakageResponse) { p.Breakage = out })),
		i.s.part("liability", fromLoyalty, each(i, func(ctx context.Context, a *asking, p *reportv1.ProgrammeImpact) (*loyaltyv1.GetLiabilityResponse, error) {
			return call(ctx, a, fromLoyalty, from.GetLiability, &loyaltyv1.GetLiabilityRequest{Brand: i.b.ID, ProgrammeId: p.GetProgrammeId()})
		}, func(p *reportv1.ProgrammeImpact, out *loyaltyv1.GetLiabilityResponse) { p.Liability = out })),
	}
}

// each asks the same of every programme, and writes the answers down once all are there.
func each[T any](i *impact, ask func(context.Context, *asking, *reportv1.ProgrammeImpact) (T, error), put func(*reportv1.ProgrammeImpact, T)) func(context.Context, *asking) error {
	return func(ctx context.Context, a *asking) error {
		all, err := i.programmes(ctx, a)
		if err != nil {
			return err
		}
		answers := make([]T, len(all))
		calls := make([]func(context.Context) error, len(all))
		for k, p := range all {
			calls[k] = func(ctx context.Context) (err error) {
				answers[k], err = ask(ctx, a, p)
				return err
			}
		}
		if err := together(ctx, calls...); err != nil {
			return err
		}
		for k, p := range all {
			put(p, answers[k])
		}
		return nil
	}
}

// list reads the programmes that are asked for, by id.
func (i *impact) list(ctx context.Context, a *asking) ([]*loyaltyv1.Programme, error) {
	return i.listed.get(ctx, func() ([]*loyaltyv1.Programme, error) {
		out, err := call(ctx, a, fromLoyalty, i.s.from.Loyalty.ListProgrammes, &loyaltyv1.ListProgrammesRequest{Brand: i.b.ID})
		if err != nil {
			return nil, err
		}
		all := slices.Clone(out.GetProgrammes())
		slices.SortFunc(all, func(x, y *loyaltyv1.Programme) int { return strings.Compare(x.GetId(), y.GetId()) })
		id := i.in.GetProgrammeId()
		if id == "" {
			return all, nil
		}
		at := slices.IndexFunc(all, func(p *loyaltyv1.Programme) bool { return p.GetId() == id })
		if at < 0 {
			return nil, fault.NotFound(commonv1.Reason_REASON_PROGRAMME_UNKNOWN, "programme %q", id)
		}
		return all[at : at+1], nil
	})
}

// programmes are those of the answer, of which only names are known at first.
func (i *impact) programmes(ctx context.Context, a *asking) ([]*reportv1.ProgrammeImpact, error) {
	return i.out.get(ctx, func() ([]*reportv1.ProgrammeImpact, error) {
		list, err := i.list(ctx, a)
		out := make([]*reportv1.ProgrammeImpact, len(list))
		for k, p := range list {
			out[k] = &reportv1.ProgrammeImpact{ProgrammeId: p.GetId(), Title: i.b.text(p.GetTitles(), p.GetId())}
		}
		return out, err
	})
}

func (i *impact) redemption(ctx context.Context, a *asking, p *reportv1.ProgrammeImpact) (*reportv1.Rate, error) {
	read, err := i.s.redeemed(ctx, a, i.w.beside(), &loyaltyv1.RateScope{ProgrammeId: p.GetProgrammeId()}, loyaltyv1.RateSplit_RATE_SPLIT_UNSPECIFIED)
	if err != nil {
		return nil, err
	}
	return rated(stretches(read, func(p points) *reportv1.Rate { return p.rate("") })), nil
}
