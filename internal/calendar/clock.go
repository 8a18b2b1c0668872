package calendar

import "time"

// AtClock is the moment at which a clock on the wall shows an hour and a minute of a
// day: the first, where it shows them twice; where it skips them, the moment of the
// skip, from which on it shows a later time.
func (z *Zone) AtClock(d Day, hour, minute int) time.Time {
	wall := int64(d)*secondsPerDay + int64(hour)*hourSeconds + int64(minute)*60
	for i := z.at(wall - reach); ; i++ {
		s := z.stretches[i]
		unix := wall - s.offset
		if last := i+1 == len(z.stretches); last || unix < z.stretches[i+1].from {
			return time.Unix(max(unix, s.from), 0).In(z.loc)
		}
	}
}

// Vanished tells that a day has no moment: the clock went from the day before to the
// day after.
func (z *Zone) Vanished(d Day) bool { return z.startOf(d) == z.startOf(d+1) }
