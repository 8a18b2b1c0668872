package query

import (
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// slots maps time to the places answers are summed in: one for each bucket of a
// series, one for each day of a rolling window, or a single one.
type slots struct {
	n       int
	buckets []calendar.Bucket
	// first is the first day read, lead how many of the days read stand before
	// the window, for a rolling window to look back on.
	first calendar.Day
	lead  int
	day   []daySlot
}

// daySlot is where the answers of one day go.
type daySlot struct {
	slot int32
	// quarters is set where the quarter hours of the day part ways; outside means
	// that a quarter hour is not in the window.
	quarters *[128]int32
	// inside says that the day is in the window itself, not in the lead.
	inside  bool
	weekday int32
	hours   []uint8 // clock hour of each quarter hour, if asked for
}

const outside = -1

// place is the slot of a quarter hour.
func (d *daySlot) place(quarter uint8) int32 {
	if d.quarters == nil {
		return d.slot
	}
	return d.quarters[quarter&127]
}

// maxPoints bounds the points of all series of one answer.
const maxPoints = 5000

// cut lays the slots of a window out. Of more buckets than an answer may have
// points it makes just so many that the caller notices.
func (b *Brand) cut(w window, grain calendar.Grain, rolling int, hours bool) slots {
	s := slots{n: 1, first: w.days.From}
	if grain.Valid() {
		for bucket := range b.Zone.Buckets(grain, w.start, w.end) {
			if s.buckets = append(s.buckets, bucket); len(s.buckets) > maxPoints {
				return s
			}
		}
		s.n = len(s.buckets)
	}
	if rolling > 0 {
		s.lead = rolling - 1
		s.first -= calendar.Day(s.lead)
		s.n = s.lead + w.days.Len()
	}
	s.day = make([]daySlot, s.lead+w.days.Len())
	k := 0
	for i := range s.day {
		day, d := s.first+calendar.Day(i), &s.day[i]
		d.inside = day >= w.days.From
		d.weekday = int32((day.Weekday()+6)%7) + 1
		if hours {
			d.hours = b.Zone.ClockHours(day)
		}
		switch {
		case rolling > 0:
			d.slot = int32(i)
		case grain.WholeDays():
			start := b.Zone.StartOf(day)
			for k+1 < len(s.buckets) && !start.Before(s.buckets[k].End) {
				k++
			}
			d.slot = int32(k)
		}
		if w.live && d.inside {
			b.cutDay(&s, d, day, w, grain, rolling)
		}
	}
	return s
}

// cutDay gives the quarter hours of a day slots of their own, where the window
// begins or ends within the day or buckets are shorter than it.
func (b *Brand) cutDay(s *slots, d *daySlot, day calendar.Day, w window, grain calendar.Grain, rolling int) {
	fine := grain.Valid() && !grain.WholeDays()
	if !fine && !b.Zone.StartOf(day).Before(w.start) && !b.Zone.StartOf(day+1).After(w.end) {
		return
	}
	d.quarters = new([128]int32)
	for q := range d.quarters {
		d.quarters[q] = outside
	}
	for q := range min(b.Zone.Quarters(day), len(d.quarters)) {
		t := b.Zone.StartOfQuarter(day, q)
		switch {
		case t.Before(w.start) || !t.Before(w.end):
		case fine && rolling == 0:
			d.quarters[q] = s.bucketOf(t)
		default:
			d.quarters[q] = d.slot
		}
	}
}

// bucketOf is the bucket that holds t.
func (s *slots) bucketOf(t time.Time) int32 {
	low, high := 0, len(s.buckets)
	for low+1 < high {
		if mid := (low + high) / 2; s.buckets[mid].Start.After(t) {
			high = mid
		} else {
			low = mid
		}
	}
	return int32(low)
}
