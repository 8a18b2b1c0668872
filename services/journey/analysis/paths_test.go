package analysis

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func ways(t *testing.T, q Paths, events []happened) *PathsAnswer {
	t.Helper()
	out, err := q.Ask(context.Background(), lay(events, 3))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// takenOf are the events of a unit that a filter takes, in order.
func takenOf(unit []happened, f Filter, collapse bool) (out []happened) {
	for _, e := range unit {
		if f.takes(e) && !(collapse && len(out) > 0 && out[len(out)-1].kind == e.kind) {
			out = append(out, e)
		}
	}
	return out
}

// plainPaths writes every path out as text and counts in a map.
func plainPaths(q Paths, events []happened) *PathsAnswer {
	units, took := map[string]int64{}, map[string][]int64{}
	out := &PathsAnswer{Paths: []Path{}}
	for _, unit := range byUnit(events) {
		way := takenOf(unit, q.Filter, q.Collapse)
		if q.Length > 0 {
			way = way[:min(len(way), q.Length)]
		}
		if len(way) == 0 {
			continue
		}
		var names []string
		for _, e := range way {
			names = append(names, e.kind)
		}
		key := strings.Join(names, "\n")
		units[key]++
		took[key] = append(took[key], way[len(way)-1].at-way[0].at)
		out.Units++
	}
	for key, n := range units {
		out.Paths = append(out.Paths, Path{Kinds: strings.Split(key, "\n"), Length: 1 + strings.Count(key, "\n"), Units: n, Took: sorted(took[key])})
	}
	slices.SortFunc(out.Paths, func(a, b Path) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), slices.Compare(a.Kinds, b.Kinds))
	})
	for _, p := range out.Paths[min(q.Top, len(out.Paths)):] {
		out.OtherPaths++
		out.OtherUnits += p.Units
	}
	out.Paths = out.Paths[:min(q.Top, len(out.Paths))]
	return out
}

func TestPathsAreTheCountedOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 2000 {
		q := Paths{Filter: randomFilter(r), Length: r.IntN(4), Collapse: r.IntN(2) == 0, Top: r.IntN(6)}
		events := random(r, 30, 1+r.IntN(5))
		got := ways(t, q, events)
		if diff := gocmp.Diff(plainPaths(q, events), got); diff != "" {
			t.Fatalf("%+v: (-want +got)\n%s", q, diff)
		}
		sum := got.OtherUnits
		for _, p := range got.Paths {
			sum += p.Units
		}
		if sum != got.Units {
			t.Fatalf("paths and other are %d units of %d", sum, got.Units)
		}
	}
}

// A path too long to be read is counted by all of its kinds and shows the first.
func TestPathsAreWrittenOutSoFar(t *testing.T) {
	var events []happened
	for unit := range int64(2) {
		for i := range int64(maxKinds + 50) {
			events = append(events, happened{unit: unit, at: i, number: i, kind: "visit"})
		}
		events = append(events, happened{unit: unit, at: 999, kind: someKinds[unit]})
	}
	got := ways(t, Paths{Top: 5}, events)
	if len(got.Paths) != 2 || len(got.Paths[0].Kinds) != maxKinds || got.Paths[0].Length != maxKinds+51 {
		t.Errorf("got %d paths, the first of %d kinds", len(got.Paths), got.Paths[0].Length)
	}
}

// Paths whose hashes are equal stay apart.
func TestPathsOfOneHashAreNotMerged(t *testing.T) {
	table := newPathTable()
	var ids []uint32
	for kind := range uint16(2000) {
		ids = append(ids, table.add(42, []uint16{kind, kind + 1}, 1))
	}
	other := newPathTable()
	for kind := range uint16(3000) {
		other.add(42, []uint16{kind, kind + 1}, 2)
	}
	place := table.merge(other)
	if !slices.Equal(place[:2000], ids) || len(table.paths) != 3000 {
		t.Fatalf("%d paths after the merge, want 3000", len(table.paths))
	}
	for i, p := range table.paths {
		if want := int64(3); i < 2000 && p.units != want || i >= 2000 && p.units != 2 {
			t.Fatalf("path %d has %d units", i, p.units)
		}
	}
}

func follows(t *testing.T, q Transitions, events []happened) *TransitionsAnswer {
	t.Helper()
	out, err := q.Ask(context.Background(), lay(events, 3))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// plainTransitions counts pairs of texts in a map.
func plainTransitions(q Transitions, events []happened) *TransitionsAnswer {
	type key struct{ from, to string }
	all, took := map[key]*Transition{}, map[key][]int64{}
	out := &TransitionsAnswer{Transitions: []Transition{}}
	for _, unit := range byUnit(events) {
		way := takenOf(unit, q.Filter, q.Collapse)
		if len(way) == 0 {
			continue
		}
		out.Units++
		out.Events += int64(len(way))
		here := map[key]bool{}
		for i := range len(way) + 1 {
			var k key
			if i > 0 {
				k.from = way[i-1].kind
			}
			if i < len(way) {
				k.to = way[i].kind
			}
			if all[k] == nil {
				all[k] = &Transition{From: k.from, To: k.to}
			}
			all[k].Times++
			if !here[k] {
				here[k] = true
				all[k].Units++
			}
			if i > 0 && i < len(way) {
				took[k] = append(took[k], way[i].at-way[i-1].at)
			}
		}
	}
	for k, one := range all {
		one.Took = sorted(took[k])
		out.Transitions = append(out.Transitions, *one)
	}
	slices.SortFunc(out.Transitions, func(a, b Transition) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	for _, one := range out.Transitions[min(q.Top, len(out.Transitions)):] {
		out.OtherTransitions++
		out.OtherTimes += one.Times
	}
	out.Transitions = out.Transitions[:min(q.Top, len(out.Transitions))]
	return out
}

func TestTransitionsAreTheCountedOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for range 2000 {
		q := Transitions{Filter: randomFilter(r), Collapse: r.IntN(2) == 0, Top: 1 + r.IntN(40)}
		events := random(r, 20, 6)
		got := follows(t, q, events)
		if diff := gocmp.Diff(plainTransitions(q, events), got); diff != "" {
			t.Fatalf("%+v: (-want +got)\n%s", q, diff)
		}
		sum := got.OtherTimes
		for _, one := range got.Transitions {
			sum += one.Times
		}
		if sum != got.Events+got.Units {
			t.Fatalf("transitions are %d, events and units %d", sum, got.Events+got.Units)
		}
	}
}

// With more kinds than a table of pairs can hold, the map counts the same.
func TestTransitionsOfManyKinds(t *testing.T) {
	var events []happened
	for i := range int64(3 * nearKinds) {
		kind := "k." + strings.Repeat("x", int(i%1500)/50) + string(rune('a'+i%50))
		events = append(events, happened{unit: i % 11, at: i, number: i, kind: kind})
		events = append(events, happened{unit: i % 11, at: i, number: i, sequence: 1, kind: kind + string(rune(0x400+i/50))})
	}
	q := Transitions{Top: 1 << 20}
	if diff := gocmp.Diff(plainTransitions(q, events), follows(t, q, events)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := len(lay(events, 1).Names.Kinds); n <= nearKinds {
		t.Errorf("only %d kinds", n)
	}
}

// Any order of arrival gives the same answer, whatever numbers names and parts get.
func TestAnyOrderOfArrivalGivesTheSameAnswers(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for range 200 {
		events := random(r, 40, 8)
		funnel, stages := randomFunnel(r), randomStages(r)
		funnel.Group.Channel = true
		paths := Paths{Filter: randomFilter(r), Top: 5}
		pairs := Transitions{Filter: randomFilter(r), Top: 5}
		var first []any
		for parts := range 3 {
			r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			trails := lay(events, 1+parts*4)
			f, err1 := funnel.Ask(context.Background(), trails)
			p, err2 := paths.Ask(context.Background(), trails)
			n, err3 := pairs.Ask(context.Background(), trails)
			d, err4 := stages.Ask(context.Background(), trails)
			got := []any{f, p, n, d, err1, err2, err3, err4}
			if first == nil {
				first = got
			}
			if diff := gocmp.Diff(first, got, cmpopts.EquateErrors()); diff != "" {
				t.Fatalf("(-one order +another)\n%s", diff)
			}
		}
	}
}

func TestWhoeverLeftIsNotServed(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	trails := lay(random(rand.New(rand.NewPCG(6, 1)), 10, 5), 2)
	if _, err := steps("visit").Ask(ctx, trails); err != context.Canceled {
		t.Errorf("funnel: %v", err)
	}
	if _, err := (Paths{Top: 1}).Ask(ctx, trails); err != context.Canceled {
		t.Errorf("paths: %v", err)
	}
	if _, err := (Transitions{Top: 1}).Ask(ctx, trails); err != context.Canceled {
		t.Errorf("transitions: %v", err)
	}
	if _, err := (Durations{}).Ask(ctx, trails); err != context.Canceled {
		t.Errorf("durations: %v", err)
	}
}
