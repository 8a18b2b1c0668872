package reward

import (
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// Birthday is what is known of somebody's birthday.
type Birthday struct {
	Month time.Month
	Day   int
	// Set is since when it is known to be this one; 0: nobody said it.
	Set calendar.Day
	// Known: there is one.
	Known bool
}

// known is for how many days a birthday must have been set: who sets it today gets no
// gift today.
const known = 30

// in is the birthday in a year; who was born on 29 February has it on the 28th of years
// that have no such day.
func (b Birthday) in(year int) calendar.Day { return Yearly(year, b.Month, b.Day) }

// Yearly is a day of the year in one of them; 29 February is the 28th where there is none.
func Yearly(year int, month time.Month, day int) calendar.Day {
	if month == time.February && day == 29 && time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Day() != day {
		day = 28
	}
	return calendar.DayOn(year, month, day)
}

// window are the days around a birthday in which a gift may be taken, last inclusive.
type window struct {
	birthday, first, last calendar.Day
	// since is from when on a gift would be of this birthday, or of the same year of life
	// if it was moved: one a year.
	since calendar.Day
}

// around is the window that today lies in, or otherwise the next one.
func (b Birthday) around(today calendar.Day, before, after int32) window {
	year, _, _ := today.Date()
	for y := year - 1; ; y++ {
		day := b.in(y)
		if last := day + calendar.Day(after); last >= today {
			return window{day, day - calendar.Day(before), last, b.in(y-1) + calendar.Day(after) + 1}
		}
	}
}

// Given is what became of the rule of a birthday gift today.
type Given struct {
	// Why it is not given, in words; "": it may be.
	Why string
	// Until is from which day on it may be, where that is known; 0: it is not.
	Until calendar.Day
	// Taken: it was taken this year.
	Taken bool
}

// Judge tells whether a birthday gift may be taken today. taken are the days on which the
// person took gifts of the kind.
func (b Birthday) Judge(today calendar.Day, before, after int32, taken []calendar.Day) Given {
	if !b.Known {
		return Given{Why: "the birthday is not known"}
	}
	w := b.around(today, before, after)
	ready := b.Set + known
	switch {
	case today < w.first:
		return Given{Why: "the birthday is not near", Until: max(w.first, ready)}
	case today < ready && ready <= w.last:
		return Given{Why: "the birthday was set less than 30 days ago", Until: ready}
	case today < ready:
		year, _, _ := w.birthday.Date()
		next := b.in(year+1) - calendar.Day(before)
		return Given{Why: "the birthday was set less than 30 days ago", Until: max(ready, next)}
	}
	for _, day := range taken {
		if day >= w.since {
			year, _, _ := w.birthday.Date()
			return Given{Why: "a birthday gift was taken this year", Until: b.in(year+1) - calendar.Day(before), Taken: true}
		}
	}
	return Given{}
}
