package analysis

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/rapport-cx/rapport/services/journey/trail"
)

// Transitions asks what directly follows what.
type Transitions struct {
	// Filter says which events are taken; the others are as if they had not been.
	Filter Filter
	// Collapse passes over events of the same kind as the one taken before.
	Collapse bool
	// Top is how many are listed.
	Top int
}

// Transition is one step from kind to kind. From is empty at the beginning of a
// unit, To at its end.
type Transition struct {
	From, To     string
	Times, Units int64
	// Took is nil at beginnings and ends.
	Took *Spread
}

// TransitionsAnswer has the commonest, by times descending, then by from and to.
// The times of Transitions and OtherTimes sum to Events + Units: every event but a
// unit's last has one behind it, and every unit a beginning and an end.
type TransitionsAnswer struct {
	Transitions                  []Transition
	OtherTimes, OtherTransitions int64
	Units, Events                int64
}

// Ask answers the question.
func (q Transitions) Ask(ctx context.Context, t *trail.Trails) (*TransitionsAnswer, error) {
	kinds := take(t.Names, q.Filter)
	workers, err := sweep(ctx, t, func() *pairWorker { return newPairWorker(kinds) }, func(w *pairWorker, s stretch) {
		for i := s.from; i < s.until; i++ {
			w.unit(q.Collapse, s.Part, s.First[i], s.First[i+1])
		}
	})
	if err != nil {
		return nil, err
	}
	return q.answer(ctx, kinds, workers)
}

// pair is two numbers of kinds, each one up, so that 0 is the edge of a unit.
type pair struct{ from, to uint32 }

// seen is how often a worker met a pair, and what it took.
type seen struct {
	pair
	times, units int64
	// unit is the last one that was counted in units.
	unit int64
	took []int64
}

// pairWorker goes over units and counts pairs.
type pairWorker struct {
	kinds *taken
	seen  []seen
	// near finds the place of a pair in seen, plus one, if there are few kinds; far if
	// there are many.
	near          []uint32
	far           map[pair]uint32
	units, events int64
}

// nearKinds is up to how many kinds a table has an entry for every pair: 4 MiB.
const nearKinds = 1023

func newPairWorker(kinds *taken) *pairWorker {
	w := &pairWorker{kinds: kinds}
	if side := len(kinds.names) + 1; side <= nearKinds+1 {
		w.near = make([]uint32, side*side)
	} else {
		w.far = map[pair]uint32{}
	}
	return w
}

func (w *pairWorker) unit(collapse bool, p *trail.Part, from, until uint32) {
	before, last := int32(none), from
	for e := from; e < until; e++ {
		kind := w.kinds.of(p, e)
		if kind == none || collapse && kind == before {
			continue
		}
		if before == none {
			w.units++
		}
		s := w.met(before, kind)
		if before != none {
			s.took = append(s.took, p.At[e]-p.At[last])
		}
		w.events++
		before, last = kind, e
	}
	if before != none {
		w.met(before, none)
	}
}

// met counts a pair once more.
func (w *pairWorker) met(from, to int32) *seen {
	s := &w.seen[w.place(pair{from: uint32(from + 1), to: uint32(to + 1)})]
	s.times++
	if s.unit != w.units {
		s.unit = w.units
		s.units++
	}
	return s
}

func (w *pairWorker) place(p pair) uint32 {
	if w.near != nil {
		at := &w.near[int(p.from)*(len(w.kinds.names)+1)+int(p.to)]
		if *at == 0 {
			w.seen = append(w.seen, seen{pair: p})
			*at = uint32(len(w.seen))
		}
		return *at - 1
	}
	at, ok := w.far[p]
	if !ok {
		at = uint32(len(w.seen))
		w.seen = append(w.seen, seen{pair: p})
		w.far[p] = at
	}
	return at
}

// answer puts the workers' counts together and lists the commonest pairs.
func (q Transitions) answer(ctx context.Context, kinds *taken, workers []*pairWorker) (*TransitionsAnswer, error) {
	out := &TransitionsAnswer{}
	total := map[pair]*joined{}
	for _, w := range workers {
		out.Units += w.units
		out.Events += w.events
		for i := range w.seen {
			j := total[w.seen[i].pair]
			if j == nil {
				j = &joined{Transition: kinds.transition(w.seen[i].pair)}
				total[w.seen[i].pair] = j
			}
			j.Times += w.seen[i].times
			j.Units += w.seen[i].units
			j.took = append(j.took, w.seen[i].took)
		}
	}
	all := make([]*joined, 0, len(total))
	for _, j := range total {
		all = append(all, j)
	}
	slices.SortFunc(all, func(a, b *joined) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	for _, j := range all[min(q.Top, len(all)):] {
		out.OtherTransitions++
		out.OtherTimes += j.Times
	}
	all = all[:min(q.Top, len(all))]
	out.Transitions = make([]Transition, len(all))
	err := each(ctx, len(all), func(_, i int) {
		all[i].Took = spread(slices.Concat(all[i].took...))
		out.Transitions[i] = all[i].Transition
	})
	return out, err
}

// joined is a pair's counts over all workers.
type joined struct {
	Transition
	took [][]int64
}

func (t *taken) transition(p pair) Transition {
	var out Transition
	if p.from > 0 {
		out.From = t.names[p.from-1]
	}
	if p.to > 0 {
		out.To = t.names[p.to-1]
	}
	return out
}
