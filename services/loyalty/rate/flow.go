package rate

import (
	"cmp"
	"maps"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// notYet is where somebody is who is no member.
const notYet = -1

// Flow sets the tiers of all members at the end of a day against those at the end of an
// earlier one. Joined is the day of each person's first movement. Climb came before.
func (l *Ladder) Flow(joined map[int64]calendar.Day, from, to calendar.Day) *loyaltyv1.GetTierFlowResponse {
	out := &loyaltyv1.GetTierFlowResponse{From: from.String(), To: to.String(), Before: l.none(), After: l.none()}
	type way struct{ from, to int }
	counts := map[way]int64{}
	for who, day := range joined {
		if day > to {
			continue
		}
		w := way{notYet, l.at(who, to)}
		if day <= from {
			w.from = l.at(who, from)
			out.Before[w.from].Members++
		}
		out.After[w.to].Members++
		counts[w]++
	}
	ways := slices.SortedFunc(maps.Keys(counts), func(a, b way) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	for _, w := range ways {
		n := counts[w]
		one := &loyaltyv1.TierWay{To: l.rules.GetTiers()[w.to].GetName(), Members: n}
		if w.from != notYet {
			one.From = l.rules.GetTiers()[w.from].GetName()
		}
		out.Ways, out.Members = append(out.Ways, one), out.Members+n
		switch {
		case w.from == notYet:
			out.Joined += n
		case w.from < w.to:
			out.Rose += n
		case w.from > w.to:
			out.Fell += n
		default:
			out.Stayed += n
		}
	}
	return out
}

// none are the tiers, lowest first, with nobody in them.
func (l *Ladder) none() []*loyaltyv1.TierCount {
	out := make([]*loyaltyv1.TierCount, len(l.rules.GetTiers()))
	for i, t := range l.rules.GetTiers() {
		out[i] = &loyaltyv1.TierCount{Tier: t.GetName()}
	}
	return out
}
