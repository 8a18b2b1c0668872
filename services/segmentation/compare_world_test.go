package segmentation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/rfm"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// sale is one purchase of a number: the nth of all.
type sale struct {
	nth   int
	day   calendar.Day
	minor int64
}

// week is some days of a brand, and what each of them left, kept in a way of its own.
type week struct {
	*interleaved
	first, today calendar.Day
	// created and gone are the days of each number, sales what it bought.
	created, gone map[int64]calendar.Day
	sales         map[int64][]sale
	// members are who was in each segment when a day ended.
	members map[calendar.Day]map[string][]int64
	// seen are the ends of moves that were told.
	seen map[string]bool
	// retold counts purchases that were told anew.
	retold int
}

var weekSegments = []string{"often", "omsk", "list"}

func newWeek(t *testing.T, url string, seed uint64) *week {
	c := &clock{now: start}
	x := &interleaved{t: t, rnd: rand.New(rand.NewPCG(seed, 17)), c: c, url: url, j: retelling{newJourney(t, c)}}
	x.w = newWatcher(t, url, c)
	x.start(0)
	x.start(1)
	w := &week{interleaved: x, first: moscow.DayOf(start), today: moscow.DayOf(start), created: map[int64]calendar.Day{},
		gone: map[int64]calendar.Day{}, sales: map[int64][]sale{}, members: map[calendar.Day]map[string][]int64{},
		seen: map[string]bool{}}
	declare(t, x.r[0], city)
	for range 8 {
		w.welcome()
	}
	createSegment(t, x.r[0], expression("omsk", "attributes.city == 'Omsk'"))
	createSegment(t, x.r[0], expression("often", "purchases.count_30d >= 2"))
	createSegment(t, x.r[0], listOf("list", 2, 3, 9))
	return w
}

func (w *week) welcome() {
	w.last++
	cityOf := []string{"Omsk", "Tver"}[w.rnd.IntN(2)]
	upsert(w.t, w.one(), false, &segmentationv1.Customer{Identities: cards(w.last), Attributes: attribute(cityOf)})
	w.created[w.last] = w.today
}

func (w *week) step() {
	id := 1 + w.rnd.Int64N(w.last)
	switch w.rnd.IntN(9) {
	case 0, 1:
		w.welcome()
	case 2:
		_, _ = merge(w.t, w.one(), id, 1+w.rnd.Int64N(w.last))
	case 3:
		_, _ = unmerge(w.t, w.one(), id)
	case 4:
		if w.rnd.IntN(2) == 0 {
			for _, gone := range erase(w.t, w.one(), id).GetErasure().GetCustomerIds() {
				if w.gone[gone] == 0 {
					w.gone[gone] = w.today
				}
			}
		}
	default:
		w.bought++
		w.sell(w.bought, fmt.Sprint(w.bought), id)
	}
}

// sell tells of the nth purchase, which may have been two months ago.
func (w *week) sell(nth int, key string, id int64) {
	ago, minor := w.rnd.IntN(60)-int(w.today-w.first), 1+w.rnd.Int64N(9000)
	record(w.t, w.j, key, "purchase", id, ago, minor)
	w.sales[id] = append(w.sales[id], sale{nth, w.first - calendar.Day(ago), minor})
}

// retell tells some purchase anew: perhaps of somebody else, on another day, for
// another sum.
func (w *week) retell() {
	w.retold++
	nth := 1 + w.rnd.IntN(w.bought)
	for id := range w.sales {
		w.sales[id] = slices.DeleteFunc(w.sales[id], func(s sale) bool { return s.nth == nth })
	}
	w.sell(nth, fmt.Sprint(nth, anew, w.retold), 1+w.rnd.Int64N(w.last))
}

// followed waits until all that was told is known here, as it was told last.
func (w *week) followed() {
	w.interleaved.followed()
	spent := int64(0)
	for _, sales := range w.sales {
		for _, s := range sales {
			spent += s.minor
		}
	}
	w.counted("spent", spent)
}

// pass lets a day pass on which much happens.
func (w *week) pass() {
	for range 10 {
		w.step()
	}
	w.followed()
	w.w.settled(w.t)
	now := map[string][]int64{}
	for _, id := range weekSegments {
		now[id] = inSegment(w.t, w.r[0], id, "")
	}
	w.members[w.today] = now
	w.c.Add(24 * time.Hour)
	w.today++
}

// persons are all of today, each with its numbers.
func (w *week) persons() map[int64][]int64 {
	// A value is as of the head of the log: with it the replica knows what merges the
	// other one made.
	if _, err := w.r[0].GetSegmentValue(w.t.Context(), &segmentationv1.GetSegmentValueRequest{Brand: brand}); err != nil {
		w.t.Fatal(err)
	}
	out := map[int64][]int64{}
	for id := int64(1); id <= w.last; id++ {
		if who := get(w.t, w.r[0], id); who.GetPersonId() == id {
			out[id] = who.GetMemberIds()
		}
	}
	return out
}

// worth is what a person bought in some days.
func (w *week) worth(numbers []int64, over calendar.Days) (b value.Bought) {
	var days []calendar.Day
	for _, id := range numbers {
		for _, s := range w.sales[id] {
			if days = append(days, s.day); over.Has(s.day) {
				b.Purchases++
				b.Spent += s.minor
			}
		}
	}
	if b.Purchases > 0 {
		b.First, b.Last = slices.Min(days), slices.Max(days)
	}
	return b
}

// row is what a person bought up to a day.
func (w *week) row(person int64, numbers []int64, day calendar.Day) (rfm.Row, bool) {
	r := rfm.Row{Person: person, Days: 1 << 40}
	for _, id := range numbers {
		for _, s := range w.sales[id] {
			if s.day <= day {
				r.Days = min(r.Days, int64(day-s.day))
				r.Purchases++
				r.Spent += s.minor
			}
		}
	}
	return r, r.Purchases > 0
}

// recount is a migration by the test's own reckoning: state is a person's on a day, ""
// for none, and known that it was there whenever its numbers were given out.
func (w *week) recount(states []string, from, to calendar.Day, state func(person int64, numbers []int64, day calendar.Day) (name string, known bool)) *segmentationv1.Migration {
	type cell struct{ from, to string }
	groups := map[cell]*value.Group{}
	over := calendar.Days{From: to - 364, Until: to + 1}
	none := false
	for person, numbers := range w.persons() {
		var ends [2]string
		there := [2]bool{}
		for i, day := range []calendar.Day{from, to} {
			name, known := state(person, numbers, day)
			if name == "" {
				name = "none"
			}
			gone := true
			for _, id := range numbers {
				known = known || w.created[id] <= day
				gone = gone && w.gone[id] != 0 && w.gone[id] <= day
			}
			if there[i] = known && !gone; there[i] {
				ends[i] = name
			}
		}
		if !there[0] && !there[1] {
			continue
		}
		c := cell{ends[0], ends[1]}
		none = none || slices.Contains(ends[:], "none")
		if groups[c] == nil {
			groups[c] = &value.Group{}
		}
		groups[c].Add(w.worth(numbers, over))
	}
	if none {
		states = append(slices.Clone(states), "none")
	}
	out := &segmentationv1.Migration{States: states, From: from.String(), To: to.String()}
	ends := append(slices.Clone(states), "")
	out.Rows, out.Columns = make([]int64, len(ends)), make([]int64, len(ends))
	for i, a := range ends {
		for j, b := range ends {
			if g := groups[cell{a, b}]; g != nil {
				out.Cells = append(out.Cells, &segmentationv1.MigrationCell{From: a, To: b, Units: g.Persons, Value: g.Value(over)})
				out.Rows[i] += g.Persons
				out.Columns[j] += g.Persons
				out.Units += g.Persons
			}
		}
	}
	return out
}

func (w *week) migrate(q *segmentationv1.MigrationQuery) *segmentationv1.Migration {
	w.t.Helper()
	out, err := w.one().CompareSegments(w.t.Context(), &segmentationv1.CompareSegmentsRequest{Brand: brand,
		Comparison: &segmentationv1.CompareSegmentsRequest_Migration{Migration: q}})
	if err != nil {
		w.t.Fatal(err)
	}
	if out.GetAsOf() == nil {
		w.t.Error("nothing says as of when")
	}
	for _, c := range out.GetMigration().GetCells() {
		w.seen["from "+c.GetFrom()] = true
		w.seen["to "+c.GetTo()] = true
	}
	return out.GetMigration()
}
