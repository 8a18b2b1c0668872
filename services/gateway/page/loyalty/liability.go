package loyalty

import (
	"context"
	"fmt"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

func (p *Pages) askLiability(ctx context.Context, s *scene) (*loyaltyv1.GetLiabilityResponse, error) {
	day := ""
	if !s.window.now {
		day = s.window.last.Format(time.DateOnly)
	}
	return p.points.GetLiability(ctx, &loyaltyv1.GetLiabilityRequest{Brand: s.Brand, ProgrammeId: s.programme.GetId(), Day: day})
}

// liabilityData is what members can still spend, by when it ends.
type liabilityData struct {
	Help, Points, Note, About, CSV string
	Rows                           []liabilityRow
}

type liabilityRow struct {
	Month, Points, Worth, Share string
	Bar                         int
}

func (p *Pages) loadLiability(ctx context.Context, s *scene) (any, error) {
	got, err := p.askLiability(ctx, s)
	if err != nil {
		return nil, err
	}
	l := s.Lang
	d := &liabilityData{Points: l.Count(got.GetPoints()), CSV: s.csv("liability"), About: joined(l.Day(s.window.last), s.fresh(got.GetAsOf()))}
	d.Note = joined(s.worth(got.GetPoints()), l.Counted(got.GetMembers(), l.member), fmt.Sprintf(l.OwedBy, l.Count(got.GetOwed())))
	var most int64
	for _, m := range got.GetMonths() {
		most = max(most, m.GetPoints())
	}
	for _, m := range got.GetMonths() {
		row := liabilityRow{Month: l.Never, Points: l.Count(m.GetPoints()), Worth: s.worth(m.GetPoints()), Bar: bar(m.GetPoints(), most)}
		if m.GetMonth() != "" {
			row.Month = s.month(m.GetMonth())
		}
		if got.GetPoints() > 0 {
			row.Share = l.Percent(float64(m.GetPoints()) / float64(got.GetPoints()))
		}
		d.Rows = append(d.Rows, row)
	}
	if len(d.Rows) == 0 {
		d.Help = l.NothingOwed
	}
	return d, nil
}

func (p *Pages) liabilityTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askLiability(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"expires_in_month", "points", "minor_units"}}
	for _, m := range got.GetMonths() {
		out = append(out, []string{m.GetMonth(), whole(m.GetPoints()), whole(m.GetPoints() * s.programme.GetSpending().GetPointValue())})
	}
	return out, nil
}

// breakageData is what is never spent, and what is expected not to be.
type breakageData struct{ Expired, Rate, Expected, Basis, About string }

func (p *Pages) loadBreakage(ctx context.Context, s *scene) (any, error) {
	got, err := p.points.GetBreakage(ctx, &loyaltyv1.GetBreakageRequest{Brand: s.Brand, ProgrammeId: s.programme.GetId(), Dates: s.window.dates()})
	if err != nil {
		return nil, err
	}
	l := s.Lang
	d := &breakageData{Rate: s.percent(got.Rate), About: s.about(got.GetAsOf()), Expected: none, Basis: l.NoExpectation}
	d.Expired = fmt.Sprintf(l.ExpiredOf, l.Count(got.GetExpired()), l.Count(got.GetIssued()))
	if got.Expected != nil {
		points := int64(got.GetExpected() + 0.5)
		d.Expected, d.Basis = joined(l.Count(points), s.worth(points)), fmt.Sprintf(l.ExpectedBy, l.Count(int64(got.GetCohorts())))
	}
	return d, nil
}
