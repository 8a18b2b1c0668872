package analysis

import (
	"context"
	"math"
	"math/bits"

	"github.com/rapport-cx/rapport/services/journey/trail"
)

// maxSteps is how many steps a funnel may have.
const maxSteps = 20

// Step is one step of a funnel.
type Step struct {
	Filter Filter
	// Within is how many microseconds after the step before it may come, at most;
	// negative: any time.
	Within int64
}

// Funnel asks how many units get how far through steps in their order. A unit
// reaches step k if there are k events, each behind the one before it, of which the
// i-th is step i and comes within the step's time of the one before.
type Funnel struct {
	Steps []Step
	Group Group
}

// Reached is how many got how far.
type Reached struct {
	Key   string
	Steps []StepReached
}

// StepReached is one step of it.
type StepReached struct {
	Units int64
	// SincePrevious is nil on the first step, and if nobody came here.
	SincePrevious *Spread
}

// FunnelAnswer is all units together and, if it was split, the groups.
type FunnelAnswer struct {
	Total  Reached
	Groups []Reached
	// Other is nil if all groups are listed.
	Other       *Reached
	OtherGroups int
}

// Ask answers the funnel.
func (q Funnel) Ask(ctx context.Context, t *trail.Trails) (*FunnelAnswer, error) {
	split := q.Group.over(t)
	w, err := sweep(ctx, t, q.begin(t.Names, split), func(w *funnelWorker, s stretch) {
		for i := s.from; i < s.until; i++ {
			if depth := w.unit(s.Part, s.First[i], s.First[i+1]); depth > 0 {
				w.count(s.Part, depth)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return q.answer(ctx, split, w)
}

// funnelWorker goes over units and keeps what they reached.
type funnelWorker struct {
	masks  *masks
	within [maxSteps]int64
	last   int
	split  *split
	// chain[j] is the events of the best chain to step j, best those of the deepest.
	chain [maxSteps][maxSteps]uint32
	best  [maxSteps]uint32

	// ended counts the units of a group by their deepest step: [group·steps + step].
	ended []int64
	// since are the times from each step to the next, and whose they are: groups is
	// kept only if there are any.
	since  [maxSteps][]int64
	groups [maxSteps][]uint32
}

func (q Funnel) begin(names *trail.Names, split *split) func() *funnelWorker {
	filters := make([]Filter, len(q.Steps))
	var within [maxSteps]int64
	for i, s := range q.Steps {
		filters[i], within[i] = s.Filter, s.Within
		if s.Within < 0 {
			within[i] = math.MaxInt64
		}
	}
	masks := compile(names, filters...)
	return func() *funnelWorker {
		return &funnelWorker{
			masks: masks, within: within, last: len(q.Steps) - 1, split: split,
			ended: make([]int64, len(q.Steps)*len(split.keys)),
		}
	}
}

// unit finds how deep a unit gets, and leaves in best the chain that came there
// first and, of those, has the latest earlier steps. To keep the latest event of
// every step is enough: it leaves the next step the most time.
func (w *funnelWorker) unit(p *trail.Part, from, until uint32) (depth int) {
	reached := uint64(0)
	for e := from; e < until; e++ {
		steps := w.masks.of(p, e) & (reached<<1 | 1)
		// From the deepest down: an event that becomes step j must not be found there
		// by itself as step j+1.
		for steps != 0 {
			j := bits.Len64(steps) - 1
			steps &^= 1 << j
			if j > 0 {
				if p.At[e]-p.At[w.chain[j-1][j-1]] > w.within[j] {
					continue
				}
				copy(w.chain[j][:j], w.chain[j-1][:j])
			}
			w.chain[j][j] = e
			reached |= 1 << j
			if j < depth {
				continue
			}
			depth = j + 1
			copy(w.best[:depth], w.chain[j][:depth])
			if j == w.last {
				return depth
			}
		}
	}
	return depth
}

// count keeps a unit that came so deep by the chain in best.
func (w *funnelWorker) count(p *trail.Part, depth int) {
	group := w.split.of(p, w.best[0])
	w.ended[int(group)*(w.last+1)+depth-1]++
	for j := 1; j < depth; j++ {
		w.since[j] = append(w.since[j], p.At[w.best[j]]-p.At[w.best[j-1]])
		if len(w.split.keys) > 1 {
			w.groups[j] = append(w.groups[j], group)
		}
	}
}
