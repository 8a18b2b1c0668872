package purchase

import (
	"cmp"
	"errors"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// History is what one number bought and when it came, day by day. Purchases are added and taken out
// again by difference; where they came in another order it is the same History.
type History struct {
	// days are those on which anything happened, ascending.
	days []Day
}

// Day is one day of a history.
type Day struct {
	Day calendar.Day
	Sums
	// Seen has for each trait the purchases of the day that had it, sorted by trait;
	// none is zero.
	Seen []Seen
}

// Sums are purchases and returns and what they came to, both positive, and visits.
type Sums struct {
	Purchases, Returns, Spent, Returned, Visits int64
}

// Seen is a trait and how many purchases had it.
type Seen struct {
	Trait
	Purchases int64
}

// errTaken says that more was taken out of a history than was in it.
var errTaken = errors.New("a purchase was taken out of a history that does not have it")

// Add counts a purchase in.
func (h *History) Add(p *Purchase) { h.change(p, 1) }

// Take counts a purchase out that was counted in.
func (h *History) Take(p *Purchase) error {
	h.change(p, -1)
	at, found := h.find(p.Day)
	if found && (min(h.days[at].Purchases, h.days[at].Returns, h.days[at].Visits) < 0) || found && h.days[at].short() {
		return errTaken
	}
	return nil
}

func (d *Day) short() bool {
	return slices.ContainsFunc(d.Seen, func(s Seen) bool { return s.Purchases < 0 })
}

func (h *History) find(day calendar.Day) (int, bool) {
	return slices.BinarySearchFunc(h.days, day, func(d Day, day calendar.Day) int { return cmp.Compare(d.Day, day) })
}

func (h *History) change(p *Purchase, sign int64) {
	at, found := h.find(p.Day)
	if !found {
		h.days = slices.Insert(h.days, at, Day{Day: p.Day})
	}
	d := &h.days[at]
	switch {
	case p.Visit:
		d.Visits += sign
	case p.Return:
		d.Returns += sign
		d.Returned += sign * p.Amount
	default:
		d.Purchases += sign
		d.Spent += sign * p.Amount
	}
	for _, t := range p.Traits {
		d.see(t, sign)
	}
	// An empty day leaves no trace: it must not show that there was something.
	if d.Purchases == 0 && d.Returns == 0 && d.Visits == 0 && len(d.Seen) == 0 {
		h.days = slices.Delete(h.days, at, at+1)
	}
}

func (d *Day) see(t Trait, sign int64) {
	at, found := slices.BinarySearchFunc(d.Seen, t, func(s Seen, t Trait) int { return compareTraits(s.Trait, t) })
	if !found {
		d.Seen = slices.Insert(d.Seen, at, Seen{Trait: t})
	}
	if d.Seen[at].Purchases += sign; d.Seen[at].Purchases == 0 {
		d.Seen = slices.Delete(d.Seen, at, at+1)
	}
}

// Empty tells that nothing was bought nor brought back, and nobody came.
func (h *History) Empty() bool { return len(h.days) == 0 }

// Days are the days of the history within a run, ascending. They must not be
// changed.
func (h *History) Days(within calendar.Days) []Day {
	from, _ := h.find(within.From)
	until, _ := h.find(within.Until)
	return h.days[from:max(from, until)]
}

// All are the days of the history, ascending. They must not be changed.
func (h *History) All() []Day { return h.days }

// Facts are the sums over all of a history, and the days of the first and the last
// purchase; returns have no part in those.
type Facts struct {
	Sums
	First, Last calendar.Day
}

// Facts sums the history up.
func (h *History) Facts() (f Facts) {
	for i := range h.days {
		d := &h.days[i]
		f.plus(d.Sums)
		if d.Purchases > 0 {
			if f.Purchases == d.Purchases {
				f.First = d.Day
			}
			f.Last = d.Day
		}
	}
	return f
}

func (s *Sums) plus(o Sums) {
	s.Purchases += o.Purchases
	s.Returns += o.Returns
	s.Spent += o.Spent
	s.Returned += o.Returned
	s.Visits += o.Visits
}

// Join is the facts of one person of those of two of its numbers.
func Join(a, b Facts) Facts {
	out := a
	out.plus(b.Sums)
	switch {
	case a.Purchases == 0:
		out.First, out.Last = b.First, b.Last
	case b.Purchases != 0:
		out.First, out.Last = min(a.First, b.First), max(a.Last, b.Last)
	}
	return out
}
