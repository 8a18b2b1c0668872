package measure

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

type happening struct {
	who int64
	p   record.Packed
}

var mapPoints = []Point{
	{ID: "see", Kinds: []string{"visit"}, Channel: commonv1.Channel_CHANNEL_WEB},
	{ID: "ask"},
	{ID: "buy", Kinds: []string{"purchase", "order.placed"}},
	{ID: "return", Kinds: []string{"return"}},
}

// plain counts the map event by event, with sets.
func plain(all []happening, a Audience, person Person) []Numbers {
	out := make([]Numbers, len(mapPoints))
	there := make([]map[int64]bool, len(mapPoints))
	for i, p := range mapPoints {
		there[i] = map[int64]bool{}
		for _, h := range all {
			mine := h.p.Employee == a.Employees && (a.Customer == 0 || h.who > 0 && person(h.who) == person(a.Customer))
			if mine && IsContact(h.p.Kind) && h.p.Touchpoint == p.ID {
				out[i].Contacts++
			}
			if !mine || !p.visits(h.p.Kind) || p.Channel != 0 && p.Channel != h.p.Channel {
				continue
			}
			out[i].Visits++
			if h.who > 0 {
				there[i][person(h.who)] = true
			}
		}
		out[i].People = int64(len(there[i]))
	}
	for _, next := range [][2]int{{0, 2}, {2, 3}} {
		from := &out[next[0]]
		from.HasLost = from.People > 0
		for p := range there[next[0]] {
			if !there[next[1]][p] {
				from.Lost++
			}
		}
	}
	return out
}

func TestTouchpointsAgainstSets(t *testing.T) {
	kinds := []string{"visit", "visit.page", "visitor", "purchase", "order.placed", "return", "contact.call"}
	person := func(number int64) int64 { return number - number%2 + 1 } // 1 stands for 0 and 1, 3 for 2
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(t)
		var all []happening
		for range 500 {
			h := happening{int64(r.IntN(60)), record.Packed{
				Kind: kinds[r.IntN(len(kinds))], Touchpoint: []string{"", "ask", "buy"}[r.IntN(3)],
				Channel: commonv1.Channel_CHANNEL_WEB + commonv1.Channel(r.IntN(2)),
			}}
			if r.IntN(8) == 0 {
				h.who, h.p.Employee = 0, true
			}
			all = append(all, h)
			w.event(calendar.Day(r.IntN(5)), h.who, h.p)
		}
		each := func(want func(string) bool, fn func(*tally.Events)) error {
			for _, kind := range kinds {
				if want(kind) {
					w.events(calendar.Days{Until: 9}, kind, func(_ calendar.Day, e *tally.Events) { fn(e) })
				}
			}
			return nil
		}
		for _, a := range []Audience{{}, {Employees: true}, {Customer: 7}, {Customer: 1 << 50}} {
			got, err := Touchpoints(mapPoints, a, person, each)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(plain(all, a, person), got); diff != "" {
				t.Fatalf("seed %d, %+v: %s", seed, a, diff)
			}
		}
	}
}
