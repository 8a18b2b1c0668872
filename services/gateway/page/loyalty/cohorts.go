package loyalty

import (
	"context"
	"fmt"
	"math"
	"strconv"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/gateway/chart"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// askCohorts asks for the points of each month, whatever days are shown: a month's points
// are spent over many.
func (p *Pages) askCohorts(ctx context.Context, s *scene) (*loyaltyv1.GetRedemptionRateResponse, error) {
	year := s.window.last.AddDate(0, -cohortMonths+1, 1-s.window.last.Day())
	return p.points.GetRedemptionRate(ctx, &loyaltyv1.GetRedemptionRateRequest{
		Brand: s.Brand, Scope: &loyaltyv1.RateScope{ProgrammeId: s.programme.GetId(), Dates: shell.Dates(year, s.window.last)}, Cohorts: true,
	})
}

// cohortMonths is how many months of issue are shown.
const cohortMonths = 12

// cohortsData is the share spent by age, drawn and in numbers.
type cohortsData struct {
	Help, About, CSV, Label string
	Wide, Narrow            curves
	Ages                    []string
	Rows                    []cohortRow
}

// curves are lines on axes that all of them share.
type curves struct {
	chart.Line
	Curves []curve
}

// curve is one month's: its path, of more than one point, and where it ends. Shade is
// how long ago it was.
type curve struct {
	Path, Name, Title string
	// Anchor is on which side of its end the name stands, Shift how far.
	Anchor, Shift string
	End           chart.Dot
	Shade         int
}

type cohortRow struct {
	Month, Issued, Expired string
	Cells                  []cohortCell
}

type cohortCell struct {
	Share, Title string
	Shade        int
}

func (p *Pages) loadCohorts(ctx context.Context, s *scene) (any, error) {
	got, err := p.askCohorts(ctx, s)
	if err != nil {
		return nil, err
	}
	l, d := s.Lang, &cohortsData{CSV: s.csv("cohorts"), Label: s.Lang.Cohorts, About: s.fresh(got.GetAsOf())}
	var ages int
	var most float64
	for _, c := range got.GetCohorts() {
		ages = max(ages, len(c.GetShareByAge()))
		for _, share := range c.GetShareByAge() {
			most = max(most, share)
		}
	}
	if ages == 0 {
		d.Help = l.NothingMoved
		return d, nil
	}
	for age := range ages {
		d.Ages = append(d.Ages, strconv.Itoa(age))
	}
	for _, c := range got.GetCohorts() {
		d.Rows = append(d.Rows, s.cohortRow(c, ages, most))
	}
	d.Wide = s.curves(got.GetCohorts(), ages, most, 1080, 280, 12)
	d.Narrow = s.curves(got.GetCohorts(), ages, most, 360, 240, 5)
	return d, nil
}

func (s *scene) cohortRow(c *loyaltyv1.RedemptionCohort, ages int, most float64) cohortRow {
	row := cohortRow{Month: s.month(c.GetMonth()), Issued: s.Lang.Count(c.GetIssued()), Expired: s.Lang.Count(c.GetExpired())}
	for age := range ages {
		if age >= len(c.GetShareByAge()) {
			row.Cells = append(row.Cells, cohortCell{})
			continue
		}
		share := c.GetShareByAge()[age]
		cell := cohortCell{Share: s.Lang.Percent(share / 100), Title: fmt.Sprintf(s.Lang.CohortTitle, row.Month, s.Lang.Count(c.GetSpentByAge()[age]), row.Issued, age)}
		if most > 0 && share > 0 {
			cell.Shade = 1 + int(math.Min(8, 8*share/most))
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

// curves lays the months' lines out, the oldest first.
func (s *scene) curves(all []*loyaltyv1.RedemptionCohort, ages int, most float64, width, height float64, labels int) curves {
	f := chart.Frame{
		Width: width, Height: height, Min: 0, Max: math.Max(most, 1), Full: true, From: 0, To: float64(ages), Ticks: 5,
		Write: func(v float64) string { return s.Lang.Fixed(v, decimals(v)) + "\u00a0%" },
	}
	step := max((ages+labels-1)/labels, 1)
	for age := 0; age < ages; age += step {
		f.Below = append(f.Below, chart.Label{At: float64(age) + 0.5, Text: strconv.Itoa(age)})
	}
	out := curves{Line: chart.NewLine(nil, f)}
	for i, c := range all {
		var points []chart.Point
		for age, share := range c.GetShareByAge() {
			points = append(points, chart.Point{From: float64(age), To: float64(age + 1), Value: share})
		}
		if len(points) == 0 {
			continue
		}
		drawn := chart.NewLine(points, f)
		one := curve{Name: s.month(c.GetMonth()), Shade: min(4, len(all)-1-i), End: drawn.Dots[len(drawn.Dots)-1]}
		if one.Anchor, one.Shift = "start", "7"; len(points) > ages*3/4 {
			one.Anchor, one.Shift = "end", "-7" // there is no room to the right
		}
		if len(drawn.Paths) > 0 {
			one.Path = drawn.Paths[0]
		}
		one.Title = fmt.Sprintf(s.Lang.CurveTitle, one.Name, s.Lang.Percent(points[len(points)-1].Value/100), s.Lang.Count(c.GetIssued()))
		out.Curves = append(out.Curves, one)
	}
	return out
}

// decimals is how exact a mark beside an axis is written.
func decimals(v float64) int {
	if v == math.Trunc(v) {
		return 0
	}
	return 1
}

func (p *Pages) cohortsTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askCohorts(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"month", "age_months", "issued", "spent", "share_percent", "expired"}}
	for _, c := range got.GetCohorts() {
		for age, spent := range c.GetSpentByAge() {
			share := ""
			if age < len(c.GetShareByAge()) {
				share = number(c.GetShareByAge()[age])
			}
			out = append(out, []string{c.GetMonth(), strconv.Itoa(age), whole(c.GetIssued()), whole(spent), share, whole(c.GetExpired())})
		}
	}
	return out, nil
}
