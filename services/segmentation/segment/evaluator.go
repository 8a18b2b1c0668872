package segment

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// ConsumerName is whose cursor in the own log it is.
const ConsumerName = "segments"

// Evaluator keeps one brand's segments up with the log and the calendar.
type Evaluator struct {
	Brand string
	Zone  *calendar.Zone
	DB    *sqldb.DB
	Facts *feed.Log
	Live  *Live
	// World is what is known in memory, with every fact of the log before the call.
	World func(ctx context.Context) (*World, error)
	Clock func() time.Time
	Log   *slog.Logger

	// What follows is the consumer's: it runs alone. rules are kept by segment and
	// version, batch is what was found out for the facts about to be consumed.
	rules map[string]*Rule
	batch prepared
	wheel *wheel
	// rolledTo is the day everybody was evaluated for, as last seen.
	rolledTo calendar.Day
	begun    bool
	// from is where facts are consumed from, met the version of the merges that were
	// taken in, whether their facts were consumed or not, meeting that of the commit
	// under way.
	from         int64
	met, meeting uint64
	// head is the log's after the last commit; moved counts MEMBERS facts since bases
	// were stored at based.
	head  feed.Head
	moved int
	based time.Time
}

// prepared is what was found out before a transaction, and at which turn.
type prepared struct {
	turn int64
	// facts are to be consumed, or else due has numbers for whom a window moved, by
	// fields of the groups moved.
	facts []feed.Fact
	due   []uint64
	moved field.Group
	touch *touch
	found *findings
	// met is the version of the merges that it knows.
	met uint64
}

// How often the calendar is looked at while nothing happens, and after how long the
// lease is renewed.
const (
	tick  = 100 * time.Millisecond
	renew = 20
	// gather is how long facts of a trickle are collected.
	gather = 20 * time.Millisecond
)

// Consumer gives each fact of the log its effect on memberships exactly once, and
// rolls windows while no fact waits.
func (e *Evaluator) Consumer() *feed.Consumer {
	return &feed.Consumer{Name: ConsumerName, Brand: e.Brand, DB: e.DB, Source: e.source, Effect: e.effect, Done: e.done,
		Limit: 2000, Every: gather, Clock: e.Clock, Log: e.Log}
}

// source waits for facts and finds out what they change; facts come before windows.
func (e *Evaluator) source(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error) {
	if err := e.begin(ctx); err != nil {
		return nil, err
	}
	e.from = from.Seq
	for range renew {
		changed := e.Facts.Changed(brand)
		facts, err := e.Facts.Continue(ctx, brand, from, limit)
		if err != nil {
			return nil, err
		}
		if len(facts) > 0 {
			return facts, e.prepare(ctx, facts)
		}
		if rolled, err := e.roll(ctx); err != nil || rolled {
			return nil, err
		}
		timer := time.NewTimer(tick)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, nil
}

// begin makes the brand's row once.
func (e *Evaluator) begin(ctx context.Context) error {
	if e.begun {
		return nil
	}
	err := e.DB.Write(ctx, func(tx *sqldb.Tx) error { return begin(ctx, tx, e.Brand, e.today()) })
	if err != nil {
		return err
	}
	st, err := loadState(ctx, e.DB, e.Brand)
	e.rolledTo, e.begun = st.rolledTo, err == nil
	return err
}

func (e *Evaluator) today() calendar.Day { return e.Zone.DayOf(e.Clock()) }

// prepare finds out what facts change.
func (e *Evaluator) prepare(ctx context.Context, facts []feed.Fact) error {
	st, err := loadState(ctx, e.DB, e.Brand)
	if err != nil {
		return err
	}
	w, err := e.World(ctx)
	if err != nil {
		return err
	}
	if err := e.Live.Catch(ctx, e.DB, e.Facts.Reader); err != nil {
		return err
	}
	b := prepared{turn: st.turn, facts: facts}
	if err := e.touch(ctx, e.Facts.Reader, w, &b); err != nil {
		return err
	}
	b.found, err = e.find(ctx, e.DB, e.Facts.Reader, w, b.touch, max(st.day, e.today()), scanners)
	e.batch = b
	return err
}

// touch finds out whom something prepared concerns, as far as a world knows. That may
// know merges whose facts come later. They are taken in at once: else a person that
// has just begun to be one would be asked about by some rules and not by others.
func (e *Evaluator) touch(ctx context.Context, log feed.Reader, w *World, b *prepared) (err error) {
	if b.touch, err = touched(ctx, log, e.Brand, b.facts, w.People); err != nil {
		return err
	}
	for _, id := range b.due {
		// Whoever was merged since is no person.
		if w.People.Person(int64(id)) == int64(id) {
			b.touch.persons[int64(id)] |= b.moved
		}
	}
	if b.met = w.People.Version(); b.met == e.met {
		return nil
	}
	return log.ReadKind(ctx, e.Brand, []int16{record.Merged, record.Unmerged}, e.from, func(f *feed.Fact) error {
		return b.touch.edge(w.People, f)
	})
}

// find asks all rules that can have turned.
func (e *Evaluator) find(ctx context.Context, q sqldb.Querier, log feed.Reader, w *World, t *touch, day calendar.Day, at int) (*findings, error) {
	f := newFindings(day)
	f.gone.Or(t.gone)
	rules, err := e.ready(w.Fields)
	if err != nil || len(rules) == 0 {
		return f, err
	}
	turns := e.wheel
	err = w.ask(ctx, q, rules, t.persons, f, func(p *Subject) {
		if t.persons[p.ID].Rolls() {
			turns.expect(p, day)
		}
	})
	if err != nil || t.everyone == 0 {
		return f, err
	}
	var some []ruled
	for _, r := range rules {
		if r.rule.groups&t.everyone != 0 {
			some = append(some, r)
		}
	}
	if len(some) == 0 {
		return f, nil
	}
	more, err := w.scan(ctx, q, some, day, at)
	if err != nil {
		return f, err
	}
	f.add(more)
	return f, e.newcomers(ctx, q, log, w, rules, f)
}

// newcomers asks all rules of those whose facts come later, but whom a walk over
// everybody met: else some segments would have them before others.
func (e *Evaluator) newcomers(ctx context.Context, q sqldb.Querier, log feed.Reader, w *World, rules []ruled, f *findings) error {
	late := &touch{persons: map[int64]field.Group{}, gone: roaring64.New()}
	err := log.ReadKind(ctx, e.Brand, []int16{record.Created}, e.from, func(fact *feed.Fact) error {
		late.number(w.People, fact.Who, all)
		return nil
	})
	if err != nil || late.nobody() {
		return err
	}
	more := newFindings(f.day)
	more.gone.Or(late.gone)
	if err := w.ask(ctx, q, rules, late.persons, more, func(*Subject) {}); err != nil {
		return err
	}
	f.add(more)
	return nil
}

// ready are the rules of all live segments, parts first.
func (e *Evaluator) ready(fields *field.Catalogue) ([]ruled, error) {
	e.Live.mu.RLock()
	live := e.Live.order
	e.Live.mu.RUnlock()
	kept := make(map[string]*Rule, len(live))
	out := make([]ruled, len(live))
	for i, s := range live {
		key := fmt.Sprintf("%s\x00%d", s.ID(), s.Def.GetVersion())
		rule := e.rules[key]
		if rule == nil {
			var err error
			if rule, err = Read(s.Def.GetRule(), fields); err != nil {
				return nil, fmt.Errorf("segment %q: %w", s.ID(), err)
			}
		}
		kept[key], out[i] = rule, ruled{s.ID(), rule}
	}
	e.rules = kept
	return out, nil
}
