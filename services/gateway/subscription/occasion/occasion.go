// Package occasion knows when a report is due, of which days it is, how it is called
// for ever, and when a delivery that failed is tried again: rules without I/O, by the
// clock that they are given.
package occasion

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

const quarter = 15 * time.Minute

// Cadence is how often reports are due in a zone.
type Cadence struct {
	*reportv1.Cadence
	Zone *calendar.Zone
}

// After is the first occasion later than a moment. Quarter hours are those of every
// zone there is: none stands at an odd minute from another.
func (c Cadence) After(t time.Time) time.Time {
	if c.GetEvery() == reportv1.Cadence_EVERY_QUARTER_HOUR {
		return t.Truncate(quarter).Add(quarter).In(c.Zone.Location())
	}
	// The clock may have been ahead of us yesterday: where one goes back across
	// midnight, today's moment may still be yesterday's.
	for d := c.first(c.Zone.DayOf(t) - 1); ; d = c.next(d) {
		if at := c.at(d); at.After(t) && !c.skips(d) {
			return at
		}
	}
}

// at is the moment of the occasion that belongs to a day.
func (c Cadence) at(d calendar.Day) time.Time {
	return c.Zone.AtClock(d, int(c.GetHour()), int(c.GetMinute()))
}

// skips tells that a day that has no moment has no daily report.
func (c Cadence) skips(d calendar.Day) bool {
	return c.GetEvery() == reportv1.Cadence_EVERY_DAY && c.Zone.Vanished(d)
}

// first is the day of the occasion in the week or month that holds d.
func (c Cadence) first(d calendar.Day) calendar.Day {
	switch c.GetEvery() {
	case reportv1.Cadence_EVERY_WEEK:
		return calendar.GrainWeek.First(d) + calendar.Day(max(c.GetWeekday(), 1)-1)
	case reportv1.Cadence_EVERY_MONTH:
		first := calendar.GrainMonth.First(d)
		return min(first+calendar.Day(max(c.GetDay(), 1)-1), first.AddMonths(1)-1)
	}
	return d
}

func (c Cadence) next(d calendar.Day) calendar.Day {
	switch c.GetEvery() {
	case reportv1.Cadence_EVERY_WEEK:
		return d + 7
	case reportv1.Cadence_EVERY_MONTH:
		return c.first(calendar.GrainMonth.Next(d))
	}
	return d + 1
}

// Due is what a recipient gets who was due at a moment, when the clock shows now: the
// last occasion up to now, and how many before it nobody was there for.
func (c Cadence) Due(due, now time.Time) (last time.Time, missed int) {
	last = due
	for {
		next := c.After(last)
		if next.After(now) {
			return last, missed
		}
		last, missed = next, missed+1
	}
}

// Reach is longer than there ever is between two occasions: a next one that is further
// away was computed by a clock that stood wrong.
func (c Cadence) Reach() time.Duration {
	const day = 24 * time.Hour
	switch c.GetEvery() {
	case reportv1.Cadence_EVERY_QUARTER_HOUR:
		return quarter
	case reportv1.Cadence_EVERY_DAY:
		return 3 * day
	case reportv1.Cadence_EVERY_WEEK:
		return 9 * day
	}
	return 33 * day
}

// Window is the days of the brand that the report of an occasion is of. Days, if
// given, is how many.
func (c Cadence) Window(brand *calendar.Zone, at time.Time, days int32) calendar.Days {
	today := brand.DayOf(at)
	switch {
	case c.GetEvery() == reportv1.Cadence_EVERY_QUARTER_HOUR:
		today = brand.DayOf(at.Add(-time.Nanosecond).Truncate(time.Second))
		return calendar.Days{From: today, Until: today + 1}
	case days > 0:
	case c.GetEvery() == reportv1.Cadence_EVERY_WEEK:
		days = 7
	case c.GetEvery() == reportv1.Cadence_EVERY_MONTH:
		first := calendar.GrainMonth.First(today)
		return calendar.Days{From: first.AddMonths(-1), Until: first}
	default:
		days = 1
	}
	return calendar.Days{From: today - calendar.Day(days), Until: today}
}

// ID is how a delivery is called: the same for the same subscription and occasion, on
// every replica and after every crash.
func ID(brand, subscription string, at time.Time) string {
	return id("occasion", brand, subscription, strconv.FormatInt(at.UnixMicro(), 10))
}

// TrialID is how a delivery is called that somebody asked for.
func TrialID(brand, subscription, request string) string {
	return id("trial", brand, subscription, request)
}

func id(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
