package contact

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

// ban is one rule and when it forbids: always, on days, or by night.
type ban struct {
	rule   segmentationv1.ContactRule
	always bool
	// days are forbidden days in the order of their beginnings; they may overlap.
	days []calendar.Days
	// night is forbidden on every day.
	night config.ClockSpan
	zone  *calendar.Zone
	// detail says, for people, what forbids on a day.
	detail func(calendar.Day) string
}

func (b *ban) verdict(at, from time.Time, ever bool) *segmentationv1.ContactVerdict {
	v := &segmentationv1.ContactVerdict{Rule: b.rule, Detail: b.detail(b.zone.DayOf(at))}
	if ever {
		v.AllowedFrom = timestamppb.New(from)
	}
	return v
}

// after is the first time from t on that the ban does not cover, t itself if it
// does not cover it; ever is false if there is none in sight.
func (b *ban) after(t time.Time) (from time.Time, ever bool) {
	if b.always {
		return t, false
	}
	if !b.night.Empty() {
		return morning(b.night, b.zone.Location(), t)
	}
	until := t.Add(2 * Horizon)
	for t.Before(until) {
		day := b.zone.DayOf(t)
		free := firstFree(b.days, day)
		if free == day {
			return t, true
		}
		// A day that vanished begins with the next one, which may be forbidden too.
		t = b.zone.StartOf(free)
	}
	return t, false
}

// firstFree is the first day from day on that no run has. A run that begins
// behind the day reached so far cannot cover it, nor can those that follow.
func firstFree(runs []calendar.Days, day calendar.Day) calendar.Day {
	for _, r := range runs {
		if r.From > day {
			break
		}
		day = max(day, r.Until)
	}
	return day
}

// ordered sorts runs by their beginnings.
func ordered(runs []calendar.Days) []calendar.Days {
	slices.SortFunc(runs, func(a, b calendar.Days) int { return int(a.From) - int(b.From) })
	return runs
}

const (
	daySeconds = 24 * 60 * 60
	// recheck is where time is looked at again when package time tells an end of a
	// zone's stretch that has passed, as it does on the last day of leap years.
	recheck = 15 * time.Minute
	// nights is more jumps than any night has clock changes.
	nights = 1000
)

// morning is the first time from t on at which the wall clock is not in the
// night. Where clocks change before that, it is looked at again.
func morning(night config.ClockSpan, loc *time.Location, t time.Time) (time.Time, bool) {
	for range nights {
		local := t.In(loc)
		wall := local.Hour()*3600 + local.Minute()*60 + local.Second()
		if !night.Has(wall / 60) {
			return t, true
		}
		left := (night.To*60 - wall + daySeconds) % daySeconds
		next := t.Truncate(time.Second).Add(time.Duration(left) * time.Second)
		if _, change := local.ZoneBounds(); !change.IsZero() {
			if !change.After(t) {
				change = t.Add(recheck)
			}
			if change.Before(next) {
				next = change
			}
		}
		t = next
	}
	return t, false
}
