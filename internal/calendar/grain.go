package calendar

import (
	"fmt"
	"iter"
	"time"
)

// Grain is the length of one bucket of a report.
type Grain uint8

// The grains, ascending. Quarter hours and hours are counted from the beginning
// of the day by elapsed time; weeks begin on Monday (ISO 8601).
const (
	GrainQuarterHour Grain = iota + 1
	GrainHour
	GrainDay
	GrainWeek
	GrainMonth
	GrainQuarter
	GrainYear
)

var grainNames = [...]string{"", "quarter hour", "hour", "day", "week", "month", "quarter", "year"}

// String is the grain's English name.
func (g Grain) String() string {
	if g.Valid() {
		return grainNames[g]
	}
	return fmt.Sprintf("Grain(%d)", uint8(g))
}

// Valid tells whether g is one of the grains above.
func (g Grain) Valid() bool { return g >= GrainQuarterHour && g <= GrainYear }

// WholeDays tells whether a bucket of this grain is made of whole days, so that
// official numbers, which are kept by day, can be given in it.
func (g Grain) WholeDays() bool { return g >= GrainDay && g <= GrainYear }

// First is the first day of the bucket that holds d. A grain below a day has d.
func (g Grain) First(d Day) Day {
	year, month, _ := d.Date()
	switch g {
	case GrainWeek:
		return d - Day((d.Weekday()+6)%7)
	case GrainMonth:
		return DayOn(year, month, 1)
	case GrainQuarter:
		return DayOn(year, month-(month-1)%3, 1)
	case GrainYear:
		return DayOn(year, time.January, 1)
	}
	return d
}

// Next is the first day after the bucket that holds d.
func (g Grain) Next(d Day) Day {
	first := g.First(d)
	switch g {
	case GrainWeek:
		return first + 7
	case GrainMonth:
		return first.AddMonths(1)
	case GrainQuarter:
		return first.AddMonths(3)
	case GrainYear:
		return first.AddMonths(12)
	}
	return first + 1
}

// Days is a run of days [From, Until).
type Days struct{ From, Until Day }

// Len is the number of days, on paper.
func (r Days) Len() int { return int(max(0, r.Until-r.From)) }

// Has tells whether d lies in the run.
func (r Days) Has(d Day) bool { return d >= r.From && d < r.Until }

// Split cuts a run of days into buckets of a grain of whole days. The first and
// the last are cut to the run.
func (r Days) Split(g Grain) iter.Seq[Days] {
	return func(yield func(Days) bool) {
		for d := r.From; d < r.Until; {
			next := min(g.Next(d), r.Until)
			if !yield(Days{d, next}) {
				return
			}
			d = next
		}
	}
}

// Bucket is one piece of a range.
type Bucket struct {
	Start, End time.Time // [Start, End), cut to the range
	// Partial: the range has only a part of this bucket, so its number is not to
	// be held against whole ones.
	Partial bool
}

// Truncate is the start of the bucket that holds t.
func (z *Zone) Truncate(g Grain, t time.Time) time.Time {
	d := z.DayOf(t)
	if g.WholeDays() {
		return z.StartOf(g.First(d))
	}
	start, step := z.startOf(d), g.seconds()
	return time.Unix(start+(t.Unix()-start)/step*step, 0).In(z.loc)
}

// Next is the start of the bucket after the one that holds t.
func (z *Zone) Next(g Grain, t time.Time) time.Time {
	d := z.DayOf(t)
	if g.WholeDays() {
		return z.StartOf(g.Next(d))
	}
	start, step := z.startOf(d), g.seconds()
	next := start + ((t.Unix()-start)/step+1)*step
	// No bucket reaches into the next day, whose own count begins at 0.
	return time.Unix(min(next, z.startOf(d+1)), 0).In(z.loc)
}

func (g Grain) seconds() int64 {
	if g == GrainHour {
		return hourSeconds
	}
	return quarterSeconds
}

// Buckets cuts [start, end) into the buckets of a grain, in order. They tile the
// range exactly; none is empty. An invalid grain or an empty range has none.
func (z *Zone) Buckets(g Grain, start, end time.Time) iter.Seq[Bucket] {
	return func(yield func(Bucket) bool) {
		for t := start; g.Valid() && t.Before(end); {
			next := z.Next(g, t)
			b := Bucket{Start: t, End: next, Partial: !z.Truncate(g, t).Equal(t)}
			if next.After(end) {
				b.End, b.Partial = end, true
			}
			if !yield(b) {
				return
			}
			t = next
		}
	}
}

// DaysIn is the run of days that [start, end) touches; whole tells whether it
// begins and ends with a day.
func (z *Zone) DaysIn(start, end time.Time) (days Days, whole bool) {
	days.From = z.DayOf(start)
	days.Until = days.From
	if start.Before(end) {
		days.Until = z.DayOf(end.Add(-1)) + 1
	}
	return days, z.StartOf(days.From).Equal(start) && (days.Len() == 0 || z.StartOf(days.Until).Equal(end))
}
