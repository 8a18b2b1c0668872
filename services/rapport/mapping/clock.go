package mapping

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// layout is a form of time, in the words of strftime. It is read by us and not
// by package time, in whose layouts the 1 of "12/31/1899" would be a month.
type layout struct {
	text  string
	parts []timePart
}

// timePart is a literal or, if it is a field, one of fields by its letter.
type timePart struct {
	literal string
	field   byte
}

// fields are the letters a layout may use and how many digits each may have; 0
// is not a number. %s and %Q are seconds and milliseconds since 1970.
var fields = map[byte]int{
	'Y': 4, 'm': 2, 'd': 2, 'H': 2, 'I': 2, 'M': 2, 'S': 2, 'y': 2, 'f': 9, 's': 12, 'Q': 15, 'p': 0, 'b': 0, 'z': 0,
}

// layouts is one layout or a list of them, tried in turn.
func layouts(at place) ([]layout, error) {
	list := []place{at}
	if text, err := at.text(); err != nil || text == "" {
		if list, err = at.items(); err != nil || len(list) == 0 {
			return nil, at.errorf("a form of time is needed here, or a list of them")
		}
	}
	out := make([]layout, len(list))
	for i, item := range list {
		text, err := item.text()
		if err != nil {
			return nil, err
		}
		if out[i], err = parseLayout(text); err != nil {
			return nil, item.errorf("%s", err)
		}
	}
	return out, nil
}

func parseLayout(text string) (layout, error) {
	l := layout{text: text}
	var literal strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			literal.WriteByte(text[i])
			continue
		}
		i++
		if i < len(text) && text[i] == '%' {
			literal.WriteByte('%')
			continue
		}
		if i == len(text) {
			return l, fmt.Errorf("%q ends in a lone %%", text)
		}
		if _, ok := fields[text[i]]; !ok {
			return l, fmt.Errorf("unknown %%%c in %q; known are %%Y %%y %%m %%b %%d %%H %%I %%p %%M %%S %%f %%z %%s %%Q", text[i], text)
		}
		if literal.Len() > 0 {
			l.parts = append(l.parts, timePart{literal: literal.String()})
			literal.Reset()
		}
		l.parts = append(l.parts, timePart{field: text[i]})
	}
	if literal.Len() > 0 {
		l.parts = append(l.parts, timePart{literal: literal.String()})
	}
	return l, nil
}

// parseTime reads a text by the first layout that fits.
func parseTime(list []layout, text string, loc *time.Location) (time.Time, error) {
	var first error
	for _, l := range list {
		at, err := l.parse(text, loc)
		if err == nil {
			return at, nil
		}
		if first == nil {
			first = err
		}
	}
	return time.Time{}, first
}

// clock is what a text shows; the zero day is 1 January.
type clock struct {
	year, month, day, hour, minute, second, nanos int
	half                                          byte // A or P where %p was given
	offset                                        int  // seconds east, if fixed
	fixed, twelve                                 bool
	unix                                          int64 // microseconds
	absolute                                      bool
}

func (l layout) parse(text string, loc *time.Location) (time.Time, error) {
	c := clock{month: 1, day: 1}
	rest, ok := text, true
	for _, p := range l.parts {
		if p.field == 0 {
			rest, ok = strings.CutPrefix(rest, p.literal)
		} else {
			rest, ok = c.read(p.field, rest)
		}
		if !ok {
			break
		}
	}
	if !ok || rest != "" {
		return time.Time{}, fmt.Errorf("%s is not a time of the form %s", quoted(text), l.text)
	}
	at, ok := c.time(loc)
	if !ok {
		return time.Time{}, fmt.Errorf("%s is no time of the calendar", quoted(text))
	}
	return at, nil
}

// read takes one field from the beginning of text.
func (c *clock) read(field byte, text string) (rest string, ok bool) {
	switch field {
	case 'p':
		if len(text) < 2 || (text[1]|0x20) != 'm' {
			return text, false
		}
		c.half = text[0] &^ 0x20
		return text[2:], c.half == 'A' || c.half == 'P'
	case 'b':
		return c.readMonth(text)
	case 'z':
		return c.readOffset(text)
	}
	n := 0
	for n < len(text) && n < fields[field] && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	number, err := strconv.ParseInt(text[:n], 10, 64)
	if err != nil || (field == 'Y' && n != 4) {
		return text, false
	}
	c.set(field, number, n)
	return text[n:], true
}

func (c *clock) set(field byte, number int64, digits int) {
	switch v := int(number); field {
	case 'Y':
		c.year = v
	case 'y':
		// As POSIX has it: 69 is 1969 and 68 is 2068.
		c.year = 1900 + v
		if v < 69 {
			c.year += 100
		}
	case 'm':
		c.month = v
	case 'd':
		c.day = v
	case 'H':
		c.hour = v
	case 'I':
		c.hour, c.twelve = v, true
	case 'M':
		c.minute = v
	case 'S':
		c.second = v
	case 'f':
		for ; digits < 9; digits++ {
			v *= 10
		}
		c.nanos = v
	case 's':
		c.unix, c.absolute = number*1e6, true
	case 'Q':
		c.unix, c.absolute = number*1e3, true
	}
}

func (c *clock) readMonth(text string) (string, bool) {
	if len(text) < 3 {
		return text, false
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(text[:3]))
	c.month = i/3 + 1
	return text[3:], i >= 0 && i%3 == 0
}

// readOffset takes Z, +03, +0300 or +03:00.
func (c *clock) readOffset(text string) (string, bool) {
	c.fixed = true
	if rest, ok := strings.CutPrefix(text, "Z"); ok {
		return rest, true
	}
	if len(text) < 3 || (text[0] != '+' && text[0] != '-') {
		return text, false
	}
	hours, err := strconv.ParseUint(text[1:3], 10, 8)
	rest := text[3:]
	minutes := uint64(0)
	if trimmed := strings.TrimPrefix(rest, ":"); err == nil && len(trimmed) >= 2 {
		if minutes, err = strconv.ParseUint(trimmed[:2], 10, 8); err == nil {
			rest = trimmed[2:]
		}
	}
	c.offset = int(hours*3600 + minutes*60)
	if text[0] == '-' {
		c.offset = -c.offset
	}
	return rest, err == nil && hours < 24 && minutes < 60
}

// time is the instant the clock shows in a zone; false if there is no such day
// or time of day.
func (c *clock) time(loc *time.Location) (time.Time, bool) {
	if c.absolute {
		return time.UnixMicro(c.unix).UTC(), true
	}
	if c.twelve {
		if c.half == 0 || c.hour < 1 || c.hour > 12 {
			return time.Time{}, false
		}
		c.hour %= 12
		if c.half == 'P' {
			c.hour += 12
		}
	}
	// Shown as if in UTC: 30 February would come out as another day.
	wall := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second, c.nanos, time.UTC)
	if wall.Year() != c.year || int(wall.Month()) != c.month || wall.Day() != c.day || wall.Hour() != c.hour ||
		wall.Minute() != c.minute || wall.Second() != c.second {
		return time.Time{}, false
	}
	if c.fixed {
		return wall.Add(-time.Duration(c.offset) * time.Second), true
	}
	return instant(wall, loc), true
}

// instant is when a wall clock of a zone shows this. A time that is shown twice
// is the first of the two; one that is skipped is as much later as the clocks
// jump, so that São Paulo's missing midnight stays in its own day.
func instant(wall time.Time, loc *time.Location) time.Time {
	offset := func(at time.Time) time.Duration {
		_, seconds := at.In(loc).Zone()
		return time.Duration(seconds) * time.Second
	}
	guess := wall.Add(-offset(wall))
	before, after := offset(guess.Add(-24*time.Hour)), offset(guess.Add(24*time.Hour))
	first := wall.Add(-before)
	if before == after || offset(first) == before {
		return first
	}
	if second := wall.Add(-after); offset(second) == after {
		return second
	}
	return first
}
