package directory

import (
	"cmp"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

type goalKey struct {
	metric     string
	subject    subjectKey
	start, end string
}

func (b *Book) putGoal(m *surveyv1.SetGoalRequest) {
	g := m.GetGoal()
	k := goalKey{g.GetMetric(), keyOf(g.GetSubject()), g.GetDays().GetStart(), g.GetDays().GetEnd()}
	if m.GetRemove() {
		delete(b.goals, k)
		return
	}
	b.goals[k] = g
}

// Aims are the goals of exactly this subject, of the brand as a whole for none, in force
// on a day (YYYY-MM-DD), by first day and metric.
func (b *Book) Aims(subject *commonv1.SubjectRef, day string) []*surveyv1.Goal {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []*surveyv1.Goal
	of := keyOf(subject)
	for k, g := range b.goals {
		if k.subject == of && k.start <= day && day < k.end {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(x, y *surveyv1.Goal) int {
		return cmp.Or(cmp.Compare(x.GetDays().GetStart(), y.GetDays().GetStart()),
			cmp.Compare(x.GetMetric(), y.GetMetric()),
			cmp.Compare(x.GetDays().GetEnd(), y.GetDays().GetEnd()))
	})
	return out
}

// Goals lists all goals by metric, subject and first day.
func (b *Book) Goals() []*surveyv1.Goal {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]*surveyv1.Goal, 0, len(b.goals))
	for _, g := range b.goals {
		out = append(out, g)
	}
	slices.SortFunc(out, func(x, y *surveyv1.Goal) int {
		return cmp.Or(cmp.Compare(x.GetMetric(), y.GetMetric()),
			compareRefs(x.GetSubject(), y.GetSubject()),
			cmp.Compare(x.GetDays().GetStart(), y.GetDays().GetStart()),
			cmp.Compare(x.GetDays().GetEnd(), y.GetDays().GetEnd()))
	})
	return out
}
