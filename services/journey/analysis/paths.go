package analysis

import (
	"context"

	"github.com/rapport-cx/rapport/services/journey/trail"
)

// Paths asks for the commonest sequences of kinds.
type Paths struct {
	// Filter says which events are taken; the others are as if they had not been.
	Filter Filter
	// Length is how many events make a path, the first ones; 0: all.
	Length int
	// Collapse passes over events of the same kind as the one taken before.
	Collapse bool
	// Top is how many are listed.
	Top int
}

// Path is one sequence and who went it.
type Path struct {
	// Kinds are the first ones, Length is how many there are.
	Kinds  []string
	Length int
	Units  int64
	// Took is the time from the first event of the path to its last; events passed
	// over are no part of it.
	Took *Spread
}

// PathsAnswer has the commonest, by units descending, then by kinds. The units of
// Paths and OtherUnits sum to Units.
type PathsAnswer struct {
	Paths                         []Path
	OtherUnits, OtherPaths, Units int64
}

// Ask answers the question.
func (q Paths) Ask(ctx context.Context, t *trail.Trails) (*PathsAnswer, error) {
	kinds := take(t.Names, q.Filter)
	begin := func() *pathWorker { return &pathWorker{kinds: kinds, table: newPathTable()} }
	workers, err := sweep(ctx, t, begin, func(w *pathWorker, s stretch) {
		for i := s.from; i < s.until; i++ {
			w.unit(q, s.Part, s.First[i], s.First[i+1])
		}
	})
	if err != nil {
		return nil, err
	}
	return q.answer(ctx, kinds, workers)
}

// pathWorker goes over units and keeps which path each of them went.
type pathWorker struct {
	kinds *taken
	table *pathTable
	// way is the path of the unit at hand.
	way []uint16
	// paths and took have one entry per unit: its path in the table, and its time.
	paths []uint32
	took  []int64
}

func (w *pathWorker) unit(q Paths, p *trail.Part, from, until uint32) {
	way, hash := w.way[:0], uint64(0)
	first, last, before := from, from, int32(none)
	for e := from; e < until; e++ {
		kind := w.kinds.of(p, e)
		if kind == none || q.Collapse && kind == before {
			continue
		}
		if len(way) == 0 {
			first = e
		}
		last, before = e, kind
		way, hash = append(way, uint16(kind)), roll(hash, uint16(kind))
		if len(way) == q.Length {
			break
		}
	}
	w.way = way
	if len(way) == 0 {
		return
	}
	w.paths = append(w.paths, w.table.add(hash, way, 1))
	w.took = append(w.took, p.At[last]-p.At[first])
}

// answer puts the workers' tables together and lists the commonest paths.
func (q Paths) answer(ctx context.Context, kinds *taken, workers []*pathWorker) (*PathsAnswer, error) {
	all := workers[0].table
	// place is where a worker's path stands in all.
	place := make([][]uint32, len(workers))
	for i, w := range workers {
		if i > 0 {
			place[i] = all.merge(w.table)
		}
	}
	top := all.top(q.Top)
	out := &PathsAnswer{Paths: make([]Path, len(top)), OtherPaths: int64(len(all.paths) - len(top))}
	listed := make([]int32, len(all.paths))
	for i, id := range top {
		listed[id] = int32(i + 1)
		out.Paths[i] = Path{Kinds: all.names(id, kinds), Length: all.paths[id].n, Units: all.paths[id].units}
		out.OtherUnits -= all.paths[id].units
	}
	for i := range all.paths {
		out.Units += all.paths[i].units
	}
	out.OtherUnits += out.Units
	times := pathTimes(out, workers, place, listed)
	err := each(ctx, len(times), func(_, i int) { out.Paths[i].Took = spread(times[i]) })
	return out, err
}

// pathTimes gathers the times of the listed paths.
func pathTimes(out *PathsAnswer, workers []*pathWorker, place [][]uint32, listed []int32) [][]int64 {
	times := make([][]int64, len(out.Paths))
	for i := range times {
		times[i] = make([]int64, 0, out.Paths[i].Units)
	}
	for i, w := range workers {
		for unit, path := range w.paths {
			if place[i] != nil {
				path = place[i][path]
			}
			if at := listed[path]; at > 0 {
				times[at-1] = append(times[at-1], w.took[unit])
			}
		}
	}
	return times
}
