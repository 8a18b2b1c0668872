package panel

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/record"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// span is how many numbers a page of a walk has, walkers how many pages are read at
// the same time.
const (
	span    = 8192
	walkers = 2
)

// load fills columns that are missing. The walk goes on when who asked gives up, so
// that asking again finds it done.
func (t *Table) load(ctx context.Context, fields []*field.Field) error {
	if len(t.missing(fields)) == 0 {
		return nil
	}
	done := make(chan error, 1)
	t.walks.Go(func() { done <- t.walk(t.life, fields) })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// walk reads fields of everybody that are missing, all at once.
func (t *Table) walk(ctx context.Context, fields []*field.Field) error {
	t.loading.Lock()
	defer t.loading.Unlock()
	fields = t.missing(fields)
	if len(fields) == 0 {
		return nil
	}
	// First up to where facts are surely known, then what is known.
	head, err := t.Log.Head(ctx, t.Brand)
	if err != nil {
		return err
	}
	w, err := t.World(ctx)
	if err != nil {
		return err
	}
	last, err := w.Last(ctx, t.DB)
	if err != nil {
		return err
	}
	l := newLoaded(fields, w.Fields, int(last)+1, t.today())
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(walkers)
	for first := int64(1); first <= last; first += span {
		g.Go(func() error { return l.page(inner, t, w, first, min(last, first+span-1)) })
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("read everybody: %w", err)
	}
	return t.install(ctx, l, head, last)
}

// loaded is columns on their way into the table.
type loaded struct {
	mu      sync.Mutex
	fields  *field.Catalogue
	columns []*column
	groups  field.Group
	watch   field.Watch
	next    []calendar.Day
	day     calendar.Day
}

func newLoaded(fields []*field.Field, catalogue *field.Catalogue, size int, day calendar.Day) *loaded {
	l := &loaded{fields: catalogue, next: make([]calendar.Day, size), day: day}
	known := map[string]bool{}
	for _, f := range fields {
		if known[f.Name] {
			continue
		}
		known[f.Name] = true
		c := newColumn(f, size)
		l.columns = append(l.columns, c)
		l.groups |= c.group()
		l.watch = l.watch.Or(field.WatchKnown(f))
	}
	return l
}

// page reads the persons among a run of numbers, both ends included.
func (l *loaded) page(ctx context.Context, t *Table, w *segment.World, first, last int64) error {
	var persons []*segment.Subject
	for id := first; id <= last; id++ {
		if w.People.Person(id) == id {
			persons = append(persons, &segment.Subject{ID: id, Numbers: w.People.Members(id)})
		}
	}
	if len(persons) == 0 {
		return nil
	}
	if err := w.Know(ctx, t.DB, persons, l.groups); err != nil {
		return err
	}
	v := l.fields.Values(persons[0].Known, l.day)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range persons {
		v.Reset(p.Known, l.day)
		for _, c := range l.columns {
			c.set(p.ID, c.cell(v))
		}
		l.next[p.ID] = l.watch.Next(p.Known, l.day)
	}
	return nil
}

// install puts columns in that are as of a head of the log or later. What they miss is
// taken in by the next Catch, which goes back as far as they need.
func (t *Table) install(ctx context.Context, l *loaded, head feed.Head, last int64) error {
	done, err := t.write(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !t.open {
		if err := t.begin(ctx, head, last, l.day); err != nil {
			return err
		}
	}
	t.mu.Lock()
	t.grow(len(l.next))
	if head.Seq < t.cursor.Seq {
		t.cursor = head.Cursor()
	}
	t.day, t.torn = min(t.day, l.day), true
	for id, day := range l.next {
		t.next[id] = sooner(t.next[id], day)
	}
	size := len(t.next)
	now := t.Clock()
	added := map[*column]bool{}
	for _, c := range l.columns {
		c.grow(size)
		c.use(now)
		t.columns[c.field.Name], added[c] = c, true
	}
	t.weigh()
	t.mu.Unlock()
	t.trim(added)
	return nil
}

// sooner is the earlier of two days, of which 0 is never.
func sooner(a, b calendar.Day) calendar.Day {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// begin opens the table: who the persons are. Called by who writes.
func (t *Table) begin(ctx context.Context, head feed.Head, last int64, day calendar.Day) error {
	book, merged := people.NewBook(), int64(0)
	err := t.Log.ReadKind(ctx, t.Brand, []int16{record.Merged, record.Unmerged}, 0, func(f *feed.Fact) error {
		e, err := record.Event(f)
		if err == nil {
			book.Apply(e)
			merged = f.Seq
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read merges: %w", err)
	}
	who, persons := book.Now(), newSet(int(last)+1)
	for id := int64(1); id <= last; id++ {
		if who.Person(id) == id {
			persons.add(id)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.book, t.merged = book, merged
	t.open, t.cursor, t.asOf, t.day = true, head.Cursor(), head.At, day
	t.persons, t.next = persons, make([]calendar.Day, last+1)
	return nil
}

// grow makes room for numbers below size. Called under Lock.
func (t *Table) grow(size int) {
	if size <= len(t.next) {
		return
	}
	// Some more, since numbers come one by one.
	size += size / 64
	t.next = append(t.next, make([]calendar.Day, size-len(t.next))...)
	t.persons = append(t.persons, make(Set, max(0, (size+63)/64-len(t.persons)))...)
	for _, c := range t.columns {
		c.grow(size)
	}
}

// trim keeps the budget, without the columns that were just added. Called by who
// writes.
func (t *Table) trim(added map[*column]bool) {
	for t.Bytes() > budget {
		var oldest *column
		for _, c := range t.columns {
			if !added[c] && (oldest == nil || c.used.Load() < oldest.used.Load()) {
				oldest = c
			}
		}
		if oldest == nil {
			return
		}
		t.drop(func(c *column) bool { return c == oldest })
	}
}
