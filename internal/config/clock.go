package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ClockSpan is a piece of the day by the wall clock, in minutes from midnight:
// [From, To). It passes over midnight where To is not after From. The zero
// ClockSpan is empty.
type ClockSpan struct{ From, To int }

// Empty tells that no minute lies in the span.
func (s ClockSpan) Empty() bool { return s == ClockSpan{} }

// Has tells whether a minute of the day, 0 to 1439, lies in the span.
func (s ClockSpan) Has(minute int) bool {
	if s.From < s.To {
		return s.From <= minute && minute < s.To
	}
	return !s.Empty() && (minute >= s.From || minute < s.To)
}

// parseClockSpan reads 21:00-09:00.
func parseClockSpan(text string) (ClockSpan, error) {
	from, to, ok := strings.Cut(text, "-")
	open, okOpen := parseClock(from)
	shut, okShut := parseClock(to)
	if !ok || !okOpen || !okShut || open == shut || open == 24*60 {
		return ClockSpan{}, fmt.Errorf("%q is not a span of the day such as 21:00-09:00", text)
	}
	return ClockSpan{From: open, To: shut % (24 * 60)}.whole(), nil
}

// whole gives the span of a whole day its own end: 00:00-24:00 is not empty.
func (s ClockSpan) whole() ClockSpan {
	if s.From == 0 && s.To == 0 {
		s.To = 24 * 60
	}
	return s
}

// parseWeekdays reads mon … sun; of nothing come all seven.
func parseWeekdays(path []any, names []string) (days [7]bool, err error) {
	for i, name := range names {
		day, ok := weekdays[name]
		if !ok {
			return days, wrong(append(slices.Clone(path), i), "weekday %q: use mon to sun", name)
		}
		days[day] = true
	}
	if len(names) == 0 {
		for day := time.Sunday; day <= time.Saturday; day++ {
			days[day] = true
		}
	}
	return days, nil
}
