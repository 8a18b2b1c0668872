package lake

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/trail"
)

// told is a unit's events in plain words.
type told map[int64][]string

func tell(p record.Packed) string {
	return fmt.Sprint(p.At, " ", p.Kind, " ", p.Channel, " ", p.Subjects)
}

// expected folds the whole log, the plain way.
func (w *world) expected(unit journeyv1.Unit, days calendar.Days) told {
	w.t.Helper()
	facts, err := w.log.Read(w.t.Context(), brand, 0, 1e6)
	if err != nil {
		w.t.Fatal(err)
	}
	holds := map[int64]record.Packed{}
	for i := range facts {
		p, err := record.ParseEvent(&facts[i])
		if err != nil {
			w.t.Fatal(err)
		}
		if p.Sign > 0 {
			holds[p.Number] = p
		} else {
			delete(holds, p.Number)
		}
	}
	by := map[int64][]record.Packed{}
	for _, p := range holds {
		if !days.Has(calendar.Day(p.At / 86400e6)) {
			continue
		}
		switch {
		case unit == journeyv1.Unit_UNIT_ORDER && p.Order != "":
			by[hashOrder(p.Order)] = append(by[hashOrder(p.Order)], p)
		case unit == journeyv1.Unit_UNIT_PERSON && p.Who != 0 && !p.Employee:
			by[w.people.Person(p.Who)] = append(by[w.people.Person(p.Who)], p)
		}
	}
	out := told{}
	for u, list := range by {
		slices.SortFunc(list, func(a, b record.Packed) int {
			return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Number, b.Number))
		})
		for _, p := range list {
			out[u] = append(out[u], tell(p))
		}
	}
	return out
}

// got reads trails back, and looks for what they must not be.
func got(t testing.TB, all *trail.Trails) told {
	t.Helper()
	out := told{}
	for _, p := range all.Parts {
		if p.First[0] != 0 || int(p.First[len(p.Units)]) != len(p.At) || len(p.Units) == 0 || !slices.IsSorted(p.Units) {
			t.Fatalf("part of %d units: first %v, %d events", len(p.Units), p.First, len(p.At))
		}
		for i, u := range p.Units {
			if _, twice := out[u]; twice {
				t.Fatalf("unit %d is in two places", u)
			}
			for j := p.First[i]; j < p.First[i+1]; j++ {
				out[u] = append(out[u], fmt.Sprint(p.At[j], " ", all.Names.Kinds[p.Kind[j]], " ",
					channelName(p.Channel[j]), " ", all.Names.Subjects[p.Subjects[j]]))
			}
		}
	}
	return out
}

func (w *world) check(l *Lake, what string, unit journeyv1.Unit, days calendar.Days) {
	w.t.Helper()
	all, err := l.Load(w.t.Context(), brand, unit, days)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := gocmp.Diff(w.expected(unit, days), got(w.t, all)); diff != "" {
		w.t.Fatalf("%s: %v %v: -want +got\n%s", what, unit, days, diff)
	}
}

// history does random things to a world; every question must be answered as a fold
// of the whole log would.
type history struct {
	*world
	r     *rand.Rand
	lakes []*Lake
	day   calendar.Day
	// live are the versions of events that hold, by number.
	live []feed.Fact
	book *people.Book
	from map[int64]int64
}

func (h *history) person() int64 {
	if h.r.IntN(5) == 0 {
		return 0
	}
	return 1 + h.r.Int64N(30)
}

func (h *history) event() record.Packed {
	p := happening(h.person(), fmt.Sprint("k", h.r.IntN(4)), h.day-calendar.Day(h.r.IntN(1+h.r.IntN(40))), h.r.IntN(60))
	p.Sequence = int32(h.r.IntN(3) - 1)
	if h.r.IntN(3) == 0 {
		p.Sequence = 0
	}
	p.Order = fmt.Sprint("o", h.r.IntN(20))
	if h.r.IntN(4) == 0 {
		p.Order = ""
	}
	p.Employee = p.Who == 0 && h.r.IntN(4) == 0
	if h.r.IntN(3) == 0 {
		p.Subjects = nil
	}
	return p
}

func (h *history) step() string {
	switch n := h.r.IntN(20); {
	case n < 8:
		var facts []feed.Fact
		for range 1 + h.r.IntN(20) {
			facts = append(facts, fact(h.event(), record.Event, 0))
		}
		h.live = append(h.live, h.record(facts...)...)
		return "record"
	case n < 11 && len(h.live) > 0:
		return h.again()
	case n < 14:
		h.seal(h.lakes[h.r.IntN(len(h.lakes))], h.r.IntN(2) == 0)
		return "seal"
	case n < 16:
		h.day += calendar.Day(h.r.IntN(12))
		h.today(h.day)
		return "days pass"
	case n < 18:
		return h.merge()
	case n < 19:
		h.move(20 * 60e9)
		if _, err := h.lakes[0].Sweep(h.t.Context(), brand); err != nil {
			h.t.Fatal(err)
		}
		return "sweep"
	}
	h.lakes[h.r.IntN(len(h.lakes))] = h.lake(1 << 20)
	return "restart"
}

// again gives an event another version, mostly as it is when its customer is found.
func (h *history) again() string {
	i := h.r.IntN(len(h.live))
	was := h.live[i]
	p, err := record.ParseEvent(&was)
	if err != nil {
		h.t.Fatal(err)
	}
	first := record.First(&was)
	out := fact(p, record.Reversal, first)
	if h.r.IntN(4) == 0 {
		h.record(out)
		h.live = slices.Delete(h.live, i, i+1)
		return "take out"
	}
	p.Who, p.Employee = 1+h.r.Int64N(30), false
	h.live[i] = h.record(out, fact(p, record.Event, first))[1]
	return "resolve"
}

func TestAnyHistory(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				w := newWorld(t, freshFor(t, w.db))
				h := &history{world: w, r: rand.New(rand.NewPCG(seed, 1)), day: start, book: people.NewBook(), from: map[int64]int64{},
					lakes: []*Lake{w.lake(1 << 20), w.lake(1 << 20), w.lake(0)}}
				for i := range 70 {
					did := fmt.Sprintf("%d %s", i, h.step())
					l := h.lakes[h.r.IntN(len(h.lakes))]
					unit := journeyv1.Unit(1 + h.r.IntN(2))
					days := Ever
					if h.r.IntN(3) == 0 {
						days = calendar.Days{From: start - 10, Until: start + 5}
					}
					w.check(l, did, unit, days)
				}
			})
		}
	})
}

// merge lets one number stand for another, or takes that back.
func (h *history) merge() string {
	from, into := 1+h.r.Int64N(30), 1+h.r.Int64N(30)
	did := "merge"
	if h.from[from] != 0 {
		h.book.Unmerge(from)
		delete(h.from, from)
		did = "unmerge"
	} else if h.book.Now().Person(into) != from {
		h.book.Merge(from, into)
		h.from[from] = into
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.people = h.book.Now()
	return did
}

func channelName(c uint8) string { return commonv1.Channel(c).String() }

func freshFor(t *testing.T, db *sqldb.DB) *sqldb.DB {
	if db.Engine() == sqldb.SQLite {
		return sqldbtest.Open(t, sqldbtest.SQLite(t))
	}
	return sqldbtest.Open(t, sqldbtest.Postgres(t))
}
