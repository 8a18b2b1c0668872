package value

import (
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// DefaultActive is for how many days a purchase makes a customer active, where the
// brand says nothing else.
const DefaultActive = 90

// Period counts customers around a run of days. A customer is active when a day
// begins if there was a purchase in the days before it that count as activity.
type Period struct {
	// Start were active when it began, End when it ended.
	Start, End int64
	// New are those of End who are not of Start: they came, or came back.
	New int64
	// Active are those who were active at any moment of it; Lost those of them who no
	// longer are when it ends.
	Active, Lost int64
}

// Add counts a customer in, by the days with a purchase, ascending; a purchase makes
// active for so many days.
func (p *Period) Add(bought []calendar.Day, over calendar.Days, active int) {
	before := calendar.Day(active)
	start := anyOf(bought, calendar.Days{From: over.From - before, Until: over.From})
	end := anyOf(bought, calendar.Days{From: over.Until - before, Until: over.Until})
	ever := anyOf(bought, calendar.Days{From: over.From - before, Until: over.Until})
	p.Start += start
	p.End += end
	p.New += end * (1 - start)
	p.Active += ever
	p.Lost += ever * (1 - end)
}

// plus counts others in, or out again where sign is −1.
func (p *Period) plus(o *Period, sign int64) {
	p.Start += sign * o.Start
	p.End += sign * o.End
	p.New += sign * o.New
	p.Active += sign * o.Active
	p.Lost += sign * o.Lost
}

// anyOf is 1 if any of the days lies within, else 0.
func anyOf(days []calendar.Day, within calendar.Days) int64 {
	at, _ := slices.BinarySearch(days, within.From)
	if at < len(days) && within.Has(days[at]) {
		return 1
	}
	return 0
}

// Retention is CRR: how many percent of those at the start are there at the end, new
// ones left out.
func (p *Period) Retention() (percent float64, ok bool) {
	return ratio(100*float64(p.End-p.New), float64(p.Start))
}

// Churn is how many percent of the active ones were lost.
func (p *Period) Churn() (percent float64, ok bool) {
	return ratio(100*float64(p.Lost), float64(p.Active))
}
