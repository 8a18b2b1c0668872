package rate

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
)

// Ladder finds in which tier each person was when. Counted slabs of all days are added
// first, then Climb works the paths out.
type Ladder struct {
	rules  *loyaltyv1.TierRules
	person Person
	counts map[int64][]programme.Counted
	paths  map[int64][]programme.Step
}

// NewLadder begins with the rules in force.
func NewLadder(rules *loyaltyv1.TierRules, person Person) *Ladder {
	return &Ladder{rules: rules, person: person, counts: map[int64][]programme.Counted{}}
}

// Day adds what was told on a day, whichever days it counts for.
func (l *Ladder) Day(s *Counted) {
	place := points
	if l.rules.GetBasis() == loyaltyv1.TierRules_BASIS_SPENT {
		place = money
	}
	for at, n := range s.all() {
		if n[place] != 0 {
			who := l.person(at.who)
			l.counts[who] = append(l.counts[who], programme.Counted{Day: calendar.Day(at.day), Amount: n[place]})
		}
	}
}

// Climb works out how everybody rose and fell up to a day.
func (l *Ladder) Climb(today calendar.Day) {
	l.paths = make(map[int64][]programme.Step, len(l.counts))
	for who, all := range l.counts {
		slices.SortFunc(all, func(a, b programme.Counted) int { return cmp.Compare(a.Day, b.Day) })
		history := all[:0]
		for _, c := range all {
			if n := len(history); n > 0 && history[n-1].Day == c.Day {
				history[n-1].Amount += c.Amount
			} else {
				history = append(history, c)
			}
		}
		history = slices.DeleteFunc(history, func(c programme.Counted) bool { return c.Amount == 0 })
		if steps := programme.Path(l.rules, history, today); len(steps) > 0 {
			l.paths[who] = steps
		}
	}
	l.counts = nil
}

// TierOf is the name of a number's tier at the end of a day; none without tiers.
func (l *Ladder) TierOf(who int64, day calendar.Day) string {
	if len(l.rules.GetTiers()) == 0 {
		return ""
	}
	return l.rules.GetTiers()[l.at(l.person(who), day)].GetName()
}

func (l *Ladder) at(person int64, day calendar.Day) int {
	steps := l.paths[person]
	i := sort.Search(len(steps), func(i int) bool { return steps[i].Day > day })
	if i == 0 {
		return 0
	}
	return steps[i-1].To
}

// Now counts so many members by their tier at the end of a day.
func (l *Ladder) Now(members int64, today calendar.Day) []*loyaltyv1.TierCount {
	tiers := l.rules.GetTiers()
	out := make([]*loyaltyv1.TierCount, len(tiers))
	for i, t := range tiers {
		out[i] = &loyaltyv1.TierCount{Tier: t.GetName()}
	}
	if len(tiers) == 0 {
		return nil
	}
	out[0].Members = members
	for who := range l.paths {
		out[0].Members--
		out[l.at(who, today)].Members++
	}
	return out
}

// Moves counts who rose and fell in some days.
func (l *Ladder) Moves(days calendar.Days) (out []*loyaltyv1.TierMove) {
	type way struct{ from, to int }
	counts := map[way]int64{}
	for _, steps := range l.paths {
		for _, s := range steps {
			if days.Has(s.Day) {
				counts[way{s.From, s.To}]++
			}
		}
	}
	ways := slices.SortedFunc(maps.Keys(counts), func(a, b way) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	for _, w := range ways {
		out = append(out, &loyaltyv1.TierMove{
			From: l.rules.GetTiers()[w.from].GetName(), To: l.rules.GetTiers()[w.to].GetName(), Moves: counts[w],
		})
	}
	return out
}

func dateRange(days calendar.Days) *commonv1.DateRange {
	return &commonv1.DateRange{Start: days.From.String(), End: days.Until.String()}
}
