package loyalty

import (
	"context"
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// split asks for what was issued and spent in the days, by something.
func (p *Pages) split(ctx context.Context, s *scene, by loyaltyv1.RateSplit) (*loyaltyv1.GetRedemptionRateResponse, error) {
	return p.points.GetRedemptionRate(ctx, &loyaltyv1.GetRedemptionRateRequest{
		Brand: s.Brand, Scope: &loyaltyv1.RateScope{ProgrammeId: s.programme.GetId(), Dates: s.window.dates()}, Split: by,
	})
}

// ratesData is what was issued and spent, by group.
type ratesData struct {
	Head, About, CSV, Help string
	Rows                   []rateRow
}

// rateRow is a group; its bars are parts of the longest one.
type rateRow struct {
	Name, Issued, Spent, Rate, Redemptions string
	IssuedBar, SpentBar                    int
	Title                                  string
}

// rates draws groups in their order.
func (s *scene) rates(got *loyaltyv1.GetRedemptionRateResponse, head, csv string, name func(key string) string) *ratesData {
	d := &ratesData{Head: head, About: s.about(got.GetAsOf()), CSV: s.csv(csv)}
	var most int64
	for _, g := range got.GetGroups() {
		most = max(most, g.GetIssued(), g.GetSpent())
	}
	for _, g := range got.GetGroups() {
		d.Rows = append(d.Rows, rateRow{
			Name: name(g.GetKey()), Issued: s.Lang.Count(g.GetIssued()), Spent: s.Lang.Count(g.GetSpent()), Rate: s.percent(g.Rate),
			Redemptions: s.Lang.Count(g.GetRedemptions()), IssuedBar: bar(g.GetIssued(), most), SpentBar: bar(g.GetSpent(), most),
			Title: fmt.Sprintf(s.Lang.RateTitle, name(g.GetKey()), s.Lang.Count(g.GetIssued()), s.Lang.Count(g.GetSpent()), s.percent(g.Rate)),
		})
	}
	if len(d.Rows) == 0 {
		d.Help = s.Lang.NothingMoved
	}
	return d
}

func (p *Pages) loadMonths(ctx context.Context, s *scene) (any, error) {
	got, err := p.split(ctx, s, loyaltyv1.RateSplit_RATE_SPLIT_MONTH)
	if err != nil {
		return nil, err
	}
	return s.rates(got, s.Lang.MonthHead, "months", s.month), nil
}

func (p *Pages) loadByChannel(ctx context.Context, s *scene) (any, error) {
	got, err := p.split(ctx, s, loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL)
	if err != nil {
		return nil, err
	}
	return s.rates(got, s.Lang.ChannelHead, "channels", func(key string) string {
		return s.Lang.Channel(commonv1.Channel(commonv1.Channel_value[key]))
	}), nil
}

func (p *Pages) loadByTier(ctx context.Context, s *scene) (any, error) {
	got, err := p.split(ctx, s, loyaltyv1.RateSplit_RATE_SPLIT_TIER)
	if err != nil {
		return nil, err
	}
	return s.rates(s.lowestFirst(got), s.Lang.TierHead, "tiers", s.tierName), nil
}

// lowestFirst puts groups by tier in the order of the tiers. The answer is left as it is.
func (s *scene) lowestFirst(got *loyaltyv1.GetRedemptionRateResponse) *loyaltyv1.GetRedemptionRateResponse {
	out := &loyaltyv1.GetRedemptionRateResponse{AsOf: got.GetAsOf()}
	for _, t := range s.programme.GetTiers().GetTiers() {
		for _, g := range got.GetGroups() {
			if g.GetKey() == t.GetName() {
				out.Groups = append(out.Groups, g)
			}
		}
	}
	return out
}

// tierName is a tier's name for people.
func (s *scene) tierName(name string) string {
	for _, t := range s.programme.GetTiers().GetTiers() {
		if t.GetName() == name {
			return s.titled(t.GetTitles(), name)
		}
	}
	return name
}

func (p *Pages) splitTable(ctx context.Context, s *scene, by loyaltyv1.RateSplit, head string) ([][]string, error) {
	got, err := p.split(ctx, s, by)
	if err != nil {
		return nil, err
	}
	out := [][]string{{head, "issued", "spent", "rate_percent", "redemptions"}}
	for _, g := range got.GetGroups() {
		out = append(out, []string{g.GetKey(), whole(g.GetIssued()), whole(g.GetSpent()), optional(g.Rate), whole(g.GetRedemptions())})
	}
	return out, nil
}

func (p *Pages) monthsTable(ctx context.Context, s *scene) ([][]string, error) {
	return p.splitTable(ctx, s, loyaltyv1.RateSplit_RATE_SPLIT_MONTH, "month")
}

func (p *Pages) byChannelTable(ctx context.Context, s *scene) ([][]string, error) {
	return p.splitTable(ctx, s, loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL, "channel")
}

func (p *Pages) byTierTable(ctx context.Context, s *scene) ([][]string, error) {
	return p.splitTable(ctx, s, loyaltyv1.RateSplit_RATE_SPLIT_TIER, "tier")
}
