package segmentation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// interleaved is a world in which anything happens in any order, and what should have
// come of it, kept in a way of its own.
type interleaved struct {
	t   *testing.T
	rnd *rand.Rand
	c   *clock
	url string
	w   *watcher
	j   journeyv1.JourneyServiceClient
	r   [2]*replica
	// cities and days are what each number has; a number that was erased has no city.
	cities map[int64]string
	days   map[int64][]calendar.Day
	bought int
	erased map[int64]bool
	last   int64
	list   []int64
	// swings tells that the segment swing is there, at which of its rules.
	swings bool
	at     int
	// seen are what was in what at some positions, held what a client keeps.
	seen []position
	held [2]map[string]*holding
}

// all are the segments that the test knows the meaning of, swing one whose rule is
// given anew now and then.
var (
	all   = []string{"omsk", "notomsk", "often", "notoften", "asleep", "list", "mix", "deep", "swing", "swung"}
	swing = []string{"attributes.city == 'Omsk'", "purchases.count_30d >= 2", "purchases.days_since_last > 10"}
)

func (x *interleaved) one() *replica { return x.r[x.rnd.IntN(2)] }

func (x *interleaved) start(i int) {
	x.r[i] = newReplicaBeside(x.t, x.url, "", x.c.Now, segmentation.Neighbours{Journey: x.j})
}

// define makes the segments that the test knows the meaning of.
func (x *interleaved) define() {
	r := x.one()
	createSegment(x.t, r, expression("omsk", "attributes.city == 'Omsk'"))
	createSegment(x.t, r, expression("notomsk", "!(attributes.city == 'Omsk')"))
	createSegment(x.t, r, expression("often", "purchases.count_30d >= 2"))
	createSegment(x.t, r, expression("notoften", "!(purchases.count_30d >= 2)"))
	createSegment(x.t, r, expression("asleep", "purchases.days_since_last > 10"))
	createSegment(x.t, r, listOf("list", x.list...))
	createSegment(x.t, r, algebra("mix", segmentationv1.SegmentAlgebra_OPERATION_DIFFERENCE, "often", "omsk"))
	createSegment(x.t, r, algebra("deep", segmentationv1.SegmentAlgebra_OPERATION_UNION, "mix", "list"))
	createSegment(x.t, r, expression("swing", swing[0]))
	createSegment(x.t, r, algebra("swung", segmentationv1.SegmentAlgebra_OPERATION_DIFFERENCE, "swing", "often"))
	x.swings = true
}

func (x *interleaved) step() {
	id := 1 + x.rnd.Int64N(x.last)
	switch x.rnd.IntN(14) {
	case 0, 1:
		x.last++
		cityOf := []string{"Omsk", "Tver"}[x.rnd.IntN(2)]
		upsert(x.t, x.one(), false, &segmentationv1.Customer{Identities: cards(x.last), Attributes: attribute(cityOf)})
		x.cities[x.last] = cityOf
	case 2:
		if !x.erased[id] {
			cityOf := []string{"Omsk", "Tver"}[x.rnd.IntN(2)]
			upsert(x.t, x.one(), false, &segmentationv1.Customer{Id: id, Attributes: attribute(cityOf)})
			x.cities[id] = cityOf
		}
	case 3, 4, 5, 6:
		at := x.c.Now().Add(-time.Duration(x.rnd.IntN(40*24)) * time.Hour)
		x.bought++
		buy(x.t, x.j, fmt.Sprint(x.bought), id, at)
		x.days[id] = append(x.days[id], moscow.DayOf(at))
	case 7:
		_, _ = merge(x.t, x.one(), id, 1+x.rnd.Int64N(x.last))
	case 8:
		_, _ = unmerge(x.t, x.one(), id)
	case 9:
		if x.rnd.IntN(4) == 0 {
			for _, gone := range erase(x.t, x.one(), id).GetErasure().GetCustomerIds() {
				x.erased[gone] = true
				delete(x.cities, gone)
			}
		}
	case 10:
		x.c.Add(time.Duration(x.rnd.IntN(10*24)) * time.Hour)
	case 11:
		if i := x.rnd.IntN(6); i < 2 {
			x.r[i].stop()
			x.start(i)
		}
	case 12:
		if x.swings {
			x.at = x.rnd.IntN(len(swing))
			updateSegment(x.t, x.one(), expression("swing", swing[x.at]))
		}
	case 13:
		if x.swings {
			x.hold(x.rnd.IntN(2), all[x.rnd.IntN(len(all))])
		}
	}
}

func cards(n int64) []*commonv1.Identity { return []*commonv1.Identity{card(fmt.Sprint("card-", n))} }

func attribute(cityOf string) map[string]*segmentationv1.AttributeValue {
	return map[string]*segmentationv1.AttributeValue{"city": textValue(cityOf)}
}

// expected are the members of each segment by the test's own reckoning.
func (x *interleaved) expected() map[string][]int64 {
	out := map[string][]int64{}
	today := moscow.DayOf(x.c.Now())
	in := func(name string, id int64, holds bool) bool {
		if holds {
			out[name] = append(out[name], id)
		}
		return holds
	}
	for id := int64(1); id <= x.last; id++ {
		who := get(x.t, x.r[0], id)
		if who.GetPersonId() != id {
			continue
		}
		cityOf, count, newest, listed := x.cities[id], 0, calendar.Day(-1), false
		for _, n := range who.GetMemberIds() {
			if cityOf == "" {
				cityOf = x.cities[n]
			}
			for _, d := range x.days[n] {
				newest = max(newest, d)
				if d > today-30 {
					count++
				}
			}
			listed = listed || slices.Contains(x.list, n)
		}
		omsk := in("omsk", id, cityOf == "Omsk")
		in("notomsk", id, !omsk)
		often := in("often", id, count >= 2)
		in("notoften", id, !often)
		asleep := in("asleep", id, newest >= 0 && today-newest > 10)
		swings := in("swing", id, []bool{omsk, often, asleep}[x.at])
		in("swung", id, swings && !often)
		in("list", id, listed)
		mix := in("mix", id, often && !omsk)
		in("deep", id, mix || listed)
	}
	return out
}

// followed waits until all that was bought is known here.
func (x *interleaved) followed() { x.counted("purchases", int64(x.bought)) }

// counted waits until a column of purchases comes to so much.
func (x *interleaved) counted(column string, want int64) {
	x.t.Helper()
	late, look := time.After(time.Minute), time.NewTicker(5*time.Millisecond)
	defer look.Stop()
	for n := 0; ; n++ {
		sum := int64(0)
		err := x.w.db.QueryRow(x.t.Context(), "SELECT CAST(COALESCE(sum("+column+"), 0) AS BIGINT) FROM purchase WHERE brand = $1", brand).Scan(&sum)
		if err != nil {
			x.t.Fatal(err)
		}
		if sum == want {
			return
		}
		if n%20 == 19 {
			x.c.Add(11 * time.Second)
		}
		select {
		case <-look.C:
		case <-late:
			x.t.Fatalf("%s: %d of %d are known", column, sum, want)
		}
	}
}

func (x *interleaved) compare() {
	x.t.Helper()
	x.followed()
	x.w.settled(x.t)
	want := x.expected()
	for _, id := range all {
		for i, r := range x.r {
			if diff := cmp.Diff(want[id], bitmapOf(x.t, r, id)); diff != "" {
				x.t.Errorf("%s on replica %d: %s", id, i, diff)
			}
			if diff := cmp.Diff(want[id], x.hold(i, id)); diff != "" {
				x.t.Errorf("%s with a client of replica %d: %s", id, i, diff)
			}
		}
	}
	head, err := x.w.log.Head(x.t.Context(), brand)
	if err != nil {
		x.t.Fatal(err)
	}
	x.seen = append(x.seen, position{head.Cursor(), want})
	audit(x.t, x.url, "")
}

// Membership after any interleaving of facts, nights, restarts and two replicas is
// what a count from scratch gives, and an expression and its negation split all
// persons between them.
func TestMembershipAfterAnyInterleaving(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		for seed := range uint64(2) {
			if seed > 0 {
				url = freshURL(t, url)
			}
			c := &clock{now: start}
			x := &interleaved{t: t, rnd: rand.New(rand.NewPCG(seed, 11)), c: c, url: url, j: newJourney(t, c), last: 6, list: []int64{2, 3, 9},
				cities: map[int64]string{}, days: map[int64][]calendar.Day{}, erased: map[int64]bool{}}
			x.w = newWatcher(t, url, c)
			x.start(0)
			x.start(1)
			declare(t, x.r[0], city)
			numbered(t, x.r[0], int(x.last))
			for range 20 {
				x.step()
			}
			x.followed()
			x.define()
			for range 4 {
				for range 25 {
					x.step()
				}
				x.compare()
			}
			x.replayed(position{}, x.seen)
			for i, p := range x.seen {
				x.replayed(p, x.seen[i+1:])
			}
		}
	})
}
