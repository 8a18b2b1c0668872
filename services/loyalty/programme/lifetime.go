package programme

import (
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Expiry is when points of something that happened at a time expire: from this instant
// on they are gone. The zero time: never.
//
// Whole months must pass, so the last day that points live on is the day of the same
// number, and the midnight that ends it takes them: points of 31 January live for one
// month up to and including the last of February.
func Expiry(l *loyaltyv1.Lifetime, zone *calendar.Zone, occurred time.Time) time.Time {
	if l.GetExpireMonths() == 0 {
		return time.Time{}
	}
	last := zone.DayOf(occurred).AddMonths(int(l.GetExpireMonths()))
	switch {
	case l.GetExpireEndOfYear():
		return zone.StartOf(calendar.GrainYear.Next(last))
	case l.GetExpireEndOf() == commonv1.Grain_GRAIN_MONTH:
		return zone.StartOf(calendar.GrainMonth.Next(last))
	}
	return zone.StartOf(last + 1)
}

// ActiveFrom is from when points may be spent that happened at a time, unless they wait
// for a delivery: at once, or from the beginning of a day.
func ActiveFrom(l *loyaltyv1.Lifetime, zone *calendar.Zone, occurred time.Time) time.Time {
	if l.GetPendingDays() == 0 {
		return occurred
	}
	return zone.StartOf(zone.DayOf(occurred) + calendar.Day(l.GetPendingDays()))
}

// IdleUntil is when all points expire if nothing is earned by a purchase after the last
// one: behind so many whole days without. The zero time: never.
func IdleUntil(l *loyaltyv1.Lifetime, zone *calendar.Zone, last time.Time) time.Time {
	if l.GetIdleDays() == 0 {
		return time.Time{}
	}
	return zone.StartOf(zone.DayOf(last) + calendar.Day(l.GetIdleDays()) + 1)
}
