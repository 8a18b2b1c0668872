package segment

import (
	"context"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// effect writes who entered and left, in the transaction that moves the cursor.
func (e *Evaluator) effect(ctx context.Context, tx *sqldb.Tx, _ []feed.Fact) error {
	b := e.batch
	e.meeting = b.met
	if !b.touch.nobody() && b.found.said() {
		return e.write(ctx, tx, b, 0)
	}
	st, err := e.turn(ctx, tx)
	if err != nil {
		return err
	}
	st.asOf = max(st.asOf, b.touch.asOf)
	return saveState(ctx, tx, e.Brand, st)
}

// turn takes the next one. A wheel that missed a turn does not know whom somebody
// else evaluated.
func (e *Evaluator) turn(ctx context.Context, tx *sqldb.Tx) (state, error) {
	st, err := lockState(ctx, tx, e.Brand)
	if e.wheel != nil {
		if e.wheel.turn++; e.wheel.turn != st.turn {
			e.wheel = nil
		}
	}
	return st, err
}

// write puts the facts of what was found out. If somebody took a turn meanwhile it is
// found out anew, under the lock of the log; else everybody is rolled to a day, if
// one is given.
func (e *Evaluator) write(ctx context.Context, tx *sqldb.Tx, b prepared, rolled calendar.Day) error {
	head, err := feed.Lock(ctx, tx, e.Brand, e.Clock())
	if err != nil {
		return err
	}
	st, err := e.turn(ctx, tx)
	if err != nil {
		return err
	}
	if err := e.Live.Catch(ctx, tx, feed.In(tx)); err != nil {
		return err
	}
	if st.turn != b.turn+1 {
		rolled = 0
		w, err := e.World(ctx)
		if err != nil {
			return err
		}
		if err := e.touch(ctx, feed.In(tx), w, &b); err != nil {
			return err
		}
		if b.found, err = e.find(ctx, tx, feed.In(tx), w, b.touch, max(st.day, b.found.day), 1); err != nil {
			return err
		}
	}
	e.meeting = b.met
	facts, err := enter(e.Live.settle(b.found))
	if err != nil {
		return err
	}
	if err := feed.Put(ctx, tx, &head, facts); err != nil {
		return err
	}
	e.head, e.moved = head, e.moved+len(facts)
	st.day, st.asOf, st.rolledTo = max(st.day, b.found.day), max(st.asOf, b.touch.asOf), max(st.rolledTo, rolled)
	return saveState(ctx, tx, e.Brand, st)
}

// enter are the facts of moves.
func enter(moves []move) ([]feed.Fact, error) {
	facts := make([]feed.Fact, len(moves))
	for i, m := range moves {
		var err error
		if facts[i], err = record.Enter(m.Membership, m.base); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// done lets this replica know what was written.
func (e *Evaluator) done(ctx context.Context, _ []feed.Fact) {
	e.met = e.meeting
	if e.head.Seq > 0 {
		e.Facts.Notice(e.head)
	}
	err := e.Live.Catch(ctx, e.DB, e.Facts.Reader)
	if err == nil {
		err = e.keep(ctx)
	}
	if err != nil && ctx.Err() == nil {
		e.Log.Warn("follow segments", "brand", e.Brand, "error", err)
	}
}

// Bases are stored after so many facts, but not more often than so: each has the
// sets of all segments that changed.
const (
	keepAfter = 4096
	keepEvery = 10 * 60 // seconds
)

// keep stores bases now and then, so that a restart need not read all of the log.
func (e *Evaluator) keep(ctx context.Context) error {
	now := e.Clock()
	if e.moved < keepAfter || now.Sub(e.based).Seconds() < keepEvery {
		return nil
	}
	if err := Keep(ctx, e.DB, e.Live); err != nil {
		return err
	}
	e.moved, e.based = 0, now
	return nil
}

// Keep stores who is in what, so that a restart goes on from here.
func Keep(ctx context.Context, db *sqldb.DB, l *Live) error {
	st, err := loadState(ctx, db, l.brand)
	if err != nil {
		return err
	}
	seq, rows, err := l.bases(st.based)
	if err != nil || seq <= st.based {
		return err
	}
	return saveBases(ctx, db, l.brand, st.based, seq, rows)
}

// bases are the sets that changed behind a fact, as of the last one taken in.
func (l *Live) bases(since int64) (seq int64, rows []*baseRow, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, s := range l.order {
		if s.changed <= since {
			continue
		}
		members, err := s.members.ToPortableBytes()
		if err != nil {
			return 0, nil, err
		}
		rows = append(rows, &baseRow{segment: s.ID(), version: s.Def.GetVersion(), base: s.base, changed: s.changed, day: s.day, members: members})
	}
	return l.seq, rows, nil
}
