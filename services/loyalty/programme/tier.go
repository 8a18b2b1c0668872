package programme

import (
	"math"
	"sort"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Counted is what counts for tiers of one day, in points or minor units: of purchases of
// that day, less what came back of them on whichever day.
type Counted struct {
	Day    calendar.Day
	Amount int64
}

// Standing is where a member stands on a day.
type Standing struct {
	// Tier is the place of the tier among the rules'.
	Tier int
	// Since is its first day; Always: it was never another.
	Since  calendar.Day
	Always bool
	// Until is its last day if nothing more is earned; Ever: it has none.
	Until calendar.Day
	Ever  bool
	// Window is what counts on the day, Qualifying the sum in it, Projected the tier that
	// this sum gives by itself.
	Window     calendar.Days
	Qualifying int64
	Projected  int
	// Missing is what the next tier needs besides; 0 in the highest.
	Missing int64
	// Falls are what stops to count when if nothing more is earned, by day.
	Falls []Counted
}

// Stand is where a member stands on a day whose purchases are history: days ascending,
// each once. Later ones do not count.
//
// It is worked out from the history as it now is: what was returned never was, so a tier
// that was reached by it is lost at once, without grace.
func Stand(rules *loyaltyv1.TierRules, history []Counted, today calendar.Day) Standing {
	known := history[:sort.Search(len(history), func(i int) bool { return history[i].Day > today })]
	c := newClimb(rules, known)
	for d, ok := c.next(); ok && d <= today; d, ok = c.next() {
		c.live(d)
	}
	c.live(today)
	s := Standing{Tier: c.tier, Since: c.since, Always: !c.moved}
	s.Window, s.Qualifying = c.window(today), c.sum
	s.Projected = c.reached(s.Qualifying)
	if next := c.tier + 1; next < len(rules.GetTiers()) {
		s.Missing = max(0, rules.GetTiers()[next].GetThreshold()-s.Qualifying)
	}
	s.Falls = falls(rules, known, s)
	s.Until, s.Ever = c.until()
	return s
}

// Multiplier is the tier's on the day, in basis points.
func (s *Standing) Multiplier(rules *loyaltyv1.TierRules) int32 {
	if len(rules.GetTiers()) == 0 || rules.GetTiers()[s.Tier].GetMultiplierBp() == 0 {
		return whole
	}
	return rules.GetTiers()[s.Tier].GetMultiplierBp()
}

// climb goes through a member's days, from one on which something changes to the next.
type climb struct {
	rules   *loyaltyv1.TierRules
	history []Counted
	// added and dropped are how much of the history is in the sum, and how much has fallen
	// out of it again.
	added, dropped int
	sum            int64
	// year is the calendar year that sum is of, before the sum of the year before.
	year   int
	before int64
	at     calendar.Day

	tier  int
	since calendar.Day
	moved bool
	// below is the first day on which what counts no longer gave the tier.
	below   calendar.Day
	falling bool
}

const noDay = calendar.Day(math.MinInt32)

func newClimb(rules *loyaltyv1.TierRules, history []Counted) *climb {
	c := &climb{rules: rules, history: history, at: noDay}
	if len(history) > 0 {
		c.year, _, _ = history[0].Day.Date()
	}
	return c
}

// next is the next day on which something may change; none is false.
func (c *climb) next() (next calendar.Day, ok bool) {
	consider := func(d calendar.Day) {
		if d > c.at && (!ok || d < next) {
			next, ok = d, true
		}
	}
	if c.added < len(c.history) {
		consider(c.history[c.added].Day)
	}
	switch window := c.rules.GetWindowDays(); {
	case window > 0 && c.dropped < c.added:
		consider(c.history[c.dropped].Day + calendar.Day(window))
	case window == 0 && c.at != noDay && (c.sum != 0 || c.before != 0):
		consider(calendar.DayOn(c.year+1, time.January, 1))
	}
	if c.falling {
		consider(c.below + c.patience())
	}
	return next, ok
}

// patience is for how long a tier is kept that is no longer earned.
func (c *climb) patience() calendar.Day {
	grace := calendar.Day(c.rules.GetGraceDays())
	if c.rules.GetOneStepDown() && c.moved && c.since == c.below {
		return max(grace, 1) // it fell to this one that very day
	}
	return grace
}

// live moves to a day. No day that next told may be left out on the way.
func (c *climb) live(d calendar.Day) {
	c.at = d
	c.count(d)
	level := c.reached(max(c.sum, c.before))
	switch {
	case level > c.tier:
		c.tier, c.since, c.moved, c.falling = level, d, true, false
	case level == c.tier:
		c.falling = false
	default:
		c.fall(d, level)
	}
}

// fall lets a member down to a level once patience is over.
func (c *climb) fall(d calendar.Day, level int) {
	if !c.falling {
		c.falling, c.below = true, d
	}
	if d < c.below+c.patience() {
		return
	}
	if c.rules.GetOneStepDown() {
		level = c.tier - 1
	}
	c.tier, c.since, c.moved = level, d, true
	c.falling, c.below = true, d
	if c.reached(max(c.sum, c.before)) == c.tier {
		c.falling = false
	}
}

// count lets the sum be that of a day. In calendar years a tier that the year before
// gave lasts, so its sum stays beside.
func (c *climb) count(d calendar.Day) {
	window := c.rules.GetWindowDays()
	if window == 0 {
		c.turn(d)
	}
	for ; c.added < len(c.history) && c.history[c.added].Day <= d; c.added++ {
		c.sum += c.history[c.added].Amount
	}
	for ; window > 0 && c.dropped < c.added && c.history[c.dropped].Day <= d-calendar.Day(window); c.dropped++ {
		c.sum -= c.history[c.dropped].Amount
	}
}

// turn begins the calendar year of a day, if it is another one.
func (c *climb) turn(d calendar.Day) {
	year, _, _ := d.Date()
	switch {
	case year == c.year+1:
		c.before, c.sum = c.sum, 0
	case year > c.year:
		c.before, c.sum = 0, 0
	}
	c.year = year
}

// reached is the highest tier that an amount gives.
func (c *climb) reached(amount int64) int {
	tiers := c.rules.GetTiers()
	return max(0, sort.Search(len(tiers), func(i int) bool { return tiers[i].GetThreshold() > amount })-1)
}

// window is what counts on a day.
func (c *climb) window(d calendar.Day) calendar.Days {
	if n := c.rules.GetWindowDays(); n > 0 {
		return calendar.Days{From: d - calendar.Day(n) + 1, Until: d + 1}
	}
	return calendar.Days{From: calendar.GrainYear.First(d), Until: d + 1}
}

// until goes on without anything more being earned, to the day before the next fall.
func (c *climb) until() (last calendar.Day, ever bool) {
	tier := c.tier
	for {
		d, ok := c.next()
		if !ok || tier == 0 {
			return 0, true
		}
		if c.live(d); c.tier < tier {
			return d - 1, false
		}
	}
}

// falls are what leaves the window of a standing when.
func falls(rules *loyaltyv1.TierRules, history []Counted, s Standing) (out []Counted) {
	if rules.GetWindowDays() == 0 {
		if s.Qualifying != 0 {
			out = append(out, Counted{calendar.GrainYear.Next(s.Window.From), s.Qualifying})
		}
		return out
	}
	for _, c := range history {
		if s.Window.Has(c.Day) && c.Amount != 0 {
			out = append(out, Counted{c.Day + calendar.Day(rules.GetWindowDays()), c.Amount})
		}
	}
	return out
}
