package loyalty

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// stretch is what a programme did in some days, and how it stood at their end.
type stretch struct {
	rate  *loyaltyv1.GetRedemptionRateResponse
	lost  *loyaltyv1.GetBreakageResponse
	owed  *loyaltyv1.GetLiabilityResponse
	takes *loyaltyv1.GetParticipationResponse
}

// stretch asks for all of it at once. Day is whose end is looked at; empty: now.
func (p *Pages) stretch(ctx context.Context, s *scene, days *commonv1.DateRange, day string) (out stretch, err error) {
	id := s.programme.GetId()
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) {
		out.rate, err = p.points.GetRedemptionRate(ctx, &loyaltyv1.GetRedemptionRateRequest{Brand: s.Brand, Scope: &loyaltyv1.RateScope{ProgrammeId: id, Dates: days}})
		return err
	})
	all.Go(func() (err error) {
		out.lost, err = p.points.GetBreakage(ctx, &loyaltyv1.GetBreakageRequest{Brand: s.Brand, ProgrammeId: id, Dates: days})
		return err
	})
	all.Go(func() (err error) {
		out.owed, err = p.points.GetLiability(ctx, &loyaltyv1.GetLiabilityRequest{Brand: s.Brand, ProgrammeId: id, Day: day})
		return err
	})
	all.Go(func() (err error) {
		out.takes, err = p.points.GetParticipation(ctx, &loyaltyv1.GetParticipationRequest{Brand: s.Brand, ProgrammeId: id, Dates: days})
		return err
	})
	return out, all.Wait()
}

// bothStretches are the days shown and those before them.
func (p *Pages) bothStretches(ctx context.Context, s *scene) (now, before stretch, err error) {
	day := ""
	if !s.window.now {
		day = s.window.last.Format(time.DateOnly)
	}
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) {
		now, err = p.stretch(ctx, s, s.window.dates(), day)
		return err
	})
	all.Go(func() (err error) {
		before, err = p.stretch(ctx, s, s.window.previous(), s.window.first.AddDate(0, 0, -1).Format(time.DateOnly))
		return err
	})
	return now, before, all.Wait()
}

// figuresData is how the programme did, beside the days before.
type figuresData struct {
	Tiles                        []tile
	Young, About, CSV, Permalink string
	Before                       string
}

// tile is one number with what it was before.
type tile struct{ ID, Name, Value, Note, Was, Change string }

func (p *Pages) loadFigures(ctx context.Context, s *scene) (any, error) {
	now, before, err := p.bothStretches(ctx, s)
	if err != nil {
		return nil, err
	}
	l, d := s.Lang, &figuresData{CSV: s.csv("figures")}
	d.About = s.about(now.rate.GetAsOf())
	d.Permalink = s.permanent()
	d.Before = l.Days(s.window.before, s.window.first.AddDate(0, 0, -1))
	if now.rate.GetYoung() {
		d.Young = l.Young
	}
	points := func(id, name string, now, before int64, note string) {
		d.Tiles = append(d.Tiles, tile{ID: id, Name: name, Value: l.Count(now), Note: note, Was: l.Count(before), Change: s.growth(now, before)})
	}
	r, rb := now.rate.GetTotal(), before.rate.GetTotal()
	points("issued", l.Issued, r.GetIssued(), rb.GetIssued(), s.worth(r.GetIssued()))
	points("spent", l.Spent, r.GetSpent(), rb.GetSpent(), joined(s.worth(r.GetSpent()), l.Counted(r.GetRedemptions(), l.redemption)))
	points("expired", l.Expired, now.lost.GetExpired(), before.lost.GetExpired(), s.worth(now.lost.GetExpired()))
	owes := ""
	if now.owed.GetOwed() > 0 {
		owes = fmt.Sprintf(l.OwedBy, l.Count(now.owed.GetOwed()))
	}
	points("outstanding", l.Outstanding, now.owed.GetPoints(), before.owed.GetPoints(),
		joined(s.worth(now.owed.GetPoints()), l.Counted(now.owed.GetMembers(), l.member), owes))
	d.Tiles = append(d.Tiles, s.share("rate", l.RedemptionRate, r.Rate, rb.Rate, fmt.Sprintf(l.Others, l.Percent(now.rate.GetBenchmark()/100))))
	t, tb := now.takes.GetTotal(), before.takes.GetTotal()
	points("members", l.Members, t.GetMembers(), tb.GetMembers(), fmt.Sprintf(l.Enrolled, l.Count(t.GetEnrolled())))
	points("active", l.Active, t.GetActive(), tb.GetActive(), fmt.Sprintf(l.Spenders, l.Count(t.GetSpenders())))
	d.Tiles = append(d.Tiles, s.share("active-rate", l.ActiveRate, t.ActiveRate, tb.ActiveRate, ""))
	return d, nil
}

// share is a tile of a percentage, which changes by points.
func (s *scene) share(id, name string, now, before *float64, note string) tile {
	out := tile{ID: id, Name: name, Value: s.percent(now), Note: note, Was: s.percent(before)}
	if now != nil && before != nil {
		out.Change = s.apart(*now - *before)
	}
	return out
}

func (p *Pages) figuresTable(ctx context.Context, s *scene) ([][]string, error) {
	now, before, err := p.bothStretches(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"figure", "value", "before", "first_day", "last_day", "before_first_day", "before_last_day"}}
	add := func(name, value, was string) {
		day := func(at time.Time) string { return at.Format(time.DateOnly) }
		out = append(out, []string{name, value, was, day(s.window.first), day(s.window.last), day(s.window.before), day(s.window.first.AddDate(0, 0, -1))})
	}
	r, rb, t, tb := now.rate.GetTotal(), before.rate.GetTotal(), now.takes.GetTotal(), before.takes.GetTotal()
	add("issued", whole(r.GetIssued()), whole(rb.GetIssued()))
	add("spent", whole(r.GetSpent()), whole(rb.GetSpent()))
	add("redemptions", whole(r.GetRedemptions()), whole(rb.GetRedemptions()))
	add("expired", whole(now.lost.GetExpired()), whole(before.lost.GetExpired()))
	add("outstanding", whole(now.owed.GetPoints()), whole(before.owed.GetPoints()))
	add("outstanding_minor_units", whole(now.owed.GetMinorUnits()), whole(before.owed.GetMinorUnits()))
	add("owed", whole(now.owed.GetOwed()), whole(before.owed.GetOwed()))
	add("members_with_points", whole(now.owed.GetMembers()), whole(before.owed.GetMembers()))
	add("redemption_rate_percent", optional(r.Rate), optional(rb.Rate))
	add("members", whole(t.GetMembers()), whole(tb.GetMembers()))
	add("enrolled", whole(t.GetEnrolled()), whole(tb.GetEnrolled()))
	add("active", whole(t.GetActive()), whole(tb.GetActive()))
	add("spenders", whole(t.GetSpenders()), whole(tb.GetSpenders()))
	add("active_rate_percent", optional(t.ActiveRate), optional(tb.ActiveRate))
	return out, nil
}
