package ledger

import (
	"maps"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// Stock is what a person has, lot by lot or summed up, whatever of what is due has been
// posted.
type Stock struct {
	Lots  []Share
	Holds []Share
	// Owed is what all numbers owe.
	Owed int64
	// Clock is until when all of it lives without purchases.
	Clock Clock
}

// Share is points that expire together. Of lots At is 0, or from when they may be spent;
// of holds it is when they end.
type Share struct{ Points, ExpiresAt, At int64 }

// View is a stock at a moment.
type View struct {
	Balance  *loyaltyv1.Balance
	Expiries []*loyaltyv1.ExpiryStep
	Pending  []*loyaltyv1.ExpiryStep
}

// At tells what the stock is at a moment.
func (s *Stock) At(now int64) View {
	v := View{Balance: &loyaltyv1.Balance{}}
	free, kept, later := map[int64]int64{}, map[int64]int64{}, map[int64]int64{}
	idle := s.Clock.End()
	for _, l := range s.Lots {
		l.ExpiresAt = min(l.ExpiresAt, idle)
		switch {
		case l.ExpiresAt <= now:
		case l.At > now:
			later[l.At] = sum(later[l.At], l.Points)
			v.Balance.Pending = sum(v.Balance.Pending, l.Points)
		default:
			free[l.ExpiresAt] = sum(free[l.ExpiresAt], l.Points)
		}
	}
	for _, h := range s.Holds {
		h.ExpiresAt = min(h.ExpiresAt, idle)
		switch {
		case h.At > now:
			kept[h.ExpiresAt] = sum(kept[h.ExpiresAt], h.Points)
			v.Balance.Held = sum(v.Balance.Held, h.Points)
		case h.ExpiresAt > now:
			free[h.ExpiresAt] = sum(free[h.ExpiresAt], h.Points)
		}
	}
	v.Balance.Owed = settle(free, s.Owed)
	for at, points := range free {
		v.Balance.Available = sum(v.Balance.Available, points)
		kept[at] = sum(kept[at], points)
	}
	v.Expiries, v.Pending = steps(kept), steps(later)
	return v
}

// settle pays what is owed from what would go last, and returns what remains owed.
func settle(free map[int64]int64, owed int64) int64 {
	if owed == 0 {
		return 0
	}
	for _, at := range slices.Backward(slices.Sorted(maps.Keys(free))) {
		n := min(owed, free[at])
		owed -= n
		if free[at] -= n; free[at] == 0 {
			delete(free, at)
		}
	}
	return owed
}

// steps are sums by time, soonest first; Never, which is OnDelivery too, last.
func steps(by map[int64]int64) []*loyaltyv1.ExpiryStep {
	out := make([]*loyaltyv1.ExpiryStep, 0, len(by))
	for _, at := range slices.Sorted(maps.Keys(by)) {
		out = append(out, &loyaltyv1.ExpiryStep{ExpiresAt: stamp(at), Points: by[at]})
	}
	return out
}
