package loyalty

import (
	"context"

	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// healthTables are the programme's numbers for a spreadsheet.
var healthTables = []table{
	{"figures", (*Pages).figuresTable}, {"months", (*Pages).monthsTable}, {"tiers", (*Pages).byTierTable}, {"channels", (*Pages).byChannelTable},
	{"cohorts", (*Pages).cohortsTable}, {"liability", (*Pages).liabilityTable}, {"participation", (*Pages).participationTable},
	{"tier-flow", (*Pages).flowTable}, {"offers", (*Pages).offersTable}, {"rewards", (*Pages).rewardsTable}, {"impact", (*Pages).impactTable},
}

func (p *Pages) healthSections(s *scene) []shell.Section {
	l := s.Lang
	part := func(id string, place shell.Place, title string, load func(context.Context, *scene) (any, error)) shell.Section {
		return shell.Section{ID: id, Place: place, Title: title, Load: func(ctx context.Context) (any, error) { return load(ctx, s) }}
	}
	out := []shell.Section{
		part("figures", shell.Top, l.Figures, p.loadFigures),
		part("months", shell.Top, l.Months, p.loadMonths),
		part("by-channel", shell.Left, l.ByChannel, p.loadByChannel),
		part("cohorts", shell.Top, l.Cohorts, p.loadCohorts),
		part("liability", shell.Top, l.Liability, p.loadLiability),
		part("breakage", shell.Right, l.Breakage, p.loadBreakage),
		part("participation", shell.Bottom, l.Participation, p.loadParticipation),
		part("offers", shell.Bottom, l.Offers, p.loadOffers),
		part("rewards", shell.Bottom, l.Rewards, p.loadRewards),
		part("impact", shell.Bottom, l.Impact, p.loadImpact),
		part("lookup", shell.Bottom, l.FindMember, p.loadLookup),
	}
	if len(s.programme.GetTiers().GetTiers()) > 0 {
		out = append(out, part("by-tier", shell.Left, l.ByTier, p.loadByTier), part("tier-flow", shell.Right, l.TierFlow, p.loadFlow))
	}
	return out
}
