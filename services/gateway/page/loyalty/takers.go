package loyalty

import (
	"context"
	"fmt"
	"math"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// grain is how wide the periods of the days shown are: some, not hundreds.
func (w window) grain() commonv1.Grain {
	switch days := int(w.last.Sub(w.first).Hours()/24) + 1; {
	case days <= 14:
		return commonv1.Grain_GRAIN_DAY
	case days <= 120:
		return commonv1.Grain_GRAIN_WEEK
	case days <= 3650:
		return commonv1.Grain_GRAIN_MONTH
	}
	return commonv1.Grain_GRAIN_UNSPECIFIED
}

func (p *Pages) askParticipation(ctx context.Context, s *scene) (*loyaltyv1.GetParticipationResponse, error) {
	return p.points.GetParticipation(ctx, &loyaltyv1.GetParticipationRequest{
		Brand: s.Brand, ProgrammeId: s.programme.GetId(), Dates: s.window.dates(), Grain: s.window.grain(),
	})
}

// participationData is who takes part, period by period.
type participationData struct {
	About, CSV string
	Rows       []partRow
	Sum        partRow
}

type partRow struct {
	Days, Members, Enrolled, Active, Rate, Spenders string
	Bar                                             int
}

func (p *Pages) loadParticipation(ctx context.Context, s *scene) (any, error) {
	got, err := p.askParticipation(ctx, s)
	if err != nil {
		return nil, err
	}
	d := &participationData{About: s.about(got.GetAsOf()), CSV: s.csv("participation"), Sum: s.part(got.GetTotal())}
	d.Sum.Days = s.Lang.Whole
	for _, one := range got.GetPeriods() {
		d.Rows = append(d.Rows, s.part(one))
	}
	return d, nil
}

func (s *scene) part(one *loyaltyv1.Participation) partRow {
	l := s.Lang
	row := partRow{
		Days: s.period(one.GetDates()), Members: l.Count(one.GetMembers()), Enrolled: l.Count(one.GetEnrolled()),
		Active: l.Count(one.GetActive()), Rate: s.percent(one.ActiveRate), Spenders: l.Count(one.GetSpenders()),
	}
	row.Bar = int(math.Round(one.GetActiveRate()))
	return row
}

// period writes a stretch of days as short as it goes.
func (s *scene) period(r *commonv1.DateRange) string {
	first, err := time.Parse(time.DateOnly, r.GetStart())
	end, err2 := time.Parse(time.DateOnly, r.GetEnd())
	if err != nil || err2 != nil {
		return none
	}
	last := end.AddDate(0, 0, -1)
	switch {
	case s.window.grain() == commonv1.Grain_GRAIN_MONTH:
		return s.Lang.InMonth(first)
	case first.Equal(last):
		return s.Lang.ShortDay(first)
	}
	return s.Lang.ShortDay(first) + " – " + s.Lang.ShortDay(last)
}

func (p *Pages) participationTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askParticipation(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"first_day", "day_after", "members", "enrolled", "active", "active_rate_percent", "spenders"}}
	for _, one := range append(got.GetPeriods()[:len(got.GetPeriods()):len(got.GetPeriods())], got.GetTotal()) {
		out = append(out, []string{
			one.GetDates().GetStart(), one.GetDates().GetEnd(), whole(one.GetMembers()), whole(one.GetEnrolled()), whole(one.GetActive()),
			optional(one.ActiveRate), whole(one.GetSpenders()),
		})
	}
	return out, nil
}

func (p *Pages) askFlow(ctx context.Context, s *scene) (*loyaltyv1.GetTierFlowResponse, error) {
	return p.points.GetTierFlow(ctx, &loyaltyv1.GetTierFlowRequest{
		Brand: s.Brand, ProgrammeId: s.programme.GetId(),
		From: s.window.first.AddDate(0, 0, -1).Format(time.DateOnly), To: s.window.last.Format(time.DateOnly),
	})
}

// flowData is who went from tier to tier between the ends of two days.
type flowData struct {
	Help, Between, About, CSV string
	Words                     []choiceWord
	Columns                   []string
	Rows                      []flowRow
	Totals                    []string
	Members                   string
}

// choiceWord is a number with what it counts.
type choiceWord struct{ ID, Name, Value string }

type flowRow struct {
	Name, Total string
	Cells       []flowCell
}

type flowCell struct {
	Members, Share, Title string
	Shade                 int
	Stayed                bool
}

func (p *Pages) loadFlow(ctx context.Context, s *scene) (any, error) {
	got, err := p.askFlow(ctx, s)
	if err != nil {
		return nil, err
	}
	l, d := s.Lang, &flowData{CSV: s.csv("tier-flow"), Members: s.Lang.Count(got.GetMembers())}
	d.Between, d.About = s.day(got.GetFrom())+" → "+s.day(got.GetTo()), joined(l.TierRules, s.fresh(got.GetAsOf()))
	if got.GetMembers() == 0 {
		d.Help = l.NobodyYet
		return d, nil
	}
	d.Words = []choiceWord{
		{"rose", l.Rose, l.Count(got.GetRose())}, {"fell", l.Fell, l.Count(got.GetFell())},
		{"stayed", l.Stayed, l.Count(got.GetStayed())}, {"joined", l.Joined, l.Count(got.GetJoined())},
	}
	cells := map[[2]string]int64{}
	for _, w := range got.GetWays() {
		cells[[2]string{w.GetFrom(), w.GetTo()}] = w.GetMembers()
	}
	for _, t := range got.GetAfter() {
		d.Columns, d.Totals = append(d.Columns, s.tierName(t.GetTier())), append(d.Totals, l.Count(t.GetMembers()))
	}
	for _, from := range append([]*loyaltyv1.TierCount{{Members: got.GetJoined()}}, got.GetBefore()...) {
		d.Rows = append(d.Rows, s.flowRow(from, got.GetAfter(), cells))
	}
	return d, nil
}

// flowRow is where members of one tier, or those who were none, are now.
func (s *scene) flowRow(from *loyaltyv1.TierCount, after []*loyaltyv1.TierCount, cells map[[2]string]int64) flowRow {
	row := flowRow{Name: s.Lang.NewMembers, Total: s.Lang.Count(from.GetMembers())}
	if from.GetTier() != "" {
		row.Name = s.tierName(from.GetTier())
	}
	for _, to := range after {
		n := cells[[2]string{from.GetTier(), to.GetTier()}]
		cell := flowCell{Stayed: from.GetTier() == to.GetTier()}
		if n > 0 {
			share := float64(n) / float64(from.GetMembers())
			cell.Members, cell.Share, cell.Shade = s.Lang.Count(n), s.Lang.Percent(share), 1+int(math.Round(8*share))
			cell.Title = fmt.Sprintf("%s → %s: %s", row.Name, s.tierName(to.GetTier()), cell.Members)
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

func (p *Pages) flowTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askFlow(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"from", "to", "members", "first_day", "last_day"}}
	for _, w := range got.GetWays() {
		out = append(out, []string{w.GetFrom(), w.GetTo(), whole(w.GetMembers()), got.GetFrom(), got.GetTo()})
	}
	return out, nil
}
