// Package analysis answers questions about the order of events: funnels, paths,
// what follows what, and how long stages take. Everything here is a pure function
// of trails: one pass over their columns, the parts beside each other, and the same
// answer whatever order the events arrived in.
//
// No answer loses anybody: what is not listed is told as other, so that sums match.
// Times are told as percentiles, which outliers do not move. An event counts for
// one step alone, and a time that runs backwards is told, not mended.
package analysis

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/rapport-cx/rapport/services/journey/trail"
)

// stretch is a run of units of one part: [from, until).
type stretch struct {
	*trail.Part
	from, until int
}

// stretchEvents is about how many events a worker takes at a time: few enough that
// workers end together and a caller who left is noticed within milliseconds.
const stretchEvents = 1 << 17

// stretches cuts the parts at units.
func stretches(t *trail.Trails) []stretch {
	var out []stretch
	for _, p := range t.Parts {
		from := 0
		for i := range p.Units {
			if i+1 == len(p.Units) || p.First[i+1]-p.First[from] >= stretchEvents {
				out = append(out, stretch{Part: p, from: from, until: i + 1})
				from = i + 1
			}
		}
	}
	return out
}

// sweep goes over all units with as many workers as there are processors, each
// with a state of its own. Which worker meets which unit is left to chance: states
// must be put together in a way that does not care.
func sweep[W any](ctx context.Context, t *trail.Trails, begin func() *W, visit func(*W, stretch)) ([]*W, error) {
	all := stretches(t)
	states := make([]*W, min(runtime.GOMAXPROCS(0), max(len(all), 1)))
	for i := range states {
		states[i] = begin()
	}
	err := each(ctx, len(all), func(worker, i int) { visit(states[worker], all[i]) })
	return states, err
}

// each does n errands with as many workers as there are processors, until ctx ends.
func each(ctx context.Context, n int, do func(worker, i int)) error {
	var next atomic.Int64
	var workers sync.WaitGroup
	for w := range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(w, i)
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}
