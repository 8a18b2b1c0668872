package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
	"github.com/rapport-cx/rapport/services/segmentation/rfm"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// balanced fails if rows, columns or units are not what the cells come to.
func balanced(t *testing.T, m *segmentationv1.Migration) {
	t.Helper()
	at := map[string]int{Away: len(m.GetStates())}
	for i, name := range m.GetStates() {
		at[name] = i
	}
	rows, columns, units := make([]int64, len(at)), make([]int64, len(at)), int64(0)
	last := -1
	for _, c := range m.GetCells() {
		from, ok := at[c.GetFrom()]
		to, known := at[c.GetTo()]
		if place := from*len(at) + to; !ok || !known || place <= last || c.GetUnits() <= 0 || c.GetValue().GetPersons() != c.GetUnits() {
			t.Fatalf("cell %v behind %d of states %v", c, last, m.GetStates())
		} else {
			last = place
		}
		rows[from] += c.GetUnits()
		columns[to] += c.GetUnits()
		units += c.GetUnits()
	}
	if !slices.Equal(rows, m.GetRows()) || !slices.Equal(columns, m.GetColumns()) || units != m.GetUnits() {
		t.Fatalf("rows %v, columns %v, units %d of %v", rows, columns, units, m)
	}
	for _, side := range [][]int64{m.GetRows(), m.GetColumns()} {
		for _, n := range side {
			units -= n
		}
	}
	if units != -m.GetUnits() {
		t.Fatalf("rows and columns do not sum to the units: %v", m)
	}
}

func TestAnyMatrixBalances(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	states := []string{"b", "a", "c"}
	for range 200 {
		one, other := NewMoves(), NewMoves()
		all := append([]string{None, Away}, states...)
		for range r.IntN(30) {
			[]*Moves{one, other}[r.IntN(2)].Add(Move{all[r.IntN(5)], all[r.IntN(5)]}, value.Bought{Purchases: r.Int64N(3)})
		}
		one.Plus(other)
		m := one.Matrix(states, calendar.Days{Until: 365})
		balanced(t, m)
		if n := len(m.GetStates()); n != 3 && (n != 4 || m.GetStates()[3] != None) {
			t.Fatalf("states %v", m.GetStates())
		}
		for _, name := range one.States() {
			if !slices.Contains(states, name) {
				t.Fatalf("%q is no state", name)
			}
		}
	}
}

// merged is who stands for whom after some merges.
func merged(edges ...[2]int64) *people.Mapping {
	book := people.NewBook()
	for i, e := range edges {
		book.Apply(&segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_MERGED, Id: e[0], IntoId: e[1], Seq: int64(i + 1)})
	}
	return book.Now()
}

func TestPresence(t *testing.T) {
	p := &Presence{People: merged([2]int64{2, 8}, [2]int64{9, 3}), From: 10, To: 20, Before: 5, By: 8,
		Erased: map[int64]calendar.Day{1: 10, 4: 11, 5: 21, 7: 15, 3: 20}}
	for _, c := range []struct {
		what   string
		person int64
		known  Known
		want   Standing
		ok     bool
	}{
		{"gone by the earlier day", 1, Known{}, Standing{Gone: true}, false},
		{"merged from an early number", 8, Known{}, Standing{}, true},
		{"erased, but for a number that came later", 3, Known{}, Standing{}, true},
		{"gone", 4, Known{}, Standing{Gone: true}, true},
		{"erased after the later day", 5, Known{}, Standing{}, true},
		{"new", 6, Known{}, Standing{New: true}, true},
		{"came and went", 7, Known{}, Standing{New: true, Gone: true}, false},
		{"bought before its number was known, and went", 7, Known{From: true, To: true}, Standing{Gone: true}, true},
		{"came later", 10, Known{}, Standing{New: true}, false},
		{"came later, but bought before", 10, Known{To: true}, Standing{New: true}, true},
	} {
		if got, ok := p.Of(c.person, c.known); ok != c.ok || got != c.want {
			t.Errorf("%s: %+v, %v", c.what, got, ok)
		}
	}
}

func TestOccasions(t *testing.T) {
	h := &purchase.History{}
	add := func(day calendar.Day, n int, names ...string) {
		for range n {
			p := &purchase.Purchase{Day: day, Traits: []purchase.Trait{{Kind: purchase.Category, Name: "bread"}}}
			for _, name := range names {
				p.Traits = append(p.Traits, purchase.Trait{Kind: purchase.Occasion, Name: name})
			}
			h.Add(p)
		}
	}
	add(5, 1, "stays", "rare")
	add(6, 3, "often")
	add(7, 1, "also")
	add(15, 9, "between")
	add(25, 1, "stays", "b")
	add(26, 1, "a")
	got := Occasions(h, calendar.Days{From: 0, Until: 10}, calendar.Days{From: 20, Until: 30})
	// The two taken up were had once each: by name. The same of also and rare.
	want := []Move{{"stays", "stays"}, {"often", "a"}, {"also", "b"}, {"rare", Away}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if back := Occasions(h, calendar.Days{From: 20, Until: 30}, calendar.Days{From: 0, Until: 10}); back[len(back)-1] != (Move{Away, "rare"}) {
		t.Errorf("back: %v", back)
	}
	if none := Occasions(nil, calendar.Days{}, calendar.Days{}); none != nil {
		t.Errorf("of nobody: %v", none)
	}
}

// Every occasion that a person had is the end of one move, and nothing else is.
func TestOccasionsAreEachMovedOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	before, after := calendar.Days{From: 0, Until: 10}, calendar.Days{From: 10, Until: 20}
	for range 500 {
		h, had := &purchase.History{}, [2]map[string]bool{{}, {}}
		for range r.IntN(10) {
			day, name := r.IntN(20), fmt.Sprint("o", r.IntN(6))
			h.Add(&purchase.Purchase{Day: calendar.Day(day), Traits: []purchase.Trait{{Kind: purchase.Occasion, Name: name}}})
			had[day/10][name] = true
		}
		seen := [2]map[string]bool{{}, {}}
		for _, m := range Occasions(h, before, after) {
			for side, name := range [...]string{m.From, m.To} {
				if name != Away && (seen[side][name] || !had[side][name]) {
					t.Fatalf("%s on side %d of %v", name, side, had)
				}
				if name != Away {
					seen[side][name] = true
				}
			}
			if m.From != m.To && had[1][m.From] || m == (Move{}) {
				t.Fatalf("%v of %v", m, had)
			}
		}
		if diff := cmp.Diff(had, seen); diff != "" {
			t.Fatal(diff)
		}
	}
}

// What an overlap says of sets, pairs and combinations is what a count of each by
// itself gives, also where members were merged since.
func TestOverlapCountsEachByItself(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	who := merged([2]int64{2, 8}, [2]int64{9, 3}, [2]int64{3, 4})
	ids := []string{"c", "a", "b"}
	for range 100 {
		sets, in := make([]*roaring64.Bitmap, 3), [3]map[int64]bool{{}, {}, {}}
		for i := range sets {
			sets[i] = roaring64.New()
			for range r.IntN(12) {
				id := 1 + r.Int64N(20)
				sets[i].Add(uint64(id))
				in[i][who.Person(id)] = true
			}
		}
		o := OverlapOf(ids, sets, who, 20)
		one, other := o.Combine(), o.Combine()
		w := &value.Walk{People: who}
		for _, id := range w.Persons(o.Any()).ToArray() {
			[]*Combined{one, other}[r.IntN(2)].Add(int64(id), value.Bought{})
		}
		one.Plus(other)
		got := one.Answer(calendar.Days{Until: 365})
		persons := int64(0)
		for _, c := range got.GetCombinations() {
			persons += c.GetValue().GetPersons()
		}
		if persons != got.GetPersons() || int(persons) != len(union(in[0], union(in[1], in[2]))) {
			t.Fatalf("%d persons in %v", persons, got)
		}
		for i, v := range got.GetSegments() {
			if int(v.GetPersons()) != len(in[i]) {
				t.Fatalf("%d in %s, not %v", v.GetPersons(), ids[i], in[i])
			}
		}
		for at, p := range [][2]int{{0, 1}, {0, 2}, {1, 2}} {
			pair, all := got.GetPairs()[at], union(in[p[0]], in[p[1]])
			both := len(in[p[0]]) + len(in[p[1]]) - len(all)
			if pair.GetLeft() != ids[p[0]] || pair.GetRight() != ids[p[1]] || int(pair.GetBoth()) != both ||
				(pair.Overlap == nil) != (len(all) == 0) || len(all) > 0 && pair.GetOverlap() != 100*float64(both)/float64(len(all)) {
				t.Fatalf("pair %v: %v of %v", pair, both, all)
			}
		}
	}
}

func union(a, b map[int64]bool) map[int64]bool {
	out := map[int64]bool{}
	for _, m := range []map[int64]bool{a, b} {
		for id := range m {
			out[id] = true
		}
	}
	return out
}

// Fifths of a day are those that a run of that day would cut.
func TestFifths(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	const from, to = 100, 150
	who := &Presence{People: merged(), From: from, To: to, Before: 1000, By: 1000}
	for _, by := range []segmentationv1.RfmStates_By{0, 1, 2, 3, 4, 5} {
		var buyers []Buyer
		var rows [2][]rfm.Row
		for id := int64(1); id <= 80; id++ {
			h := &purchase.History{}
			for range 1 + r.IntN(6) {
				h.Add(&purchase.Purchase{Day: calendar.Day(r.IntN(180)), Amount: r.Int64N(5000)})
			}
			if b, ok := BuyerOf(id, h, from, to, calendar.Days{From: 0, Until: to}); ok {
				buyers = append(buyers, b)
			}
			for i, day := range []calendar.Day{from, to} {
				if f := value.Of(h, calendar.Days{From: 0, Until: day + 1}); f.Purchases > 0 {
					last := calendar.Day(0)
					for _, d := range h.Days(calendar.Days{From: 0, Until: day + 1}) {
						last = d.Day
					}
					rows[i] = append(rows[i], rfm.Row{Person: id, Days: int64(day - last), Purchases: f.Purchases, Spent: f.Spent})
				}
			}
		}
		want := map[Move]int64{}
		cuts := [2]rfm.Measure{rfm.MeasureOf(rows[0]), rfm.MeasureOf(rows[1])}
		for _, row := range rows[1] {
			m := Move{None, nameBy(by, cuts[1].Score(&row))}
			if i := slices.IndexFunc(rows[0], func(o rfm.Row) bool { return o.Person == row.Person }); i >= 0 {
				m.From = nameBy(by, cuts[0].Score(&rows[0][i]))
			}
			want[m]++
		}
		moves, got := NewMoves(), map[Move]int64{}
		Fifths(moves, [][]Buyer{buyers[:len(buyers)/3], nil, buyers[len(buyers)/3:]}, by, who)
		m := moves.Matrix(FifthsStates(by), calendar.Days{Until: 365})
		balanced(t, m)
		for _, c := range m.GetCells() {
			got[Move{c.GetFrom(), c.GetTo()}] = c.GetUnits()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(by, diff)
		}
	}
	if got := FifthsStates(0); len(got) != 25 || got[0] != "R5F5" || got[1] != "R5F4" || got[24] != "R1F1" {
		t.Errorf("states %v", got)
	}
	if got := FifthsStates(segmentationv1.RfmStates_BY_CELL); len(got) != 125 || got[124] != "R1F1M1" {
		t.Errorf("cells %v", got)
	}
}
