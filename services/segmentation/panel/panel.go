// Package panel says who people are that some conditions hold for: how many, how what
// is known of them is spread, and what they are worth.
//
// A Table has one brand's persons in memory, a column per field that somebody asked
// for: filled by one walk over everybody when it is first asked for, and from then on
// kept up with the log, person by person. A view of it is of one moment: what a
// snapshot of the database says, all facts up to it and none behind it. When a day
// begins only those are read again for whom a window moved.
//
// Columns that nobody asked for within an hour are dropped. A column takes 4 (words) or
// 8 (numbers) bytes a person, and about 100 for each different word.
package panel

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// Source is where a table's knowledge comes from.
type Source struct {
	Brand string
	Zone  *calendar.Zone
	DB    *sqldb.DB
	Log   feed.Reader
	// World is what is known in memory, with every fact of the log before the call.
	World func(ctx context.Context) (*segment.World, error)
	Clock func() time.Time
}

// Table is one brand's persons. It holds nothing before the first View.
type Table struct {
	Source
	// life ends the walks over everybody, which outlive who asked for them; walks
	// waits for them.
	life  context.Context
	end   context.CancelFunc
	walks sync.WaitGroup
	// loading lets one walk at a time, writing one at a time change the table.
	loading sync.Mutex
	writing chan struct{}
	// used is when somebody asked last, in Unix microseconds; bytes what it holds.
	used, bytes atomic.Int64

	// Of writing alone: merges as of the facts taken in, and up to which fact they are.
	book   *people.Book
	merged int64

	mu sync.RWMutex
	// cursor is the last fact taken in, asOf its commit time, day the one that
	// everybody was read for. Nothing is open before the first walk.
	open bool
	// torn tells that columns came in which are not of the same moment yet.
	torn    bool
	cursor  feed.Cursor
	asOf    int64
	day     calendar.Day
	persons Set
	// next is, by number, the day on which a window moves; 0: never.
	next    []calendar.Day
	columns map[string]*column
}

// New is an empty table.
func New(from Source) *Table {
	t := &Table{Source: from, writing: make(chan struct{}, 1), columns: map[string]*column{}}
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

// Close ends what runs. Nobody may ask any more.
func (t *Table) Close() {
	t.end()
	t.walks.Wait()
}

// Bytes is what the table holds in memory.
func (t *Table) Bytes() int64 { return t.bytes.Load() }

func (t *Table) today() calendar.Day { return t.Zone.DayOf(t.Clock()) }

// write waits for the turn to change the table.
func (t *Table) write(ctx context.Context) (done func(), err error) {
	select {
	case t.writing <- struct{}{}:
		return func() { <-t.writing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// reset drops everything. Called by who writes.
func (t *Table) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.book, t.merged = nil, 0
	t.open, t.torn, t.cursor, t.asOf, t.day = false, false, feed.Cursor{}, 0, 0
	t.persons, t.next, t.columns = nil, nil, map[string]*column{}
	t.weigh()
}

// weigh counts the bytes. Called under Lock.
func (t *Table) weigh() {
	sum := int64(8*cap(t.persons) + 4*cap(t.next))
	for _, c := range t.columns {
		sum += c.bytes()
	}
	t.bytes.Store(sum)
}

// missing are the fields that have no column yet.
func (t *Table) missing(fields []*field.Field) (none []*field.Field) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, f := range fields {
		if t.columns[f.Name] == nil {
			none = append(none, f)
		}
	}
	return none
}

// attempts bounds how often columns are read that are dropped again before they are
// looked at.
const attempts = 5

// View calls fn with the persons and some fields as of now, each field named once or
// more. What fn is given must not be kept.
func (t *Table) View(ctx context.Context, fields []*field.Field, fn func(*View) error) error {
	t.used.Store(t.Clock().UnixMicro())
	for n := 1; ; n++ {
		if err := t.load(ctx, fields); err != nil {
			return err
		}
		if err := t.Catch(ctx); err != nil {
			return err
		}
		if seen, err := t.look(fields, n == attempts, fn); seen || err != nil {
			return err
		}
	}
}

// look calls fn if every field is there; last: or tells that they are not.
func (t *Table) look(fields []*field.Field, last bool, fn func(*View) error) (bool, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	v := &View{Persons: t.persons, AsOf: t.asOf, Day: t.day, columns: map[string]*column{}}
	now := t.Clock()
	for _, f := range fields {
		c := t.columns[f.Name]
		if c == nil || t.torn {
			if last {
				return false, fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "%s changes faster than it is read: try again", f.Name)
			}
			return false, nil
		}
		c.use(now)
		v.columns[f.Name] = c
	}
	return true, fn(v)
}

// Times after which what is not asked for is not kept up, and then not kept.
const (
	keepUp = 15 * time.Minute
	keep   = time.Hour
	// budget is how much of a brand is held beside what the newest question needs.
	budget = 1 << 30
)

// Tend keeps the table up if it was asked lately, and drops what was not. It is to be
// called every second or so.
func (t *Table) Tend(ctx context.Context) error {
	now := t.Clock()
	if t.Bytes() == 0 {
		return nil
	}
	done, err := t.write(ctx)
	if err != nil {
		return err
	}
	t.drop(func(c *column) bool { return now.Sub(time.UnixMicro(c.used.Load())) > keep })
	done()
	if now.Sub(time.UnixMicro(t.used.Load())) > keepUp {
		return nil
	}
	return t.Catch(ctx)
}

// drop lets columns go; without any the table holds nothing. Called by who writes.
func (t *Table) drop(which func(*column) bool) {
	t.mu.Lock()
	for name, c := range t.columns {
		if which(c) {
			delete(t.columns, name)
		}
	}
	t.weigh()
	empty := t.open && len(t.columns) == 0
	t.mu.Unlock()
	if empty {
		t.reset()
	}
}
