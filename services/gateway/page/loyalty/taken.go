package loyalty

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// listData is a list of what a member has, as a table of texts.
type listData struct {
	Help, About, CSV string
	Heads            []string
	Rows             []listRow
}

// listRow has a name with what is said of it, and cells of which the last are numbers.
type listRow struct {
	Name, Note string
	Cells      []string
}

func (p *Pages) askHolds(ctx context.Context, s *scene) (*loyaltyv1.ListHoldsResponse, error) {
	id, err := s.number()
	if err != nil {
		return nil, err
	}
	return p.points.ListHolds(ctx, &loyaltyv1.ListHoldsRequest{Brand: s.Brand, ProgrammeId: s.programme.GetId(), CustomerId: id})
}

func (p *Pages) loadHolds(ctx context.Context, s *scene) (any, error) {
	got, err := p.askHolds(ctx, s)
	if err != nil {
		return nil, err
	}
	l := s.Lang
	d := &listData{About: s.fresh(got.GetAsOf()), CSV: s.csv("holds"), Heads: []string{l.ForHead, l.UntilHead, l.PointsHead}}
	var origins []*loyaltyv1.Origin
	for _, h := range got.GetHolds() {
		origins = append(origins, h.GetOrigin())
	}
	stores := p.names(ctx, s, origins...)
	for _, h := range got.GetHolds() {
		name := cmp.Or(s.orderOf(h.GetOrigin()), fmt.Sprintf(l.HoldOf, h.GetId()))
		d.Rows = append(d.Rows, listRow{Name: name, Note: s.where(h.GetOrigin(), stores), Cells: []string{loose(s.at(h.GetEndsAt())), l.Count(h.GetPoints())}})
	}
	if len(d.Rows) == 0 {
		d.Help = l.NoHolds
	}
	return d, nil
}

func (p *Pages) holdsTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askHolds(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"hold", "points", "ends_at", "order", "line"}}
	for _, h := range got.GetHolds() {
		out = append(out, []string{h.GetId(), whole(h.GetPoints()), s.instant(h.GetEndsAt()), h.GetOrigin().GetOrderId(), h.GetOrigin().GetLineId()})
	}
	return out, nil
}

// askTaken are the rewards that a member took of the programme, and their names.
func (p *Pages) askTaken(ctx context.Context, s *scene) (taken []*loyaltyv1.TakenReward, titles map[string]string, err error) {
	id, err := s.number()
	if err != nil {
		return nil, nil, err
	}
	all, ctx := errgroup.WithContext(ctx)
	var list *loyaltyv1.ListTakenRewardsResponse
	var rewards []*loyaltyv1.Reward
	all.Go(func() (err error) {
		list, err = p.points.ListTakenRewards(ctx, &loyaltyv1.ListTakenRewardsRequest{Brand: s.Brand, CustomerId: id})
		return err
	})
	all.Go(func() (err error) {
		rewards, err = p.askRewards(ctx, s)
		return err
	})
	err = all.Wait()
	titles = map[string]string{}
	for _, r := range rewards {
		titles[r.GetId()] = s.titled(r.GetTitles(), r.GetId())
	}
	for _, one := range list.GetTaken() {
		if titles[one.GetRewardId()] != "" {
			taken = append(taken, one)
		}
	}
	return taken, titles, err
}

func (p *Pages) loadTaken(ctx context.Context, s *scene) (any, error) {
	taken, titles, err := p.askTaken(ctx, s)
	if err != nil {
		return nil, err
	}
	l := s.Lang
	d := &listData{CSV: s.csv("rewards"), Heads: []string{l.RewardHead, l.WhenHead, l.StateHead, l.PointsHead}}
	for _, one := range taken {
		row := listRow{Name: titles[one.GetRewardId()], Note: titles[one.GetChoiceId()]}
		state := l.states[one.GetState()]
		if one.GetState() == loyaltyv1.TakenReward_STATE_HELD {
			state = joined(state, loose(fmt.Sprintf(l.Until, s.at(one.GetEndsAt()))))
		}
		row.Cells = []string{loose(s.at(one.GetTakenAt())), state, l.Count(one.GetPoints())}
		d.Rows = append(d.Rows, row)
	}
	if len(d.Rows) == 0 {
		d.Help = l.NothingTaken
	}
	return d, nil
}

func (p *Pages) takenTable(ctx context.Context, s *scene) ([][]string, error) {
	taken, titles, err := p.askTaken(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"taking", "reward", "title", "choice", "state", "points", "taken_at", "ends_at"}}
	for _, one := range taken {
		out = append(out, []string{
			one.GetId(), one.GetRewardId(), titles[one.GetRewardId()], one.GetChoiceId(), strings.TrimPrefix(one.GetState().String(), "STATE_"),
			whole(one.GetPoints()), s.instant(one.GetTakenAt()), s.instant(one.GetEndsAt()),
		})
	}
	return out, nil
}

// askPersonal are a member's offers of the programme, and the offers themselves by id.
func (p *Pages) askPersonal(ctx context.Context, s *scene) (mine []*loyaltyv1.PersonalOffer, offers map[string]*loyaltyv1.Offer, err error) {
	id, err := s.number()
	if err != nil {
		return nil, nil, err
	}
	all, ctx := errgroup.WithContext(ctx)
	var list *loyaltyv1.ListPersonalOffersResponse
	var catalogue *loyaltyv1.ListOffersResponse
	all.Go(func() (err error) {
		list, err = p.points.ListPersonalOffers(ctx, &loyaltyv1.ListPersonalOffersRequest{Brand: s.Brand, CustomerId: id})
		return err
	})
	all.Go(func() (err error) {
		catalogue, err = p.points.ListOffers(ctx, &loyaltyv1.ListOffersRequest{Brand: s.Brand, ProgrammeId: s.programme.GetId()})
		return err
	})
	err = all.Wait()
	offers = map[string]*loyaltyv1.Offer{}
	for _, o := range catalogue.GetOffers() {
		offers[o.GetId()] = o
	}
	for _, one := range list.GetOffers() {
		if offers[one.GetOfferId()] != nil {
			mine = append(mine, one)
		}
	}
	return mine, offers, err
}

func (p *Pages) loadPersonal(ctx context.Context, s *scene) (any, error) {
	mine, offers, err := p.askPersonal(ctx, s)
	if err != nil {
		return nil, err
	}
	l := s.Lang
	d := &listData{CSV: s.csv("offers"), Heads: []string{l.OfferHead, l.Received, l.Viewed, l.Completed}}
	for _, one := range mine {
		o := offers[one.GetOfferId()]
		row := listRow{Name: s.titled(o.GetTitles(), o.GetId()), Cells: []string{loose(s.on(one.GetReceivedAt())), loose(s.on(one.GetViewedAt())), loose(s.on(one.GetCompletedAt()))}}
		so := ""
		if !one.GetCompletedAt().IsValid() && one.GetPurchases() > 0 {
			so = fmt.Sprintf(l.SoFar, s.money(one.GetSpent()), l.Count(int64(one.GetPurchases())))
		}
		row.Note = joined(s.offerNote(o), so)
		d.Rows = append(d.Rows, row)
	}
	if len(d.Rows) == 0 {
		d.Help = l.NoPersonal
	}
	return d, nil
}

func (p *Pages) personalTable(ctx context.Context, s *scene) ([][]string, error) {
	mine, offers, err := p.askPersonal(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"offer", "title", "received_at", "viewed_at", "completed_at", "redemptions", "spent_minor_units", "purchases", "entry"}}
	for _, one := range mine {
		o := offers[one.GetOfferId()]
		out = append(out, []string{
			o.GetId(), s.titled(o.GetTitles(), o.GetId()), s.instant(one.GetReceivedAt()), s.instant(one.GetViewedAt()), s.instant(one.GetCompletedAt()),
			whole(int64(one.GetRedemptions())), whole(one.GetSpent()), whole(int64(one.GetPurchases())), one.GetMovementId(),
		})
	}
	return out, nil
}
