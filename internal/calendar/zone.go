// Package calendar knows a brand's days: which day an instant belongs to, when
// a day begins and ends, how days make weeks and months, and which hours are
// business hours.
//
// Every instant belongs to exactly one day, and a day is one unbroken stretch of
// time. That is not what wall clocks do by themselves: a midnight may not exist
// (São Paulo, 15 October 2017, begins at 01:00), a date may vanish (Apia,
// 30 December 2011) and, where clocks go back just after midnight, yesterday may
// show itself again for an hour (St. John's until 2011). The rule: a day begins
// at the moment from which on the wall clock shows its date or a later one. A
// vanished day is empty.
package calendar

import (
	"fmt"
	"math"
	"sort"
	"time"
	_ "time/tzdata" // zones must load in a container that has none installed
)

const (
	quarterSeconds = 15 * 60
	hourSeconds    = 60 * 60

	// tableFrom and tableUntil bound the years whose clock changes are known;
	// outside of them the nearest offset goes on.
	tableFrom, tableUntil = 1850, 2150

	// reach is further than any zone ever stood from UTC (Manila: -15:56).
	reach = 26 * hourSeconds
)

// Zone is a brand's zone, ready to be asked often: its clock changes are
// unrolled into a table once. Immutable and safe for concurrent use.
type Zone struct {
	loc       *time.Location
	stretches []stretch
}

// stretch is a time without a clock change; it lasts until the next one.
type stretch struct {
	from   int64 // Unix seconds
	offset int64 // seconds east of UTC
	// lastDay is the date shown when this stretch is over. A later date shown
	// before that is yesterday's tomorrow: clocks go back before it has begun.
	lastDay Day
}

// UTC is the zone without clock changes.
var UTC = In(time.UTC)

// Load finds a zone by its IANA name, such as Europe/Moscow. "" and "Local" are
// refused: a brand's days must not depend on the machine.
func Load(name string) (*Zone, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("zone %q: an IANA name is needed, such as Europe/Moscow", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone %q: %w", name, err)
	}
	return In(loc), nil
}

// In makes a Zone of a location.
func In(loc *time.Location) *Zone {
	z := &Zone{loc: loc}
	from := int64(math.MinInt64)
	for t := time.Date(tableFrom, 1, 1, 0, 0, 0, 0, time.UTC).In(loc); t.Year() < tableUntil; from = t.Unix() {
		_, offset := t.Zone()
		if n := len(z.stretches); n == 0 || z.stretches[n-1].offset != int64(offset) {
			z.stretches = append(z.stretches, stretch{from: from, offset: int64(offset), lastDay: math.MaxInt32})
		}
		_, end := t.ZoneBounds()
		if end.IsZero() {
			break
		}
		// Where a zone goes on by rule, package time also ends a stretch with the
		// year, and on the 366th day gives an end that has passed.
		if !end.After(t) {
			end = t.Add(quarterSeconds * time.Second)
		}
		t = end
	}
	for i := range z.stretches[:len(z.stretches)-1] {
		next := z.stretches[i+1]
		z.stretches[i].lastDay = Day(floorDiv(next.from+next.offset, secondsPerDay))
	}
	return z
}

// Location is the zone as package time knows it.
func (z *Zone) Location() *time.Location { return z.loc }

// String is the zone's name.
func (z *Zone) String() string { return z.loc.String() }

// DayOf is the day an instant belongs to: the last one that had begun.
func (z *Zone) DayOf(t time.Time) Day { return z.dayOf(t.Unix()) }

func (z *Zone) dayOf(unix int64) Day {
	s := &z.stretches[z.at(unix)]
	return min(Day(floorDiv(unix+s.offset, secondsPerDay)), s.lastDay)
}

// StartOf is the first instant of a day. A vanished day starts where the next
// one does.
func (z *Zone) StartOf(d Day) time.Time { return time.Unix(z.startOf(d), 0).In(z.loc) }

// startOf goes back from well after the day has begun to the stretch in which it
// does, so that it finds the last midnight of two, unless clocks go back to
// midnight itself: then the day had begun with the first and goes on.
func (z *Zone) startOf(d Day) int64 {
	paper := int64(d) * secondsPerDay
	i := z.at(paper + reach)
	for ; i > 0; i-- {
		midnight := paper - z.stretches[i].offset
		if midnight > z.stretches[i].from {
			break
		}
	}
	midnight := paper - z.stretches[i].offset
	if i+1 < len(z.stretches) {
		// Clocks jumped over this midnight: the day begins with the jump.
		midnight = min(midnight, z.stretches[i+1].from)
	}
	return midnight
}

// Quarter is the day an instant belongs to and the quarter hour within it,
// counted by the time elapsed since the day began: none repeats or vanishes when
// clocks change, and such a day has 92 or 100 of them.
func (z *Zone) Quarter(t time.Time) (Day, int) {
	unix := t.Unix()
	d := z.dayOf(unix)
	return d, int((unix - z.startOf(d)) / quarterSeconds)
}

// Quarters is how many quarter hours a day has: 96, but for clock changes.
func (z *Zone) Quarters(d Day) int {
	return int((z.startOf(d+1) - z.startOf(d) + quarterSeconds - 1) / quarterSeconds)
}

// StartOfQuarter is the first instant of a quarter hour of a day.
func (z *Zone) StartOfQuarter(d Day, quarter int) time.Time {
	return time.Unix(z.startOf(d)+int64(quarter)*quarterSeconds, 0).In(z.loc)
}

// ClockHour is what the hour hand shows at an instant, 0 to 23: for "by hour of
// the day", where the hour that repeats is one hour.
func (z *Zone) ClockHour(t time.Time) int { return z.clockHour(t.Unix()) }

func (z *Zone) clockHour(unix int64) int {
	wall := unix + z.stretches[z.at(unix)].offset
	return int((wall - floorDiv(wall, secondsPerDay)*secondsPerDay) / hourSeconds)
}

// ClockHours is the clock hour at which each quarter hour of the day begins: the
// table by which quarter hours are grouped into hours of the day.
func (z *Zone) ClockHours(d Day) []uint8 {
	start := z.startOf(d)
	hours := make([]uint8, z.Quarters(d))
	for i := range hours {
		hours[i] = uint8(z.clockHour(start + int64(i)*quarterSeconds))
	}
	return hours
}

// at is the index of the stretch an instant lies in.
func (z *Zone) at(unix int64) int {
	return sort.Search(len(z.stretches), func(i int) bool { return z.stretches[i].from > unix }) - 1
}
