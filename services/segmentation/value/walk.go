package value

import (
	"context"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"golang.org/x/sync/errgroup"

	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// Walk reads what persons bought, run by run of their numbers. Each run is as of when
// it is read, so that nothing is held over all of them; who is a person, and who
// belongs to it, is of one moment.
type Walk struct {
	Brand  string
	DB     sqldb.Querier
	People *people.Mapping
	// Last is the last number given out; who came later is passed over.
	Last int64
}

// Person is a person and what all its numbers bought; nil: nothing.
type Person struct {
	ID      int64
	History *purchase.History
}

// span is how many numbers a run has, readers how many runs are read at once: fewer than
// there are connections, so that short questions need not wait for a walk.
const (
	span    = 8192
	readers = 2
)

// Each hands persons, given as a set of numbers or nil for everybody, to fn: each once,
// in runs ascending within themselves. fn is called by several at once.
func (w *Walk) Each(ctx context.Context, numbers *roaring64.Bitmap, fn func(run []Person) error) error {
	if numbers != nil {
		numbers = w.Persons(numbers)
	}
	g, going := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for first := int64(1); first <= w.Last && going.Err() == nil; first += span {
		last := min(w.Last, first+span-1)
		g.Go(func() error {
			run := w.run(numbers, first, last)
			if len(run) == 0 {
				return nil
			}
			if err := w.know(going, run, first, last); err != nil {
				return err
			}
			return fn(run)
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("walk along purchases: %w", err)
	}
	return ctx.Err()
}

// Persons are those who stand for numbers.
func (w *Walk) Persons(numbers *roaring64.Bitmap) *roaring64.Bitmap {
	if w.People.Empty() {
		return numbers
	}
	out := roaring64.New()
	for it := numbers.Iterator(); it.HasNext(); {
		out.Add(uint64(w.People.Person(int64(it.Next()))))
	}
	return out
}

func (w *Walk) run(persons *roaring64.Bitmap, first, last int64) (run []Person) {
	if persons == nil {
		run = make([]Person, 0, last-first+1)
		for id := first; id <= last; id++ {
			if w.People.Person(id) == id {
				run = append(run, Person{ID: id})
			}
		}
		return run
	}
	it := persons.Iterator()
	it.AdvanceIfNeeded(uint64(first))
	for it.HasNext() {
		id := int64(it.Next())
		if id > last {
			break
		}
		run = append(run, Person{ID: id})
	}
	return run
}

// sparse is by how many times a probe of a number costs more than a row in a run.
const sparse = 8

// know reads the histories of a run. Numbers of its persons may lie anywhere.
func (w *Walk) know(ctx context.Context, run []Person, first, last int64) error {
	whole := int64(len(run))*sparse > last-first
	all, err := purchase.Histories(ctx, w.DB, w.Brand, w.apart(run, first, last, whole))
	if err != nil {
		return err
	}
	within := all
	if whole {
		if within, err = purchase.HistoriesWithin(ctx, w.DB, w.Brand, first, last); err != nil {
			return err
		}
	}
	for i := range run {
		p := &run[i]
		if p.History = within[p.ID]; w.People.Empty() {
			continue
		}
		members := w.People.Members(p.ID)
		if len(members) == 1 {
			continue
		}
		several := make([]*purchase.History, 0, len(members))
		for _, id := range members {
			h := within[id]
			if h == nil {
				h = all[id]
			}
			several = append(several, h)
		}
		p.History = purchase.Union(several...)
	}
	return nil
}

// apart are the numbers of a run's persons that are looked up one by one: those that are
// not in the run, or all if the run is not read as a whole.
func (w *Walk) apart(run []Person, first, last int64, whole bool) (ids []int64) {
	if whole && w.People.Empty() {
		return nil
	}
	for i := range run {
		for _, id := range w.People.Members(run[i].ID) {
			if !whole || id < first || id > last {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
