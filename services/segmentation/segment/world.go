package segment

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// World is where what is known of persons comes from.
type World struct {
	// People is who stands for whom.
	People *people.Mapping
	// Fields are what rules can read.
	Fields *field.Catalogue
	// Know fills in what is known of persons, ascending by id, as far as groups say. It
	// is called by several at once.
	Know func(ctx context.Context, q sqldb.Querier, persons []*Subject, groups field.Group) error
	// Last is the last customer number given out.
	Last func(ctx context.Context, q sqldb.Querier) (int64, error)
}

// subject is a person without anything known.
func (w *World) subject(id int64) *Subject { return &Subject{ID: id, Numbers: w.People.Members(id)} }

// asked is how many persons are read at once.
const asked = 2000

// ask asks rules of persons, each those that read where its knowledge changed.
func (w *World) ask(ctx context.Context, q sqldb.Querier, rules []ruled, persons map[int64]field.Group, f *findings, also func(*Subject)) error {
	var changed, need field.Group
	for _, g := range persons {
		changed |= g
	}
	asks := false
	for _, r := range rules {
		if r.rule.groups&changed != 0 {
			asks, need = true, need|r.rule.reads
		}
	}
	if !asks {
		return nil
	}
	// Neighbours may tell of numbers that were never given out: nobody is behind them.
	last, err := w.Last(ctx, q)
	if err != nil {
		return err
	}
	ids := sorted(persons)
	given, _ := slices.BinarySearch(ids, last+1)
	ids = ids[:given]
	for len(ids) > 0 {
		some := ids[:min(asked, len(ids))]
		ids = ids[len(some):]
		subjects := make([]*Subject, len(some))
		for i, id := range some {
			subjects[i] = w.subject(id)
		}
		if err := w.Know(ctx, q, subjects, need); err != nil {
			return err
		}
		f.ask(rules, w.Fields, subjects, func(id int64) field.Group { return persons[id] })
		for _, s := range subjects {
			also(s)
		}
	}
	return nil
}

// span is how many numbers a page of a scan has, scanners how many pages are read at
// the same time.
const (
	span     = 8192
	scanners = 4
)

// scan asks rules of everybody, page by page; each page is as of when it is read.
func (w *World) scan(ctx context.Context, q sqldb.Querier, rules []ruled, day calendar.Day, at int) (*findings, error) {
	last, err := w.Last(ctx, q)
	if err != nil {
		return nil, err
	}
	var need field.Group
	for _, r := range rules {
		need |= r.rule.reads
	}
	var mu sync.Mutex
	out := newFindings(day)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(at)
	for first := int64(1); first <= last; first += span {
		g.Go(func() error {
			part := newFindings(day)
			err := w.page(ctx, q, first, min(last, first+span-1), need, func(persons []*Subject) {
				part.askAll(rules, w.Fields, persons)
			})
			mu.Lock()
			defer mu.Unlock()
			out.add(part)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("ask everybody: %w", err)
	}
	return out, nil
}

// page reads the persons among a run of numbers, both ends included.
func (w *World) page(ctx context.Context, q sqldb.Querier, first, last int64, groups field.Group, fn func([]*Subject)) error {
	// Room for all of them at once: a million finds of room cost more than to read.
	persons, room, ids := make([]*Subject, 0, last-first+1), make([]Subject, last-first+1), make([]int64, last-first+1)
	for id := first; id <= last; id++ {
		one, i := &room[id-first], id-first
		switch {
		case w.People.Alone(id):
			ids[i] = id
			one.ID, one.Numbers = id, ids[i:i+1:i+1]
		case w.People.Person(id) == id:
			one.ID, one.Numbers = id, w.People.Members(id)
		default:
			continue
		}
		persons = append(persons, one)
	}
	if err := w.Know(ctx, q, persons, groups); err != nil {
		return err
	}
	fn(persons)
	return nil
}
