package query

import (
	"context"
	"math"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/survey/driver"
	"github.com/rapport-cx/rapport/services/survey/score"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// answers is what was counted of questionnaires with the score and some parameter.
type answers struct {
	score  [1]score.Hist
	pairs  []driver.Pair // by parameter
	stated []importance
	joint  *driver.Joint // of those parameters that are to be complete
}

type importance struct{ n, sum int64 }

// piece is a run of days that is counted in one view, and what was counted.
type piece struct {
	days  calendar.Days
	sums  *answers
	last  feed.Head // the last fact that touched the days
	until int64     // the seq up to which that is known
}

const (
	// stride is how many days are counted in one view: no fact is applied meanwhile.
	stride = 16
	// settles is how often days that moved while others were counted are counted
	// again before all are counted at once.
	settles = 8
)

// sum counts everything at one point of the log; complete are the places of the
// parameters that a questionnaire must have to be complete. Days are read in pieces,
// and those that moved meanwhile again, until none has.
func (d *Drivers) sum(ctx context.Context, complete []int) (*answers, feed.Head, error) {
	if len(complete) > mostParameters {
		complete = nil
	}
	all := d.window.days
	var pieces []*piece
	for from := all.From; from < all.Until; from += stride {
		pieces = append(pieces, &piece{days: calendar.Days{From: from, Until: min(from+stride, all.Until)}})
	}
	for range settles {
		head, still, err := d.settle(ctx, pieces, complete)
		if err != nil {
			return nil, head, err
		}
		if still {
			out := d.answers(complete)
			for _, p := range pieces {
				out.merge(p.sums)
			}
			return out, head, nil
		}
	}
	whole := &piece{days: all}
	err := d.count(ctx, whole, complete)
	return whole.sums, whole.last, err
}

// settle counts what is not counted or has moved, and tells whether all of it was
// true at one moment: nothing was touched behind the oldest of the pieces.
func (d *Drivers) settle(ctx context.Context, pieces []*piece, complete []int) (head feed.Head, still bool, err error) {
	oldest := int64(math.MaxInt64)
	for _, p := range pieces {
		if err := d.count(ctx, p, complete); err != nil {
			return head, false, err
		}
		oldest = min(oldest, p.until)
	}
	err = d.b.Engine.View(ctx, d.b.Name, fold.Want{Days: d.window.spans(0)}, func(v *fold.View[*tally.Tally]) error {
		head, still = v.Last, v.Last.Seq <= oldest
		return nil
	})
	return head, still, err
}

// count counts a piece unless nothing touched its days since.
func (d *Drivers) count(ctx context.Context, p *piece, complete []int) error {
	want := fold.Want{Days: fold.Days(int32(p.days.From), int32(p.days.Until))}
	if p.sums != nil {
		same := false
		err := d.b.Engine.View(ctx, d.b.Name, want, func(v *fold.View[*tally.Tally]) error {
			if same = v.Last == p.last; same {
				p.until = v.AsOf.Seq
			}
			return nil
		})
		if err != nil || same {
			return err
		}
	}
	want.Measures = d.subject.measures(false, true)
	for _, m := range d.parameters {
		want.Measures = append(want.Measures, tally.ViewsOf(m.Number).DayRows)
	}
	return d.b.Engine.View(ctx, d.b.Name, want, func(v *fold.View[*tally.Tally]) error {
		p.sums, p.last, p.until = d.answers(complete), v.Last, v.AsOf.Seq
		join := newJoin(d, p.sums, complete)
		for day := p.days.From; day < p.days.Until; day++ {
			if main, ok := v.Slab(want.Measures[0], int32(day)).(*tally.Rows); ok {
				join.day(main, join.slabs(v, want.Measures[1:], day), day)
			}
		}
		return nil
	})
}

func (d *Drivers) answers(complete []int) *answers {
	n := len(d.parameters)
	return &answers{pairs: make([]driver.Pair, n), stated: make([]importance, n), joint: driver.NewJoint(len(complete))}
}

func (t *answers) merge(o *answers) {
	t.score[0].Merge(&o.score[0])
	for k := range t.pairs {
		t.pairs[k].Merge(o.pairs[k])
		t.stated[k].n += o.stated[k].n
		t.stated[k].sum += o.stated[k].sum
	}
	t.joint.Merge(o.joint)
}

// missing stands for an answer that a questionnaire does not have.
const missing uint8 = 255

// join puts the answers of one questionnaire beside each other. They stand in slabs
// of their metrics, in the order of the log and under its number: a walk along all of
// them at once finds each in passing.
type join struct {
	sum      *rowSum
	into     *answers
	complete []int
	rows     []*tally.Rows // of the parameters; nil: none on the day
	at       []int         // how far each was walked
	values   [][block]uint8
	some     [block]bool
	line     []int64
}

func newJoin(d *Drivers, into *answers, complete []int) *join {
	n := len(d.parameters)
	return &join{
		sum: newRowSum(d.Plan, nil), into: into, complete: complete, rows: make([]*tally.Rows, n), at: make([]int, n),
		values: make([][block]uint8, n), line: make([]int64, len(complete)+1),
	}
}

// slabs are those of the parameters on a day.
func (j *join) slabs(v *fold.View[*tally.Tally], measures []string, day calendar.Day) []*tally.Rows {
	for k, m := range measures {
		j.rows[k], _ = v.Slab(m, int32(day)).(*tally.Rows)
	}
	return j.rows
}

// day counts the questionnaires of a day.
func (j *join) day(main *tally.Rows, parameters []*tally.Rows, day calendar.Day) {
	clear(j.at)
	sift := j.sum.sift(main, day, &daySlot{inside: true}, 0)
	for from := 0; from < main.Len(); from += block {
		picked := sift.pick(j.sum.picked[:], from, min(from+block, main.Len()))
		clear(j.some[:])
		for k, rows := range parameters {
			j.beside(k, main, rows, picked)
		}
		for i, row := range picked {
			if j.some[i] {
				j.into.score[0].Counts[main.Score[row]]++
				j.whole(i, main.Score[row])
			}
		}
	}
}

// beside looks up the answers to a parameter that the rows picked have.
func (j *join) beside(k int, main, rows *tally.Rows, picked []int32) {
	values, at := &j.values[k], j.at[k]
	pair, stated := &j.into.pairs[k], &j.into.stated[k]
	n := 0
	if rows != nil {
		n = rows.Len()
	}
	for i, row := range picked {
		number := main.Row[row]
		for at < n && rows.Row[at] < number {
			at++
		}
		if at == n || rows.Row[at] != number {
			values[i] = missing
			continue
		}
		values[i], j.some[i] = rows.Score[at], true
		pair.Add(int64(rows.Score[at]), int64(main.Score[row]))
		if w := rows.Importance[at]; w != 0 {
			stated.n++
			stated.sum += int64(w)
		}
	}
	j.at[k] = at
}

// whole counts the questionnaire at a place if it is complete.
func (j *join) whole(place int, y uint8) {
	if len(j.complete) == 0 {
		return
	}
	for i, k := range j.complete {
		v := j.values[k][place]
		if v == missing {
			return
		}
		j.line[i] = int64(v)
	}
	j.line[len(j.complete)] = int64(y)
	j.into.joint.Add(j.line)
}
