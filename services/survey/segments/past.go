package segments

import (
	"context"
	"errors"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// past is the members at the end of one day.
type past struct {
	set *Set
	// final: nothing that is still to come counts for the day. Otherwise the set
	// stands as long as the segment did not change behind seq.
	final bool
	seq   int64
}

// settled is how many days must have passed before a day counts as final: whoever
// keeps the log may have been away over midnight.
const settled = 2

// History is the members at the end of each of a run of days. It does not change.
type History struct {
	// Now is who is in the segment now. Nothing in the history changes without it.
	Now   *Set
	first calendar.Day
	days  []*Set
}

// On is the set at the end of a day of the run.
func (h *History) On(day calendar.Day) *Set { return h.days[day-h.first] }

// errMoved says that the segment got another rule while its past was read.
var errMoved = errors.New("segment changed while its past was read")

// Then is who was in a segment at the end of each of the days; of today and later
// days, who is in it now. Days between two of the same set are not asked for.
func (c *Cache) Then(ctx context.Context, brand, id string, days calendar.Days, zone *calendar.Zone) (*History, error) {
	s := c.segment(brand, id)
	if err := s.walk.take(ctx); err != nil {
		return nil, err
	}
	defer s.walk.leave()
	var err error
	for range 3 {
		var now *Set
		if now, err = c.newest(ctx, s); err != nil {
			return nil, err
		}
		w := walk{c: c, s: s, zone: zone, today: zone.DayOf(c.clock()), asOf: s.upTo(),
			h: &History{Now: now, first: days.From, days: make([]*Set, days.Len())}}
		if err = w.all(ctx); err == nil {
			c.weigh(s)
			return w.h, nil
		}
		if !errors.Is(err, errMoved) {
			return nil, err
		}
		s.outdate()
	}
	return nil, away(id, err)
}

// outdate makes the next who asks ask Segmentation.
func (s *segment) outdate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checked = s.checked.Add(-Recent)
}

// upTo is the commit up to which the newest set is.
func (s *segment) upTo() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asOf
}

// walk fills in one history.
type walk struct {
	c     *Cache
	s     *segment
	h     *History
	zone  *calendar.Zone
	today calendar.Day
	asOf  time.Time
}

func (w *walk) all(ctx context.Context) error {
	n := len(w.h.days)
	for n > 0 && w.day(n-1) >= w.today {
		n--
		w.h.days[n] = w.h.Now
	}
	if n == 0 {
		return nil
	}
	if err := w.find(ctx, 0, nil, nil); err != nil {
		return err
	}
	if err := w.find(ctx, n-1, w.h.days[0], w.h.Now); err != nil {
		return err
	}
	return w.between(ctx, 0, n-1)
}

func (w *walk) day(i int) calendar.Day { return w.h.first + calendar.Day(i) }

// between fills the days between two that are known. The log only goes forward:
// between two of the same number nothing happened.
func (w *walk) between(ctx context.Context, from, to int) error {
	if to-from < 2 {
		return nil
	}
	one, other := w.h.days[from], w.h.days[to]
	if one.Seq == other.Seq {
		for i := from + 1; i < to; i++ {
			w.h.days[i] = one
		}
		return nil
	}
	middle := (from + to) / 2
	if err := w.find(ctx, middle, one, other); err != nil {
		return err
	}
	if err := w.between(ctx, from, middle); err != nil {
		return err
	}
	return w.between(ctx, middle, to)
}

// find puts a day in its place: as held, or as Segmentation says, which need not
// send what is the same as one or other.
func (w *walk) find(ctx context.Context, i int, one, other *Set) error {
	day := w.day(i)
	w.s.mu.Lock()
	held, ok := w.s.days[day]
	w.s.mu.Unlock()
	if ok && (held.final || held.seq == w.h.Now.Seq) {
		w.h.days[i] = held.set
		return nil
	}
	old := held.set
	if old == nil {
		old = one
	}
	known := int64(0)
	if old != nil {
		known = old.Seq
	}
	set, _, err := w.c.fetch(ctx, w.s, day.String(), old, known)
	if err != nil {
		return w.c.failed(ctx, w.s, err)
	}
	if set.Seq != 0 && set.Version != w.h.Now.Version {
		return errMoved
	}
	for _, same := range []*Set{one, other} {
		if same != nil && same.Seq == set.Seq {
			set = same
		}
	}
	w.h.days[i] = set
	w.keep(day, set)
	return nil
}

func (w *walk) keep(day calendar.Day, set *Set) {
	over := !w.asOf.Before(w.zone.StartOf(day + 1))
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.s.now != nil && w.s.now.Version == w.h.Now.Version {
		w.s.days[day] = past{set: set, final: over && day < w.today-settled, seq: w.h.Now.Seq}
	}
}
