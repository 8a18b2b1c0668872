package segment

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// wheel has, for each coming day, whom a window moves for then. It may name somebody
// for whom nothing moves any more: asking costs little, and nobody is forgotten. It
// is not stored, since purchases and the day that everybody was rolled to say it all.
type wheel struct {
	// watch is what the rules look at, defined the last definition among them.
	watch   field.Watch
	defined int64
	// turn is the last one that the wheel knows of.
	turn int64
	// next is the first number not looked at yet; built tells that there is none.
	next  int64
	built bool
	days  map[calendar.Day]*roaring64.Bitmap
}

// expect notes when a window moves for a person next. A nil wheel notes nothing.
func (w *wheel) expect(p *Subject, today calendar.Day) {
	if w == nil {
		return
	}
	day := w.watch.Next(p.Known, today)
	if day == 0 {
		return
	}
	if w.days[day] == nil {
		w.days[day] = roaring64.New()
	}
	w.days[day].Add(uint64(p.ID))
}

// due are some of those for whom a window has moved by a day; more tells that there
// are others.
func (w *wheel) due(day calendar.Day, limit int) (ids []uint64, more bool) {
	for _, d := range sorted(w.days) {
		if d > day {
			break
		}
		for it := w.days[d].Iterator(); it.HasNext(); {
			if len(ids) == limit {
				return ids, true
			}
			ids = append(ids, it.Next())
		}
	}
	return ids, false
}

// turned takes those out that were asked about.
func (w *wheel) turned(day calendar.Day, ids []uint64) {
	if w == nil {
		return
	}
	gone := roaring64.BitmapOf(ids...)
	for d, set := range w.days {
		if d > day {
			continue
		}
		if set.AndNot(gone); set.IsEmpty() {
			delete(w.days, d)
		}
	}
}

// rollBatch is how many persons are asked about between two looks at the facts.
const rollBatch = 2000

// roll does a piece of what a new day brings; false: there is nothing to do.
func (e *Evaluator) roll(ctx context.Context) (bool, error) {
	if e.today() <= e.rolledTo {
		return false, nil
	}
	st, err := loadState(ctx, e.DB, e.Brand)
	if err != nil {
		return false, err
	}
	e.rolledTo = st.rolledTo
	day := max(st.day, e.today())
	if day <= st.rolledTo {
		return false, nil
	}
	world, err := e.World(ctx)
	if err != nil {
		return false, err
	}
	if err := e.Live.Catch(ctx, e.DB, e.Facts.Reader); err != nil {
		return false, err
	}
	if err := e.mount(st, world.Fields); err != nil {
		return false, err
	}
	if !e.wheel.built {
		return true, e.wheel.build(ctx, e.DB, world, st.rolledTo)
	}
	return true, e.rollSome(ctx, st, world, day)
}

// mount makes a wheel for the rules there are, if the one at hand is not of them.
func (e *Evaluator) mount(st state, fields *field.Catalogue) error {
	rules, err := e.ready(fields)
	if err != nil {
		return err
	}
	e.Live.mu.RLock()
	defined := e.Live.defined
	e.Live.mu.RUnlock()
	if e.wheel != nil && e.wheel.defined == defined && e.wheel.turn == st.turn {
		return nil
	}
	w := &wheel{defined: defined, turn: st.turn, next: 1, built: true, days: map[calendar.Day]*roaring64.Bitmap{}}
	for _, r := range rules {
		w.watch = w.watch.Or(r.rule.watch)
		w.built = w.built && !r.rule.rolls()
	}
	e.wheel = w
	return nil
}

// build looks at the next page of persons.
func (w *wheel) build(ctx context.Context, q sqldb.Querier, world *World, rolledTo calendar.Day) error {
	last, err := world.Last(ctx, q)
	if err != nil {
		return err
	}
	if w.next > last {
		w.built = true
		return nil
	}
	until := min(last, w.next+span-1)
	err = world.page(ctx, q, w.next, until, w.watch.Groups(), func(persons []*Subject) {
		for _, p := range persons {
			w.expect(p, rolledTo)
		}
	})
	if err == nil {
		w.next = until + 1
	}
	return err
}

// rollSome asks about some of those for whom a window moved.
func (e *Evaluator) rollSome(ctx context.Context, st state, world *World, day calendar.Day) error {
	ids, more := e.wheel.due(day, rollBatch)
	b, rolled := prepared{turn: st.turn, due: ids, moved: e.wheel.watch.Groups()}, calendar.Day(0)
	if err := e.touch(ctx, e.Facts.Reader, world, &b); err != nil {
		return err
	}
	var err error
	if b.found, err = e.find(ctx, e.DB, e.Facts.Reader, world, b.touch, day, scanners); err != nil {
		return err
	}
	if !more {
		rolled = day
	}
	if err := e.DB.Write(ctx, func(tx *sqldb.Tx) error { return e.write(ctx, tx, b, rolled) }); err != nil {
		e.wheel = nil
		return err
	}
	e.wheel.turned(day, ids)
	e.done(ctx, nil)
	return nil
}
