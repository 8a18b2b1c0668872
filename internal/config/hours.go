package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Span is a piece of a day's wall clock, in minutes from midnight: open from
// OpenMinute, closed from CloseMinute. It never crosses midnight.
type Span struct {
	OpenMinute, CloseMinute int
}

// Week holds the spans of each weekday, in order and without overlap, by
// time.Weekday. No spans: closed.
type Week [7][]Span

var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday,
	"fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday,
}

// UnmarshalYAML reads mon: 09:00-13:00, 14:00-18:00 and so on.
func (w *Week) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: hours: give a line per weekday", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		day, ok := weekdays[key.Value]
		if !ok {
			return fmt.Errorf("line %d: key %s is not known: use mon to sun", key.Line, key.Value)
		}
		spans, err := parseSpans(value.Value)
		if err != nil {
			return fmt.Errorf("line %d: hours of %s: %w", value.Line, key.Value, err)
		}
		w[day] = spans
	}
	return nil
}

func parseSpans(text string) ([]Span, error) {
	var spans []Span
	for part := range strings.SplitSeq(text, ",") {
		from, to, ok := strings.Cut(strings.TrimSpace(part), "-")
		open, okOpen := parseClock(from)
		shut, okShut := parseClock(to)
		if !ok || !okOpen || !okShut || open >= shut {
			return nil, fmt.Errorf("%q is not a span such as 09:00-18:00", text)
		}
		if n := len(spans); n > 0 && spans[n-1].CloseMinute > open {
			return nil, fmt.Errorf("%q: spans must be in order and apart", text)
		}
		spans = append(spans, Span{OpenMinute: open, CloseMinute: shut})
	}
	return spans, nil
}

// parseClock reads 09:00 to 24:00 as minutes from midnight.
func parseClock(text string) (minute int, ok bool) {
	h, m, ok := strings.Cut(strings.TrimSpace(text), ":")
	hours, errH := strconv.Atoi(h)
	minutes, errM := strconv.Atoi(m)
	minute = hours*60 + minutes
	ok = ok && errH == nil && errM == nil && len(h) == 2 && len(m) == 2 &&
		hours >= 0 && minutes >= 0 && minutes < 60 && minute <= 24*60
	return minute, ok
}

// Holiday is one day of one year, or with Year 0 of every year.
type Holiday struct {
	Year  int
	Month time.Month
	Day   int
}

// UnmarshalYAML reads 2026-01-09, or 01-09 for every year.
func (h *Holiday) UnmarshalYAML(node *yaml.Node) error {
	if d, err := time.Parse(time.DateOnly, node.Value); err == nil {
		*h = Holiday{Year: d.Year(), Month: d.Month(), Day: d.Day()}
		return nil
	}
	// A leap year, so that 02-29 is a day.
	d, err := time.Parse(time.DateOnly, "2024-"+node.Value)
	if err != nil {
		return fmt.Errorf("line %d: holiday %q is not a date such as 2026-01-09 or 01-09", node.Line, node.Value)
	}
	*h = Holiday{Month: d.Month(), Day: d.Day()}
	return nil
}

// Closed reports whether the date is one of the brand's holidays.
func (b *Brand) Closed(year int, month time.Month, day int) bool {
	for _, h := range b.Holidays {
		if h.Month == month && h.Day == day && (h.Year == 0 || h.Year == year) {
			return true
		}
	}
	return false
}
