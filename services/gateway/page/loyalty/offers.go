package loyalty

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/gateway/chart"
)

// offered are a programme's offers, and how far each got.
type offered struct {
	offers []*loyaltyv1.Offer
	funnel map[string]*loyaltyv1.OfferFunnel
	fresh  *loyaltyv1.GetOfferFunnelResponse
}

func (p *Pages) askOffers(ctx context.Context, s *scene) (out offered, err error) {
	all, ctx := errgroup.WithContext(ctx)
	var list *loyaltyv1.ListOffersResponse
	all.Go(func() (err error) {
		list, err = p.points.ListOffers(ctx, &loyaltyv1.ListOffersRequest{Brand: s.Brand, ProgrammeId: s.programme.GetId()})
		return err
	})
	all.Go(func() (err error) {
		out.fresh, err = p.points.GetOfferFunnel(ctx, &loyaltyv1.GetOfferFunnelRequest{Brand: s.Brand})
		return err
	})
	err = all.Wait()
	out.offers, out.funnel = list.GetOffers(), map[string]*loyaltyv1.OfferFunnel{}
	for _, f := range out.fresh.GetOffers() {
		out.funnel[f.GetOfferId()] = f
	}
	return out, err
}

// of is how far an offer got; one that nobody received got nowhere.
func (o offered) of(one *loyaltyv1.Offer) *loyaltyv1.OfferFunnel {
	if f := o.funnel[one.GetId()]; f != nil {
		return f
	}
	return &loyaltyv1.OfferFunnel{OfferId: one.GetId()}
}

// offersData are the funnels.
type offersData struct {
	Help, About, CSV string
	Rows             []offerRow
}

type offerRow struct {
	Name, Note, Received, Viewed, ViewedShare, Completed, Redemptions, Rate, Interval string
	chart.Range
}

func (p *Pages) loadOffers(ctx context.Context, s *scene) (any, error) {
	got, err := p.askOffers(ctx, s)
	if err != nil {
		return nil, err
	}
	l, d := s.Lang, &offersData{CSV: s.csv("offers"), About: joined(s.Lang.SinceBeginning, s.fresh(got.fresh.GetAsOf()))}
	var values []chart.Value
	for _, o := range got.offers {
		f := got.of(o)
		row := offerRow{
			Name: s.titled(o.GetTitles(), o.GetId()), Received: l.Count(f.GetReceived()), Viewed: l.Count(f.GetViewed()), ViewedShare: none,
			Completed: l.Count(f.GetCompleted()), Redemptions: l.Count(f.GetRedemptions()), Rate: s.percent(f.Rate), Note: s.offerNote(o),
		}
		if f.GetReceived() > 0 {
			row.ViewedShare = l.Percent(float64(f.GetViewed()) / float64(f.GetReceived()))
		}
		value := chart.Value{Value: f.GetRate()}
		if f.Low != nil && f.High != nil {
			row.Interval = l.Fixed(f.GetLow(), 1) + " … " + l.Percent(f.GetHigh()/100)
			value.Low, value.High, value.Banded = f.GetLow(), f.GetHigh(), true
		}
		d.Rows, values = append(d.Rows, row), append(values, value)
	}
	for i, r := range chart.Ranges(append(values, chart.Value{}), 0, 100)[:len(values)] {
		d.Rows[i].Range = r
	}
	if len(d.Rows) == 0 {
		d.Help = l.NoOffers
	}
	return d, nil
}

// offerNote says until when it is valid and what it gives.
func (s *scene) offerNote(o *loyaltyv1.Offer) string {
	state := fmt.Sprintf(s.Lang.Until, s.on(o.GetValidUntil()))
	if o.GetClosed() {
		state = s.Lang.Closed
	}
	gives := ""
	if o.GetPoints() > 0 {
		gives = s.Lang.Counted(o.GetPoints(), s.Lang.point)
	}
	return joined(state, gives)
}

func (p *Pages) offersTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askOffers(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"offer", "title", "received", "viewed", "completed", "redemptions", "rate_percent", "low", "high", "valid_from", "valid_until", "closed"}}
	for _, o := range got.offers {
		f := got.of(o)
		out = append(out, []string{
			o.GetId(), s.titled(o.GetTitles(), o.GetId()), whole(f.GetReceived()), whole(f.GetViewed()), whole(f.GetCompleted()), whole(f.GetRedemptions()),
			optional(f.Rate), optional(f.Low), optional(f.High), s.instant(o.GetValidFrom()), s.instant(o.GetValidUntil()), fmt.Sprint(o.GetClosed()),
		})
	}
	return out, nil
}
