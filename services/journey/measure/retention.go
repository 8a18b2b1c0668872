package measure

import (
	"math"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// Retention finds each person's month of the first purchase ever, and the months
// in which it came back. A year of a million customers is ten million rows, so
// that a row costs no more than a look at its person.
type Retention struct {
	window calendar.Days
	filter Filter
	roster *roster
	// seen is by the person's place.
	seen []seen
	// base is the window's first month; there are so many.
	base, months int
	// returning counts the persons of a cohort by month; on the diagonal stands the
	// cohort itself.
	returning []int64
}

// seen is what is known of a person: the months of its first and of its latest
// purchase, counted from 1 for the window's first month.
type seen struct{ first, last uint16 }

// before is the first month of those who bought before the window.
const before = math.MaxUint16

// NewRetention starts a sum for a window that is not empty.
func NewRetention(window calendar.Days, filter Filter, person Person) *Retention {
	base := monthOf(window.From)
	months := monthOf(window.Until-1) - base + 1
	return &Retention{
		window: window, filter: filter, roster: newRoster(person),
		base: base, months: months, returning: make([]int64, months*months),
	}
}

// Day adds a day's purchases of one kind. Days come in ascending order, from the
// first that has any: who bought before the window is new in none of its months.
func (r *Retention) Day(day calendar.Day, e *tally.Events) {
	month := uint16(before)
	if r.window.Has(day) {
		month = uint16(monthOf(day) - r.base + 1)
	} else if day >= r.window.Until {
		return
	}
	take := r.filter.rows(e.Traits())
	for _, run := range e.Runs() {
		for i, who := range run.Who {
			if who > 0 && run.Count[i] > 0 && take[run.Trait[i]] {
				r.bought(who, month)
			}
		}
	}
}

func (r *Retention) bought(who int64, month uint16) {
	place := r.roster.place(who)
	for int(place) >= len(r.seen) {
		r.seen = append(r.seen, seen{})
	}
	s := &r.seen[place]
	if s.last == month {
		return
	}
	if s.first == 0 {
		s.first = month
	}
	s.last = month
	if s.first != before {
		r.returning[(int(s.first)-1)*r.months+int(month)-1]++
	}
}

// Cohorts are the months with new customers.
func (r *Retention) Cohorts() []*journeyv1.Cohort {
	var out []*journeyv1.Cohort
	for m := range r.months {
		row := r.returning[m*r.months : (m+1)*r.months]
		if row[m] > 0 {
			out = append(out, &journeyv1.Cohort{Month: monthName(r.base + m), Customers: row[m], Returning: row[m+1:]})
		}
	}
	return out
}
