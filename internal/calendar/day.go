package calendar

import (
	"fmt"
	"time"
)

// Day is a date of a brand's calendar, counted from 1970-01-01 (day 0). It is
// the number facts and slabs are keyed by; it carries no zone, so a Day means
// something only together with its brand.
type Day int32

// secondsPerDay is the length of a day on paper: only the wall clock, which
// knows nothing of clock changes, may be divided by it.
const secondsPerDay = 24 * 60 * 60

// DayOn is the day of a date. Months and days out of their range roll over as
// in time.Date.
func DayOn(year int, month time.Month, day int) Day {
	return Day(floorDiv(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), secondsPerDay))
}

// ParseDay reads a date written as 2006-01-02.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("date %q is not written as YYYY-MM-DD", text)
	}
	return Day(floorDiv(t.Unix(), secondsPerDay)), nil
}

// Date is the day's year, month and day of the month.
func (d Day) Date() (year int, month time.Month, day int) { return d.paper().Date() }

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.paper().Weekday() }

// String writes the day as 2006-01-02.
func (d Day) String() string { return d.paper().Format(time.DateOnly) }

// AddMonths moves by whole months and stays in the month it arrives in:
// 31 January + 1 month = 28 February (29 in a leap year). The clipped day is not
// remembered, so step from the first day each time (d.AddMonths(i)) and not from
// the last result.
func (d Day) AddMonths(n int) Day {
	year, month, day := d.Date()
	first := DayOn(year, month+time.Month(n), 1)
	last := DayOn(year, month+time.Month(n)+1, 0)
	return min(first+Day(day-1), last)
}

// paper is the day's midnight in UTC, where every day has 24 hours.
func (d Day) paper() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// floorDiv divides and rounds down, also before 1970.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
