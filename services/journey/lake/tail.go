package lake

import (
	"context"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// tail is what the log says behind some files: events that came, and numbers of
// events of which the version before was taken out, from the files or from the tail
// itself. All versions of an event are of the same day, so that days can be read one
// after the other.
type tail[E any] struct {
	events []E
	number func(*E) int64
	// removed has, for the number of an event, how many of events had come when it was
	// last taken out: those before are void, like whatever the files have of it.
	removed map[int64]int
}

func newTail[E any](number func(*E) int64) *tail[E] {
	return &tail[E]{number: number, removed: map[int64]int{}}
}

// add takes in the next version, or takes one out.
func (t *tail[E]) add(sign int8, e E) {
	if sign < 0 {
		t.removed[t.number(&e)] = len(t.events)
		return
	}
	t.events = append(t.events, e)
}

// drops tells that what files have of an event no longer holds.
func (t *tail[E]) drops(number int64) bool {
	if len(t.removed) == 0 {
		return false
	}
	_, ok := t.removed[number]
	return ok
}

// each calls fn for the events that hold, with their places.
func (t *tail[E]) each(fn func(int, *E)) {
	for i := range t.events {
		e := &t.events[i]
		if len(t.removed) > 0 {
			if n, ok := t.removed[t.number(e)]; ok && i < n {
				continue
			}
		}
		fn(i, e)
	}
}

// versions calls fn for each version of an event that a fact of a day behind after,
// and not behind upto, adds or takes out.
func (l *Lake) versions(ctx context.Context, brand string, day calendar.Day, after, upto int64,
	fn func(*feed.Fact, *record.Packed) error) error {
	return l.log.ReadDay(ctx, brand, int32(day), after, func(f *feed.Fact) error {
		if f.Seq > upto || f.Day != int32(day) {
			return nil
		}
		return version(f, fn)
	})
}

// version calls fn if a fact adds or takes out a version of an event.
func version(f *feed.Fact, fn func(*feed.Fact, *record.Packed) error) error {
	if f.Kind != record.Event && f.Kind != record.Reversal {
		return nil
	}
	p, err := record.ParseEvent(f)
	if err != nil {
		return err
	}
	return fn(f, &p)
}

// daysAtOnce bounds how many days one statement looks up.
const daysAtOnce = 512

// touched are the last facts that touch each of some days; the days are cut to
// those the log has.
func (l *Lake) touched(ctx context.Context, brand string, days calendar.Days) (from calendar.Day, seqs []int64, err error) {
	first, last, ok, err := l.log.DayRange(ctx, brand)
	if err != nil || !ok {
		return 0, nil, err
	}
	days = calendar.Days{From: max(days.From, calendar.Day(first)), Until: min(days.Until, calendar.Day(last)+1)}
	for d := days.From; d < days.Until; d += daysAtOnce {
		list := make([]int32, min(daysAtOnce, int(days.Until-d)))
		for i := range list {
			list[i] = int32(d) + int32(i)
		}
		some, err := l.log.Touched(ctx, brand, list)
		if err != nil {
			return 0, nil, err
		}
		seqs = append(seqs, some...)
	}
	return days.From, seqs, nil
}
