package value

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// crowded has persons who bought, or gave back, or did nothing, on days of a few weeks.
func crowded(r *rand.Rand, n int) []Person {
	run := make([]Person, n)
	for i := range run {
		run[i].ID = int64(i + 1)
		if r.IntN(5) == 0 {
			continue
		}
		run[i].History = &purchase.History{}
		for range r.IntN(6) {
			run[i].History.Add(&purchase.Purchase{Day: calendar.Day(r.IntN(60) - 20), Amount: r.Int64N(1000), Return: r.IntN(6) == 0})
		}
	}
	return run
}

// one asks about some days, also about such as nobody bought on.
func one(r *rand.Rand) Question {
	from := calendar.Day(r.IntN(100) - 50)
	return Question{Days: calendar.Days{From: from, Until: from + 1 + calendar.Day(r.IntN(40))}, Active: 1 + r.IntN(50)}
}

// by counts persons one by one, as the formulas say.
func by(run []Person, q Question) (out Sum) {
	for i := range run {
		var days []calendar.Day
		if h := run[i].History; h != nil {
			for _, d := range h.All() {
				if d.Purchases > 0 {
					days = append(days, d.Day)
				}
			}
		}
		out.Group.Add(Of(run[i].History, q.Days))
		out.Period.Add(days, q.Days, q.Active)
	}
	return out
}

// A sheet says of any days what its persons say one by one.
func TestSheetSaysWhatItsPersonsSay(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		run := crowded(r, r.IntN(block+1))
		s := newSheet(run, 1)
		for range 10 {
			q := one(r)
			if diff := cmp.Diff(by(run, q), s.sum(q)); diff != "" {
				t.Fatalf("%v: %s", q, diff)
			}
		}
	}
}

// Whether there is room for all that was bought, for a part of it or for nothing, any
// question is answered as by walking; several at once as each alone, however many.
func TestKeptAnswersWithinItsRoom(t *testing.T) {
	const n = 20_000
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		stock(t, db, n)
		nobody := people.NewBook().Now()
		for _, room := range []int64{0, 100_000, room} {
			t.Run(fmt.Sprint(room), func(t *testing.T) {
				k := NewKept(Source{Brand: brand, DB: db, Clock: time.Now,
					Now:    func(context.Context) (Now, error) { return Now{Last: n}, nil },
					People: func(context.Context) (*people.Mapping, error) { return nobody, nil },
				})
				k.room = room
				r := rand.New(rand.NewPCG(1, uint64(room)))
				var all []Question
				for range 2 * mostAsked {
					all = append(all, Question{Days: calendar.Days{From: calendar.Day(r.IntN(900)), Until: 900 + calendar.Day(r.IntN(1200))}, Active: 1 + r.IntN(200)})
				}
				ask := k.Together(all)
				for _, q := range all {
					want, err := walked(t, db, nobody, n, q)
					if err != nil {
						t.Fatal(err)
					}
					for _, asked := range []func(context.Context, Question) (Sum, int64, error){ask, k.Ask} {
						if got, _, err := asked(t.Context(), q); err != nil || got != want {
							t.Fatalf("%v: %v, walked %v (%v)", q, got, want, err)
						}
					}
				}
				if k.bytes > room || (k.bytes == 0) != (room == 0) {
					t.Errorf("%d bytes in a room of %d", k.bytes, room)
				}
			})
		}
	})
}

// walked answers a question by walking over everybody.
func walked(t *testing.T, db *sqldb.DB, who *people.Mapping, last int64, q Question) (out Sum, err error) {
	t.Helper()
	w := &Walk{Brand: brand, DB: db, People: who, Last: last}
	run := w.run(nil, 1, last)
	err = w.know(t.Context(), run, 1, last)
	return by(run, q), err
}
