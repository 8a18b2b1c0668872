package segment

import (
	"context"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// Verify asks every rule of everybody anew and reports each segment whose members
// are others, and each whose stored base and the log say something else than the log
// alone. World is made of what the transaction sees. Whoever has facts that were not
// consumed yet, or waits for the day to be rolled, is left out. It returns how many
// segments it looked at.
func (e *Evaluator) Verify(ctx context.Context, world func(tx *sqldb.Tx) (*World, error), report func(segment, reason string)) (n int, err error) {
	err = e.DB.Read(ctx, func(tx *sqldb.Tx) error {
		live, plain := NewLive(e.Brand), NewLive(e.Brand)
		// Told that it has been opened, it begins at the beginning.
		plain.opened = true
		for _, l := range []*Live{live, plain} {
			if err := l.Catch(ctx, tx, feed.In(tx)); err != nil {
				return err
			}
		}
		if broken := (&baseError{}); errors.As(live.broken, &broken) {
			report(broken.segment, broken.Error())
		}
		live.differ(plain, report)
		w, err := world(tx)
		if err != nil {
			return err
		}
		n = len(plain.order)
		return e.recount(ctx, tx, w, plain, report)
	})
	return n, err
}

// recount holds members against what the rules say of everybody.
func (e *Evaluator) recount(ctx context.Context, tx *sqldb.Tx, w *World, live *Live, report func(segment, reason string)) error {
	again := &Evaluator{Brand: e.Brand, Live: live}
	rules, err := again.ready(w.Fields)
	if err != nil || len(rules) == 0 {
		return err
	}
	st, err := loadState(ctx, tx, e.Brand)
	if err != nil {
		return err
	}
	waiting, err := e.waiting(ctx, tx, w)
	if err != nil {
		return err
	}
	if st.rolledTo < st.day {
		err = w.unrolled(ctx, tx, rules, st, waiting)
	}
	if err != nil {
		return err
	}
	want, err := w.scan(ctx, tx, rules, st.day, 1)
	if err != nil {
		return err
	}
	for i, s := range live.order {
		expected := live.recombined(s, want)
		if rules[i].rule.groups&waiting.everyone != 0 {
			continue
		}
		wrong := roaring64.Xor(expected, s.members)
		for id := range waiting.persons {
			wrong.Remove(uint64(id))
		}
		if wrong.AndNot(waiting.gone); !wrong.IsEmpty() {
			report(s.ID(), fmt.Sprintf("%d persons are in it or not, and should be the other; the first is %d", wrong.GetCardinality(), wrong.Minimum()))
		}
	}
	return nil
}

// recombined is who should be in a segment: by its rule, or by its parts as they are.
func (l *Live) recombined(s *Segment, want *findings) *roaring64.Bitmap {
	if a := s.Def.GetRule().GetAlgebra(); a != nil {
		return l.combined(a)
	}
	return want.of(s.ID()).holds
}

// waiting is whom facts behind the cursor concern.
func (e *Evaluator) waiting(ctx context.Context, tx *sqldb.Tx, w *World) (*touch, error) {
	from, err := feed.Consumed(ctx, tx, ConsumerName, e.Brand)
	if err != nil {
		return nil, err
	}
	out := &touch{persons: map[int64]field.Group{}, gone: roaring64.New()}
	for {
		facts, err := feed.In(tx).Read(ctx, e.Brand, from.Seq, 1000)
		if err != nil || len(facts) == 0 {
			return out, err
		}
		t, err := touched(ctx, feed.In(tx), e.Brand, facts, w.People)
		if err != nil {
			return nil, err
		}
		for id, g := range t.persons {
			out.persons[id] |= g
		}
		out.gone.Or(t.gone)
		out.everyone |= t.everyone
		from = facts[len(facts)-1].Cursor()
	}
}

// unrolled adds those who may have been evaluated for an earlier day than others.
func (w *World) unrolled(ctx context.Context, tx *sqldb.Tx, rules []ruled, st state, into *touch) error {
	var watch field.Watch
	for _, r := range rules {
		watch = watch.Or(r.rule.watch)
	}
	last, err := w.Last(ctx, tx)
	if err != nil {
		return err
	}
	for first := int64(1); first <= last; first += span {
		err := w.page(ctx, tx, first, min(last, first+span-1), watch.Groups(), func(persons []*Subject) {
			for _, p := range persons {
				if next := watch.Next(p.Known, st.rolledTo); next != calendar.Day(0) && next <= st.day {
					into.persons[p.ID] |= watch.Groups()
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
