package programme

import (
	"math/big"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// MaxSpend is the most points that may pay for a receipt, in minor units; 0 if points pay
// no money at all. A point that is not needed whole is not taken.
func MaxSpend(s *loyaltyv1.SpendingRules, receipt int64) int64 {
	if s.GetPointValue() == 0 || receipt <= 0 {
		return 0
	}
	share := int64(s.GetMaxShareBp())
	if share == 0 {
		share = whole
	}
	over := new(big.Int).Mul(big.NewInt(receipt), big.NewInt(share))
	over.Quo(over, new(big.Int).Mul(big.NewInt(whole), big.NewInt(s.GetPointValue())))
	points := min(over.Int64(), maxPoints)
	if points < s.GetMinPoints() {
		return 0
	}
	return points
}

// CheckSpend judges how many points are to be spent at once, and of which receipt; 0: it
// was not told, which is refused only where a share of it is the limit.
func CheckSpend(s *loyaltyv1.SpendingRules, points, receipt int64) error {
	f := fault.Invalid()
	if points < s.GetMinPoints() {
		f.Field("points", "must be at least %d", s.GetMinPoints())
	}
	switch {
	case receipt > 0 && s.GetPointValue() > 0 && points > MaxSpend(s, receipt):
		f.Field("points", "at most %d may pay for a receipt of %d", MaxSpend(s, receipt), receipt)
	case receipt == 0 && s.GetPointValue() > 0 && s.GetMaxShareBp() > 0:
		f.Field("receipt", "must be told: points pay at most %.2f %% of it", float64(s.GetMaxShareBp())/100)
	}
	return f.Err()
}
