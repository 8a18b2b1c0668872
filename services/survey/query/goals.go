package query

import (
	"cmp"
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/survey/score"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// target is one goal with what its attainment is read from.
type target struct {
	goal    *surveyv1.Goal
	subject measured
	days    calendar.Days
	counted uint32 // the subject, or the whole brand
	parts   []score.Hist
}

// ListGoals lists goals in order with their attainment. The response is shared:
// nobody may change it.
func (b *Brand) ListGoals(ctx context.Context, req *surveyv1.ListGoalsRequest, now time.Time) (*surveyv1.ListGoalsResponse, error) {
	a := b.asker(now)
	targets, err := a.targets(req)
	if err != nil {
		return nil, err
	}
	ask, err := askBytes('g', 0, req)
	if err != nil {
		return nil, err
	}
	q := fold.Question{Brand: b.Name, Ask: ask, Days: union(targets), Extra: a.version}
	return fold.Ask(ctx, b.Engine, q, codec[surveyv1.ListGoalsResponse](), func(ctx context.Context) (*surveyv1.ListGoalsResponse, error) {
		return b.attain(ctx, targets)
	})
}

// targets picks the goals asked for.
func (a asker) targets(req *surveyv1.ListGoalsRequest) ([]*target, error) {
	var day calendar.Day
	if req.GetDay() != "" {
		day, _ = a.date("day", req.GetDay())
	}
	if err := a.bad.Err(); err != nil {
		return nil, err
	}
	var out []*target
	for _, g := range a.b.Book().Goals() {
		if req.GetMetric() != "" && g.GetMetric() != req.GetMetric() ||
			req.GetSubject() != nil && !proto.Equal(req.GetSubject(), g.GetSubject()) {
			continue
		}
		days := a.dates("goal.days", g.GetDays())
		if req.GetDay() != "" && !days.Has(day) {
			continue
		}
		t := &target{goal: g, days: days, counted: tally.Whole}
		var err error
		if t.subject, err = a.b.measured(g.GetMetric()); err != nil {
			return nil, err
		}
		if g.GetSubject() != nil {
			if t.counted, err = a.subject(g.GetSubject()); err != nil {
				return nil, err
			}
		}
		t.parts = make([]score.Hist, len(t.subject.parts))
		out = append(out, t)
	}
	return out, a.bad.Err()
}

// union is the days of all targets, as few spans.
func union(targets []*target) []fold.Span {
	var all, out []fold.Span
	for _, t := range targets {
		all = append(all, fold.Span{From: int32(t.days.From), To: int32(t.days.Until)})
	}
	slices.SortFunc(all, func(x, y fold.Span) int { return cmp.Compare(x.From, y.From) })
	for _, s := range all {
		if n := len(out); n > 0 && s.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// attain sums the goals of a metric and the same days together: a plan for a
// quarter sets one for each store.
func (b *Brand) attain(ctx context.Context, targets []*target) (*surveyv1.ListGoalsResponse, error) {
	type shared struct {
		metric string
		days   calendar.Days
	}
	groups := map[shared][]*target{}
	for _, t := range targets {
		k := shared{t.goal.GetMetric(), t.days}
		groups[k] = append(groups[k], t)
	}
	for k, group := range groups {
		if err := b.sumTargets(ctx, group, k.days); err != nil {
			return nil, err
		}
	}
	out := &surveyv1.ListGoalsResponse{}
	for _, t := range targets {
		out.Goals = append(out.Goals, &surveyv1.GoalAttainment{
			Goal: t.goal, Score: t.subject.evaluate(t.parts), Status: t.status(),
		})
	}
	return out, nil
}

func (b *Brand) sumTargets(ctx context.Context, group []*target, days calendar.Days) error {
	measures := group[0].subject.measures(false, false)
	want := fold.Want{Measures: measures, Days: fold.Days(int32(days.From), int32(days.Until))}
	return b.Engine.View(ctx, b.Name, want, func(v *fold.View[*tally.Tally]) error {
		for _, t := range group {
			clear(t.parts)
			for d := days.From; d < days.Until; d++ {
				for part, m := range measures {
					if h, ok := v.Slab(m, int32(d)).(*tally.Hist); ok {
						addSubject(&t.parts[part], h, t.counted)
					}
				}
			}
		}
		return nil
	})
}

func addSubject(to *score.Hist, h *tally.Hist, subject uint32) {
	for _, run := range h.Of(subject) {
		for i, c := range run.Cells {
			to.Add(int(c.Score()), int(c.Importance()), run.Counts[i])
		}
	}
}

var statuses = map[score.Status]surveyv1.GoalStatus{
	score.NoData:        surveyv1.GoalStatus_GOAL_STATUS_NO_DATA,
	score.MissedForSure: surveyv1.GoalStatus_GOAL_STATUS_MISSED_SURELY,
	score.Missed:        surveyv1.GoalStatus_GOAL_STATUS_MISSED,
	score.Met:           surveyv1.GoalStatus_GOAL_STATUS_MET,
	score.MetForSure:    surveyv1.GoalStatus_GOAL_STATUS_MET_SURELY,
}

// status holds the answers against the target. An overall index has no interval,
// so nothing about it is sure.
func (t *target) status() surveyv1.GoalStatus {
	if !t.subject.overall() {
		return statuses[score.Attain(t.subject.score, t.parts[0], t.goal.GetTarget()).Status]
	}
	o := score.EvaluateOverall(t.parts)
	switch {
	case o.Absent:
		return surveyv1.GoalStatus_GOAL_STATUS_NO_DATA
	case o.Value >= t.goal.GetTarget():
		return surveyv1.GoalStatus_GOAL_STATUS_MET
	}
	return surveyv1.GoalStatus_GOAL_STATUS_MISSED
}
