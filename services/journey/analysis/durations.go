package analysis

import (
	"context"
	"math/bits"

	"github.com/rapport-cx/rapport/services/journey/trail"
)

// maxStages is how many stages a question may have.
const maxStages = 20

// Stage is from a unit's first event of From to its first of To. An event is never
// both: where it could be, the stage ends with the next of To.
type Stage struct{ From, To Filter }

// Durations asks how long stages take, of units whose first event of From lies in
// [Begin, End). To may lie anywhere in the trails.
type Durations struct {
	Stages []Stage
	// Having is a filter one of the unit's events must pass; nil: none.
	Having *Filter
	// Begin and End are Unix microseconds.
	Begin, End int64
	// Forward leaves out of Took what ends before it begins.
	Forward bool
}

// StageAnswer is how long one stage takes.
type StageAnswer struct {
	// Took is nil if no unit has both events. Of a unit that ends before it begins,
	// the time is negative.
	Took *Spread
	// Reversed are the units that end before they begin; Unfinished those that begin
	// and do not end.
	Reversed, Unfinished int64
}

// Ask answers the question, one answer per stage.
func (q Durations) Ask(ctx context.Context, t *trail.Trails) ([]StageAnswer, error) {
	filters := make([]Filter, 0, 2*maxStages+1)
	for _, s := range q.Stages {
		filters = append(filters, s.From, s.To)
	}
	if q.Having != nil {
		filters = append(filters, *q.Having)
	}
	masks := compile(t.Names, filters...)
	begin := func() *stageWorker { return &stageWorker{q: &q, masks: masks} }
	workers, err := sweep(ctx, t, begin, func(w *stageWorker, s stretch) {
		for i := s.from; i < s.until; i++ {
			w.unit(s.Part, s.First[i], s.First[i+1])
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]StageAnswer, len(q.Stages))
	err = each(ctx, len(out), func(_, stage int) {
		var took []int64
		for _, w := range workers {
			took = append(took, w.took[stage]...)
			out[stage].Reversed += w.reversed[stage]
			out[stage].Unfinished += w.unfinished[stage]
		}
		out[stage].Took = spread(took)
	})
	return out, err
}

// stageWorker goes over units and keeps their times.
type stageWorker struct {
	q     *Durations
	masks *masks
	// first is the unit's first event of every filter; again the second of those that
	// end a stage.
	first, again         [2*maxStages + 1]uint32
	took                 [maxStages][]int64
	reversed, unfinished [maxStages]int64
}

// unit finds the first events of every filter. Filter 2i begins stage i and 2i+1
// ends it; the last one is Having.
func (w *stageWorker) unit(p *trail.Part, from, until uint32) {
	having := uint64(0)
	if w.q.Having != nil {
		having = 1 << (2 * len(w.q.Stages))
	}
	var once, twice uint64
	for e := from; e < until; e++ {
		hit := w.masks.of(p, e)
		for news := hit &^ once; news != 0; news &= news - 1 {
			w.first[bits.TrailingZeros64(news)] = e
		}
		for second := hit & once &^ twice; second != 0; second &= second - 1 {
			w.again[bits.TrailingZeros64(second)] = e
		}
		twice |= hit & once
		once |= hit
	}
	if once&having != having {
		return
	}
	for i := range w.q.Stages {
		w.stage(p, i, once>>(2*i)&3, twice>>(2*i+1)&1 == 1)
	}
}

// stage keeps one stage of a unit: bit 0 of has says that it begins, bit 1 that it
// ends, more that there is another event it could end with.
func (w *stageWorker) stage(p *trail.Part, i int, has uint64, more bool) {
	begin, end := w.first[2*i], w.first[2*i+1]
	if has&1 == 0 || p.At[begin] < w.q.Begin || p.At[begin] >= w.q.End {
		return
	}
	ended := has&2 != 0
	if ended && begin == end {
		end, ended = w.again[2*i+1], more
	}
	if !ended {
		w.unfinished[i]++
		return
	}
	took := p.At[end] - p.At[begin]
	if took < 0 {
		w.reversed[i]++
		if w.q.Forward {
			return
		}
	}
	w.took[i] = append(w.took[i], took)
}
