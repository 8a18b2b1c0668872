package purchase

import (
	"math/big"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
)

// share is what a line earns in a version; nil: nothing.
func share(p *loyaltyv1.Programme, tier int32, e *programme.Earned) *loyaltyv1.LineShare {
	if e.Points == 0 {
		return nil
	}
	s := &loyaltyv1.LineShare{ProgrammeId: p.GetId(), Version: p.GetVersion(), TierBp: tier}
	for i, g := range e.Rules {
		if g.Points > 0 {
			s.Rules = append(s.Rules, &loyaltyv1.RuleShare{Rule: int32(i), Points: g.Points})
		}
	}
	return s
}

// kept is how many points a line keeps of which so much is left, and sets what each rule
// gives of it. A rule gives for the rest what its formula says, and never more than it
// gave for the whole.
func kept(p *loyaltyv1.Programme, l *loyaltyv1.BoughtLine, s *loyaltyv1.LineShare, left int64) (points int64) {
	for _, r := range s.GetRules() {
		rule := p.GetEarning()[r.GetRule()]
		r.Standing = min(r.GetPoints(), programme.Formula(rule, l.GetAmount(), left, l.GetQuantity(), s.GetTierBp()))
		if left == l.GetQuantity() {
			r.Standing = r.GetPoints()
		}
		points += r.GetStanding()
	}
	return min(points, maxPoints)
}

// maxPoints is the most that one entry holds.
const maxPoints = 1_000_000_000_000

// money is what the part of a line that is left cost, rounded down.
func money(l *loyaltyv1.BoughtLine, left int64) int64 {
	return Part(l.GetAmount(), left, l.GetQuantity())
}

// Part is ⌊amount × left / quantity⌋.
func Part(amount, left, quantity int64) int64 {
	if quantity == 0 {
		return 0
	}
	n := new(big.Int).Mul(big.NewInt(amount), big.NewInt(left))
	return n.Quo(n, big.NewInt(quantity)).Int64()
}
