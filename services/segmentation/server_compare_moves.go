package segmentation

import (
	"context"
	"fmt"
	"slices"
	"sync"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/compare"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// usualOccasionDays is in how many days a person's occasions are looked for.
const usualOccasionDays = 90

func (c *comparison) migration(ctx context.Context, in *segmentationv1.MigrationQuery) (out *segmentationv1.Migration, err error) {
	bad := fault.Invalid()
	from, to := c.pastDay(in.GetFrom(), "migration.from", bad), c.pastDay(in.GetTo(), "migration.to", bad)
	if bad.Len() == 0 && from >= to {
		bad.Field("migration.from", "must be before %s", to)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	c.days = valueDaysTo(to)
	switch of := in.GetStates().(type) {
	case *segmentationv1.MigrationQuery_Segments:
		out, err = c.segmentMoves(ctx, of.Segments.GetSegmentIds(), from, to)
	case *segmentationv1.MigrationQuery_Rfm:
		out, err = c.rfmMoves(ctx, of.Rfm.GetBy(), from, to)
	case *segmentationv1.MigrationQuery_Occasions:
		out, err = c.occasionMoves(ctx, int(of.Occasions.GetDays()), from, to)
	}
	if err != nil {
		return nil, err
	}
	out.From, out.To = from.String(), to.String()
	return out, nil
}

// everybody counts moves of all persons; move adds those of one.
func (c *comparison) everybody(ctx context.Context, move func(m *compare.Moves, p value.Person)) (*compare.Moves, error) {
	all := compare.NewMoves()
	var mu sync.Mutex
	err := c.walk.Each(ctx, nil, func(run []value.Person) error {
		part := compare.NewMoves()
		for _, p := range run {
			move(part, p)
		}
		mu.Lock()
		defer mu.Unlock()
		all.Plus(part)
		return nil
	})
	return all, err
}

func (c *comparison) present(ctx context.Context, from, to calendar.Day) (*compare.Presence, error) {
	return compare.Present(ctx, c.store.db, c.b.ID, c.b.zone, c.walk.People, c.walk.Last, from, to)
}

// segmentMoves are moves between the first of some segments that persons are in.
func (c *comparison) segmentMoves(ctx context.Context, ids []string, from, to calendar.Day) (*segmentationv1.Migration, error) {
	if at := slices.Index(ids, compare.None); at >= 0 {
		return nil, fault.Invalid().Field(fmt.Sprintf("migration.segments.segment_ids[%d]", at),
			"cannot be told from those who are in none of the segments").Err()
	}
	if err := c.ofSegments(ctx); err != nil {
		return nil, err
	}
	var states [2]*compare.Places
	for i, of := range []struct {
		day  calendar.Day
		path string
	}{{from, "migration.from"}, {to, "migration.to"}} {
		sets, err := c.setsOn(ctx, ids, of.day, of.path)
		if err != nil {
			return nil, err
		}
		states[i] = compare.PlacesIn(ids, sets, c.walk.People, c.walk.Last)
	}
	who, err := c.present(ctx, from, to)
	if err != nil {
		return nil, err
	}
	all, err := c.everybody(ctx, func(m *compare.Moves, p value.Person) {
		if s, ok := who.Of(p.ID, compare.Known{}); ok {
			m.Add(s.Move(states[0].Of(p.ID), states[1].Of(p.ID)), value.Of(p.History, c.days))
		}
	})
	return all.Matrix(ids, c.days), err
}

// rfmMoves are moves between fifths. Those who bought are kept until all are known,
// since a cut needs all of them.
func (c *comparison) rfmMoves(ctx context.Context, by segmentationv1.RfmStates_By, from, to calendar.Day) (*segmentationv1.Migration, error) {
	if err := c.ofPurchases(ctx); err != nil {
		return nil, err
	}
	who, err := c.present(ctx, from, to)
	if err != nil {
		return nil, err
	}
	all := compare.NewMoves()
	var buyers [][]compare.Buyer
	var mu sync.Mutex
	err = c.walk.Each(ctx, nil, func(run []value.Person) error {
		part, some := compare.NewMoves(), make([]compare.Buyer, 0, len(run))
		for _, p := range run {
			if b, ok := compare.BuyerOf(p.ID, p.History, from, to, c.days); ok {
				some = append(some, b)
			} else if s, ok := who.Of(p.ID, compare.Known{}); ok {
				part.Add(s.Move(compare.None, compare.None), value.Bought{})
			}
		}
		mu.Lock()
		defer mu.Unlock()
		buyers = append(buyers, some)
		all.Plus(part)
		return nil
	})
	if err != nil {
		return nil, err
	}
	compare.Fifths(all, buyers, by, who)
	states := compare.FifthsStates(by)
	if by == segmentationv1.RfmStates_BY_CELL {
		// Most of the 125 are empty, so only those that anybody was in are told.
		seen := all.States()
		states = slices.DeleteFunc(states, func(name string) bool {
			_, found := slices.BinarySearch(seen, name)
			return !found
		})
	}
	return all.Matrix(states, c.days), nil
}

// occasionMoves are moves of persons' occasions. Who was there does not matter: what
// was bought tells which there were.
func (c *comparison) occasionMoves(ctx context.Context, days int, from, to calendar.Day) (*segmentationv1.Migration, error) {
	if days == 0 {
		days = usualOccasionDays
	}
	upTo := func(day calendar.Day) calendar.Days {
		return calendar.Days{From: day + 1 - calendar.Day(days), Until: day + 1}
	}
	if upTo(to).From <= from {
		return nil, fault.Invalid().Field("migration.occasions.days", "must not be above %d, the days from %s to %s", to-from, from, to).Err()
	}
	if err := c.ofPurchases(ctx); err != nil {
		return nil, err
	}
	all, err := c.everybody(ctx, func(m *compare.Moves, p value.Person) {
		moves := compare.Occasions(p.History, upTo(from), upTo(to))
		if len(moves) == 0 {
			return
		}
		bought := value.Of(p.History, c.days)
		for _, move := range moves {
			m.Add(move, bought)
		}
	})
	return all.Matrix(all.States(), c.days), err
}
