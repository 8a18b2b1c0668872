package analysis

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func randomStages(r *rand.Rand) Durations {
	q := Durations{Begin: int64(r.IntN(6)) - 4, End: int64(r.IntN(9)) + 2, Forward: r.IntN(2) == 0}
	for range 1 + r.IntN(3) {
		q.Stages = append(q.Stages, Stage{From: randomFilter(r), To: randomFilter(r)})
	}
	if r.IntN(3) == 0 {
		f := randomFilter(r)
		q.Having = &f
	}
	return q
}

// firstOf is the place of the first event that a filter takes, but not place not.
func firstOf(unit []happened, f Filter, not int) int {
	for i, e := range unit {
		if i != not && f.takes(e) {
			return i
		}
	}
	return none
}

func plainStages(q Durations, events []happened) []StageAnswer {
	out := make([]StageAnswer, len(q.Stages))
	for i, stage := range q.Stages {
		var took []int64
		for _, unit := range byUnit(events) {
			from := firstOf(unit, stage.From, none)
			if from == none || unit[from].at < q.Begin || unit[from].at >= q.End {
				continue
			}
			if q.Having != nil && firstOf(unit, *q.Having, none) == none {
				continue
			}
			to := firstOf(unit, stage.To, from)
			if to == none {
				out[i].Unfinished++
				continue
			}
			d := unit[to].at - unit[from].at
			if d < 0 {
				out[i].Reversed++
			}
			if d >= 0 || !q.Forward {
				took = append(took, d)
			}
		}
		out[i].Took = sorted(took)
	}
	return out
}

func TestStagesAreTheMeasuredOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	for range 3000 {
		q, events := randomStages(r), random(r, 20, 6)
		got, err := q.Ask(context.Background(), lay(events, 3))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plainStages(q, events), got); diff != "" {
			t.Fatalf("%+v of %+v: (-want +got)\n%s", q, events, diff)
		}
	}
}
