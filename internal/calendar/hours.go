package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// minutesPerDay is the end of a day on the wall clock, written 24:00.
const minutesPerDay = 24 * 60

// Opening is a time of the day when somebody is at work, in minutes of the wall
// clock: [From, To), To at most 24:00. A night shift is two openings, up to
// 24:00 of one day and from 00:00 of the next.
type Opening struct{ From, To int }

// ParseOpening reads "09:00-18:30".
func ParseOpening(text string) (Opening, error) {
	var h1, m1, h2, m2 int
	var rest string
	n, _ := fmt.Sscanf(text+" .", "%2d:%2d-%2d:%2d%s", &h1, &m1, &h2, &m2, &rest)
	o := Opening{From: h1*60 + m1, To: h2*60 + m2}
	if n != 5 || rest != "." || m1 > 59 || m2 > 59 || !o.valid() {
		return Opening{}, fmt.Errorf("opening %q is not written as 09:00-18:00", text)
	}
	return o, nil
}

func (o Opening) valid() bool { return o.From >= 0 && o.From < o.To && o.To <= minutesPerDay }

// Week is the openings of each weekday, indexed by time.Weekday (Sunday is 0).
type Week [7][]Opening

// Hours is a brand's business hours. Business time is the time during which the
// wall clock stands within an opening of a day that is no holiday; it is
// measured as it passes, so an opening that loses an hour to a clock change is
// an hour shorter. Immutable and safe for concurrent use.
type Hours struct {
	zone     *Zone
	week     Week
	holidays map[Day]bool
	always   bool
}

// AlwaysOpen is the default: business time is all time.
func AlwaysOpen(zone *Zone) *Hours { return &Hours{zone: zone, always: true} }

// NewHours makes business hours of a week and of the days that are closed
// altogether. Openings that touch or overlap become one. A week without any is
// refused: nothing would ever fall due.
func NewHours(zone *Zone, week Week, holidays []Day) (*Hours, error) {
	h := &Hours{zone: zone, holidays: make(map[Day]bool, len(holidays))}
	open := false
	for weekday, openings := range week {
		for _, o := range openings {
			if !o.valid() {
				return nil, fmt.Errorf("opening %d-%d on %s: minutes must ascend within 0-%d",
					o.From, o.To, time.Weekday(weekday), minutesPerDay)
			}
			open = true
		}
		h.week[weekday] = joined(openings)
	}
	if !open {
		return nil, errors.New("business hours without any opening")
	}
	for _, d := range holidays {
		h.holidays[d] = true
	}
	return h, nil
}

// joined sorts openings and joins those that touch, so that no minute counts
// twice.
func joined(openings []Opening) []Opening {
	sorted := slices.SortedFunc(slices.Values(openings), func(a, b Opening) int { return cmp.Compare(a.From, b.From) })
	var out []Opening
	for _, o := range sorted {
		if n := len(out); n > 0 && o.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, o.To)
		} else {
			out = append(out, o)
		}
	}
	return out
}

// Between is the business time that passes from a to b; 0 if b is not after a.
func (h *Hours) Between(a, b time.Time) time.Duration {
	if !a.Before(b) {
		return 0
	}
	if h.always {
		return b.Sub(a)
	}
	var total time.Duration
	for from, to := range h.open(a) {
		if !from.Before(b) {
			break
		}
		if to.After(b) {
			to = b
		}
		total += to.Sub(from)
	}
	return total
}

// Due is the first instant at which d of business time has passed since start:
// work that ends with the opening is due then, not the next morning. Without any
// work to do (d not above 0) it is start itself.
func (h *Hours) Due(start time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return start
	}
	if h.always {
		return start.Add(d)
	}
	// The sequence does not end before d is used up: holidays are finitely many
	// and every other week has an opening.
	for from, to := range h.open(start) {
		if length := to.Sub(from); length < d {
			d -= length
		} else {
			return from.Add(d)
		}
	}
	return start
}

// open gives the open times from a on, in order and without end.
func (h *Hours) open(a time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(from, to time.Time) bool) {
		for d := h.zone.DayOf(a); ; d++ {
			if h.holidays[d] {
				continue
			}
			for from, to := range h.zone.openings(d, h.week[d.Weekday()]) {
				if !to.After(a) {
					continue
				}
				if from.Before(a) {
					from = a
				}
				if !yield(from, to) {
					return
				}
			}
		}
	}
}

// openings gives the times of a day during which its wall clock stands within
// one of the openings. Each stretch between clock changes is looked at apart: an
// opening may lose time to a change, or come twice.
func (z *Zone) openings(d Day, openings []Opening) iter.Seq2[time.Time, time.Time] {
	return func(yield func(from, to time.Time) bool) {
		start, end := z.startOf(d), z.startOf(d+1)
		for i := z.at(start); i < len(z.stretches) && z.stretches[i].from < end; i++ {
			midnight := int64(d)*secondsPerDay - z.stretches[i].offset
			first, last := max(start, z.stretches[i].from), end
			if i+1 < len(z.stretches) {
				last = min(end, z.stretches[i+1].from)
			}
			for _, o := range openings {
				from, to := max(first, midnight+int64(o.From)*60), last
				// 24:00 is the end of the day, even where it is late.
				if o.To < minutesPerDay {
					to = min(last, midnight+int64(o.To)*60)
				}
				if from < to && !yield(time.Unix(from, 0).In(z.loc), time.Unix(to, 0).In(z.loc)) {
					return
				}
			}
		}
	}
}
