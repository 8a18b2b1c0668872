package panel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/record"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// row is what is to be kept of one person: the cells of the columns whose group is
// among groups, in the order of an update's columns.
type row struct {
	id     int64
	groups field.Group
	cells  []cell
	// rolls tells that next is known: when a window moves for the person.
	rolls bool
	next  calendar.Day
}

// update is what changes a table at once.
type update struct {
	columns []*column
	watch   field.Watch
	rows    []row
	gone    []int64
	// lost are the groups that changed for everybody: to walk again costs no more.
	lost   field.Group
	cursor feed.Cursor
	asOf   int64
	day    calendar.Day
}

// errFar says that so much is new that to walk over everybody costs less.
var errFar = errors.New("the table is far behind")

// Catch takes in what the log has behind what was taken in before, and what a new day
// brings.
func (t *Table) Catch(ctx context.Context) error {
	done, err := t.write(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !t.open {
		return nil
	}
	head, err := t.Log.Head(ctx, t.Brand)
	if err != nil {
		return err
	}
	today := max(t.day, t.today())
	if head.Cursor() == t.cursor && today == t.day && !t.torn {
		return nil
	}
	u := t.begun(today)
	err = t.gather(ctx, u, head)
	switch {
	case errors.Is(err, feed.ErrReplaced), errors.Is(err, errFar):
		t.reset()
		return nil
	case err != nil:
		return fmt.Errorf("follow the log: %w", err)
	}
	t.apply(u)
	if u.lost != 0 {
		t.drop(func(c *column) bool { return c.group()&u.lost != 0 })
	}
	return nil
}

// begun is an update with nothing in it.
func (t *Table) begun(day calendar.Day) *update {
	u := &update{columns: slices.Collect(maps.Values(t.columns)), day: day, cursor: t.cursor, asOf: t.asOf}
	for _, c := range u.columns {
		u.watch = u.watch.Or(field.WatchKnown(c.field))
	}
	return u
}

// gather finds out what changes: first for whom a day does it, then of a snapshot all
// that the log has up to it, so that it is of one moment.
func (t *Table) gather(ctx context.Context, u *update, head feed.Head) error {
	persons := t.persons.Len()
	if head.Seq-t.cursor.Seq > max(20_000, persons/8) {
		return errFar
	}
	w, err := t.World(ctx)
	if err != nil {
		return err
	}
	if due := t.due(u); len(due) > 0 {
		if int64(len(due)) > max(20_000, persons/4) {
			return errFar
		}
		if err := t.read(ctx, t.DB, w, t.book.Now(), due, u); err != nil {
			return err
		}
	}
	rolled := u.rows
	err = t.DB.Read(ctx, func(tx *sqldb.Tx) error {
		u.rows, u.gone, u.lost, u.cursor, u.asOf = rolled[:len(rolled):len(rolled)], nil, 0, t.cursor, t.asOf
		touched, err := t.touched(ctx, tx, u)
		if err != nil || len(touched) == 0 {
			return err
		}
		return t.read(ctx, tx, w, t.book.Now(), touched, u)
	})
	if err != nil {
		return err
	}
	return t.rank(ctx, w, u)
}

// due are those for whom a window moves up to a day.
func (t *Table) due(u *update) map[int64]field.Group {
	all := map[int64]field.Group{}
	if u.day == t.day {
		return all
	}
	for id, next := range t.next {
		if next != 0 && next <= u.day {
			all[int64(id)] = u.watch.Groups()
		}
	}
	return all
}

// followed is how many facts are read at once.
const followed = 5000

// touched are the persons that facts of a snapshot concern; it moves the cursor.
func (t *Table) touched(ctx context.Context, tx *sqldb.Tx, u *update) (map[int64]field.Group, error) {
	log := feed.In(tx)
	all := map[int64]field.Group{}
	for {
		facts, err := log.Continue(ctx, t.Brand, u.cursor, followed)
		if err != nil {
			return nil, err
		}
		if len(facts) == 0 {
			break
		}
		if err := t.merge(facts); err != nil {
			return nil, err
		}
		c, err := segment.Concerned(ctx, log, t.Brand, facts, t.book.Now())
		if err != nil {
			return nil, err
		}
		for id, groups := range c.Persons {
			all[id] |= groups
		}
		for it := c.Gone.Iterator(); it.HasNext(); {
			all[int64(it.Next())] |= 0
		}
		u.lost |= c.Everyone
		u.asOf, u.cursor = max(u.asOf, c.AsOf), facts[len(facts)-1].Cursor()
	}
	// Only now it is known who is a person in the end.
	who := t.book.Now()
	for id := range all {
		if who.Person(id) != id {
			delete(all, id)
			u.gone = append(u.gone, id)
		}
	}
	return all, nil
}

// merge takes merges in, each once.
func (t *Table) merge(facts []feed.Fact) error {
	for i := range facts {
		f := &facts[i]
		if f.Seq <= t.merged || f.Kind != record.Merged && f.Kind != record.Unmerged {
			continue
		}
		e, err := record.Event(f)
		if err != nil {
			return err
		}
		t.book.Apply(e)
		t.merged = f.Seq
	}
	return nil
}

// asked is how many persons are read at once.
const asked = 2000

// read adds what is known of persons, as far as their groups and the columns say.
func (t *Table) read(ctx context.Context, q sqldb.Querier, w *segment.World, who *people.Mapping, persons map[int64]field.Group, u *update) error {
	var groups field.Group
	for _, c := range u.columns {
		groups |= c.group()
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(persons)), asked) {
		subjects := make([]*segment.Subject, len(ids))
		changed := field.Group(0)
		for i, id := range ids {
			subjects[i] = &segment.Subject{ID: id, Numbers: who.Members(id)}
			changed |= persons[id]
		}
		if changed&u.watch.Groups() != 0 { // to know when it changes next
			changed |= u.watch.Groups()
		}
		if err := w.Know(ctx, q, subjects, groups&changed&^field.RFM); err != nil {
			return err
		}
		v := w.Fields.Values(subjects[0].Known, u.day)
		for _, s := range subjects {
			v.Reset(s.Known, u.day)
			u.add(s, persons[s.ID], v)
		}
	}
	return nil
}

// rank adds scores of RFM. They are kept in memory for everybody, of a run that a
// snapshot may not have: they are not read by it. If the run is not the one that the
// facts end with, one of them says so, now or later, and the columns are lost.
func (t *Table) rank(ctx context.Context, w *segment.World, u *update) error {
	ranked := slices.ContainsFunc(u.columns, func(c *column) bool { return c.group() == field.RFM })
	who := t.book.Now()
	for rows := range slices.Chunk(u.rows, asked) {
		if !ranked {
			break
		}
		subjects := make([]*segment.Subject, len(rows))
		for i := range rows {
			subjects[i] = &segment.Subject{ID: rows[i].id, Numbers: who.Members(rows[i].id)}
		}
		if err := w.Know(ctx, t.DB, subjects, field.RFM); err != nil {
			return err
		}
		v := w.Fields.Values(subjects[0].Known, u.day)
		for i := range rows {
			v.Reset(subjects[i].Known, u.day)
			for j, c := range u.columns {
				if c.group() == field.RFM {
					rows[i].cells[j] = c.cell(v)
				}
			}
		}
	}
	return nil
}

// add reads the cells of a person.
func (u *update) add(s *segment.Subject, groups field.Group, v *field.Values) {
	r := row{id: s.ID, groups: groups, cells: make([]cell, len(u.columns))}
	for i, c := range u.columns {
		if c.group()&groups != 0 {
			r.cells[i] = c.cell(v)
		}
	}
	if r.rolls = groups&u.watch.Groups() != 0; r.rolls {
		r.next = u.watch.Next(s.Known, u.day)
	}
	u.rows = append(u.rows, r)
}

// apply lets all of an update be seen at once.
func (t *Table) apply(u *update) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range u.rows {
		r := &u.rows[i]
		t.grow(int(r.id) + 1)
		t.persons.add(r.id)
		for j, c := range u.columns {
			if c.group()&r.groups != 0 {
				c.set(r.id, r.cells[j])
			}
		}
		if r.rolls {
			t.next[r.id] = r.next
		}
	}
	for _, id := range u.gone {
		t.grow(int(id) + 1)
		t.persons.remove(id)
		t.next[id] = 0
		for _, c := range u.columns {
			c.set(id, cell{})
		}
	}
	t.cursor, t.asOf, t.day, t.torn = u.cursor, u.asOf, u.day, false
	t.weigh()
}
