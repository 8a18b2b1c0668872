package loyalty

import (
	"context"
	"fmt"
	"strings"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

func (p *Pages) askRewards(ctx context.Context, s *scene) ([]*loyaltyv1.Reward, error) {
	got, err := p.points.ListRewards(ctx, &loyaltyv1.ListRewardsRequest{Brand: s.Brand, ProgrammeId: s.programme.GetId(), Closed: true})
	return got.GetRewards(), err
}

// rewardsData is the catalogue and what is left of it.
type rewardsData struct {
	Help, About, CSV string
	Rows             []rewardRow
}

// rewardRow is a reward; its bar is what is left of its stock, in percent.
type rewardRow struct {
	Name, Kind, Note, Cost, Taken, Left string
	Bounded                             bool
	Few                                 bool
	Bar                                 int
}

// fewLeft is the share of a stock from which on somebody should look after it.
const fewLeft = 10

func (p *Pages) loadRewards(ctx context.Context, s *scene) (any, error) {
	all, err := p.askRewards(ctx, s)
	if err != nil {
		return nil, err
	}
	l, d := s.Lang, &rewardsData{CSV: s.csv("rewards"), About: fmt.Sprintf(s.Lang.AsOf, s.Lang.Moment(p.cfg.Clock().In(s.brand.Location)))}
	for _, r := range all {
		row := rewardRow{Name: s.titled(r.GetTitles(), r.GetId()), Kind: l.kinds[r.GetKind()], Note: s.rewardNote(r), Cost: none, Taken: l.Count(r.GetTaken()), Left: l.Endless}
		if r.GetCost() > 0 {
			row.Cost = l.Count(r.GetCost())
		}
		if r.Stock != nil {
			left := max(0, r.GetStock()-r.GetTaken())
			row.Bounded, row.Left, row.Bar = true, fmt.Sprintf(l.LeftOf, l.Count(left), l.Count(r.GetStock())), bar(left, r.GetStock())
			row.Few = !r.GetClosed() && row.Bar < fewLeft
		}
		d.Rows = append(d.Rows, row)
	}
	if len(d.Rows) == 0 {
		d.Help = l.NoRewards
	}
	return d, nil
}

// rewardNote says for whom it is and how long.
func (s *scene) rewardNote(r *loyaltyv1.Reward) string {
	var tiers []string
	for _, t := range r.GetTiers() {
		tiers = append(tiers, s.tierName(t))
	}
	until, segment := "", ""
	if r.GetValidUntil().IsValid() {
		until = fmt.Sprintf(s.Lang.Until, s.on(r.GetValidUntil()))
	}
	if r.GetClosed() {
		until = s.Lang.Closed
	}
	if r.GetSegmentId() != "" {
		segment = fmt.Sprintf(s.Lang.ForSegment, r.GetSegmentId())
	}
	return joined(until, strings.Join(tiers, ", "), segment)
}

func (p *Pages) rewardsTable(ctx context.Context, s *scene) ([][]string, error) {
	all, err := p.askRewards(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"reward", "title", "kind", "cost", "taken", "stock", "left", "valid_until", "closed"}}
	for _, r := range all {
		stock, left := "", ""
		if r.Stock != nil {
			stock, left = whole(r.GetStock()), whole(max(0, r.GetStock()-r.GetTaken()))
		}
		out = append(out, []string{
			r.GetId(), s.titled(r.GetTitles(), r.GetId()), strings.TrimPrefix(r.GetKind().String(), "KIND_"), whole(r.GetCost()), whole(r.GetTaken()), stock, left,
			s.instant(r.GetValidUntil()), fmt.Sprint(r.GetClosed()),
		})
	}
	return out, nil
}
