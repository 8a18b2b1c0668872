package segment

import (
	"context"
	"errors"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Draft is whom a rule holds for, up to a fact of the log: found in pages without any
// lock, and then kept up with what came meanwhile.
type Draft struct {
	e     *Evaluator
	rules []ruled
	found *findings
	seq   int64
}

// drafted is the name that the rule of a draft goes by.
const drafted = ""

// ErrDay says that a draft was begun on a day that is over.
var ErrDay = errors.New("the day changed while members were looked for")

// Draft asks a rule of everybody. Rules of algebra are asked of nobody.
func (e *Evaluator) Draft(ctx context.Context, rule *Rule) (*Draft, error) {
	d := &Draft{e: e, rules: []ruled{{drafted, rule}}}
	if rule.algebra() {
		return d, nil
	}
	st, err := loadState(ctx, e.DB, e.Brand)
	if err != nil {
		return nil, err
	}
	head, err := e.Facts.Head(ctx, e.Brand)
	if err != nil {
		return nil, err
	}
	w, err := e.World(ctx)
	if err != nil {
		return nil, err
	}
	d.seq = head.Seq
	day := max(st.day, e.today())
	if rule.list != nil {
		// Nobody else can be in it.
		d.found = newFindings(day)
		err = w.ask(ctx, e.DB, d.rules, rule.named(w.People), d.found, func(*Subject) {})
	} else {
		d.found, err = w.scan(ctx, e.DB, d.rules, day, scanners)
	}
	for n := caught; err == nil && n == caught; {
		n, err = d.catch(ctx, e.DB, e.Facts.Reader)
	}
	return d, err
}

// caught is how many facts a draft takes in at once; fewer are left to be taken in
// under the lock.
const caught = 1000

// catch takes in facts that came meanwhile.
func (d *Draft) catch(ctx context.Context, q sqldb.Querier, log feed.Reader) (int, error) {
	facts, err := log.Read(ctx, d.e.Brand, d.seq, caught)
	if err != nil || len(facts) == 0 {
		return 0, err
	}
	w, err := d.e.World(ctx)
	if err != nil {
		return 0, err
	}
	t, err := touched(ctx, log, d.e.Brand, facts, w.People)
	if err != nil {
		return 0, err
	}
	more := newFindings(d.found.day)
	if t.everyone&d.rules[0].rule.groups != 0 {
		more, err = w.scan(ctx, q, d.rules, d.found.day, 1)
	} else {
		err = w.ask(ctx, q, d.rules, t.persons, more, func(*Subject) {})
	}
	more.gone.Or(t.gone)
	d.found.add(more)
	d.seq = facts[len(facts)-1].Seq
	return len(facts), err
}

// Finish takes in all facts there are and gives the members as of a day, in the
// transaction of Turn. On ErrDay the draft is worth nothing.
func (d *Draft) Finish(ctx context.Context, tx *sqldb.Tx, day calendar.Day) (*roaring64.Bitmap, error) {
	if d.rules[0].rule.algebra() {
		return d.Members(), nil
	}
	if day != d.found.day {
		return nil, ErrDay
	}
	for n := 1; n > 0; {
		var err error
		if n, err = d.catch(ctx, tx, feed.In(tx)); err != nil {
			return nil, err
		}
	}
	return d.Members(), nil
}

// Members are those found so far.
func (d *Draft) Members() *roaring64.Bitmap {
	if a := d.rules[0].rule.def.GetAlgebra(); a != nil {
		return d.e.Live.combined(a)
	}
	out := d.found.of(drafted).holds.Clone()
	out.RunOptimize()
	return out
}

// combined is what an algebra gives now.
func (l *Live) combined(a *segmentationv1.SegmentAlgebra) *roaring64.Bitmap {
	l.mu.RLock()
	defer l.mu.RUnlock()
	sets := make([]*roaring64.Bitmap, len(a.GetSegmentIds()))
	for i, id := range a.GetSegmentIds() {
		sets[i] = roaring64.New()
		if s := l.segments[id]; s != nil {
			sets[i] = s.members
		}
	}
	return combine(a.GetOperation(), sets)
}

// Begin are the facts with which a version of a segment begins, in the transaction of
// Finish: what it is, who is in it, and how segments made of it follow.
func (l *Live) Begin(def *segmentationv1.Segment, members *roaring64.Bitmap, day calendar.Day) ([]feed.Fact, error) {
	first, err := record.DefineSegment(def)
	if err != nil {
		return nil, err
	}
	base, err := record.Enter(&record.Membership{Segment: def.GetId(), Version: def.GetVersion(), Day: day, Base: true, Entered: members}, 0)
	if err != nil {
		return nil, err
	}
	follow, err := enter(l.follow(def.GetId(), members, day))
	return append([]feed.Fact{first, base}, follow...), err
}

// Retitle is the fact that a segment has other titles.
func Retitle(def *segmentationv1.Segment) ([]feed.Fact, error) {
	f, err := record.DefineSegment(def)
	return []feed.Fact{f}, err
}

// follow is how segments that are made of another one change with its members.
func (l *Live) follow(id string, members *roaring64.Bitmap, day calendar.Day) (out []move) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	after := map[string]*roaring64.Bitmap{}
	for _, s := range l.order {
		a := s.Def.GetRule().GetAlgebra()
		switch after[s.ID()] = s.members; {
		case s.ID() == id:
			after[id] = members
		case a != nil:
			then := combine(a.GetOperation(), pick(after, a.GetSegmentIds()))
			if m := s.moved(day, s.members, then); m != nil {
				after[s.ID()], out = then, append(out, *m)
			}
		}
	}
	return out
}

// End are the facts with which a segment ends: everybody leaves.
func (l *Live) End(def *segmentationv1.Segment, day calendar.Day) ([]feed.Fact, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.segments[def.GetId()]
	var facts []feed.Fact
	if m := s.moved(day, s.members, roaring64.New()); m != nil {
		var err error
		if facts, err = enter([]move{*m}); err != nil {
			return nil, err
		}
	}
	f, err := record.DefineSegment(def)
	return append(facts, f), err
}

// Turn lets nobody else write memberships until tx ends, which has the log's lock, and
// takes in all that was written. It tells which day a change counts for.
func (e *Evaluator) Turn(ctx context.Context, tx *sqldb.Tx) (calendar.Day, error) {
	if err := begin(ctx, tx, e.Brand, e.today()); err != nil {
		return 0, err
	}
	st, err := lockState(ctx, tx, e.Brand)
	if err != nil {
		return 0, err
	}
	if err := e.Live.Catch(ctx, tx, feed.In(tx)); err != nil {
		return 0, err
	}
	st.day = max(st.day, e.today())
	return st.day, saveState(ctx, tx, e.Brand, st)
}
