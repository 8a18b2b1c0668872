package loyalty

import (
	"context"
	"math"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

func (p *Pages) askImpact(ctx context.Context, s *scene) (*loyaltyv1.GetLoyaltyImpactResponse, error) {
	return p.points.GetLoyaltyImpact(ctx, &loyaltyv1.GetLoyaltyImpactRequest{Brand: s.Brand, ProgrammeId: s.programme.GetId(), Dates: s.window.dates()})
}

// impactData sets members beside others, and after joining beside before.
type impactData struct {
	Warning, About, CSV string
	Tables              []impactTable
}

type impactTable struct {
	ID, Title, Base, Group string
	Rows                   []impactRow
}

type impactRow struct {
	Measure, Base, BaseN, Value, N, Change, Interval string
	// Sure is set where the interval leaves no doubt that there is a difference.
	Sure bool
}

func (p *Pages) loadImpact(ctx context.Context, s *scene) (any, error) {
	got, err := p.askImpact(ctx, s)
	if err != nil {
		return nil, err
	}
	l, d := s.Lang, &impactData{CSV: s.csv("impact"), About: s.about(got.GetAsOf())}
	if got.GetWarning() != "" {
		d.Warning = l.NotCausal
	}
	d.Tables = []impactTable{
		{ID: "others", Title: l.AgainstOthers, Base: l.OthersHead, Group: l.MembersHead, Rows: s.impactRows(got.GetAgainstOthers())},
		{ID: "after", Title: l.BeforeAfter, Base: l.BeforeHead, Group: l.AfterHead, Rows: s.impactRows(got.GetBeforeAfter())},
	}
	return d, nil
}

func (s *scene) impactRows(lines []*loyaltyv1.ImpactLine) (out []impactRow) {
	for _, line := range lines {
		write, apart := s.measured(line.GetMeasure()), s.differed(line.GetMeasure())
		row := impactRow{
			Measure: s.Lang.measures[line.GetMeasure()], Base: write(line.Base), BaseN: s.Lang.Count(line.GetNBase()),
			Value: write(line.Value), N: s.Lang.Count(line.GetN()), Change: none,
		}
		if row.Measure == "" {
			row.Measure = line.GetMeasure()
		}
		if line.Change != nil {
			row.Change = apart(line.Change)
			if line.GetChange() > 0 {
				row.Change = "+" + row.Change
			}
		}
		if line.Low != nil && line.High != nil {
			row.Interval = apart(line.Low) + " … " + apart(line.High)
			row.Sure = line.GetLow() > 0 || line.GetHigh() < 0
		}
		out = append(out, row)
	}
	return out
}

// measured writes values of a measure.
func (s *scene) measured(measure string) func(*float64) string {
	return func(v *float64) string {
		switch {
		case v == nil:
			return none
		case measure == "average_check":
			return s.money(int64(math.Round(*v)))
		case measure == "retention":
			return s.Lang.Percent(*v / 100)
		}
		return s.Lang.Fixed(*v, 2)
	}
}

// differed writes differences of values of a measure: those of shares are points.
func (s *scene) differed(measure string) func(*float64) string {
	if measure != "retention" {
		return s.measured(measure)
	}
	return func(v *float64) string { return s.Lang.Fixed(*v, 1) + "\u00a0" + s.Lang.Shares }
}

func (p *Pages) impactTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askImpact(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"comparison", "measure", "n_base", "base", "n", "value", "change", "low", "high"}}
	add := func(name string, lines []*loyaltyv1.ImpactLine) {
		for _, i := range lines {
			out = append(out, []string{
				name, i.GetMeasure(), whole(i.GetNBase()), optional(i.Base), whole(i.GetN()), optional(i.Value), optional(i.Change), optional(i.Low), optional(i.High),
			})
		}
	}
	add("members_against_others", got.GetAgainstOthers())
	add("after_against_before", got.GetBeforeAfter())
	return out, nil
}
