package programme

import (
	"math/big"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
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

// CheckSpend judges how many points are to be spent at once.
func CheckSpend(s *loyaltyv1.SpendingRules, points int64) error {
	if points < s.GetMinPoints() {
		return fault.Invalid().Field("points", "must be at least %d", s.GetMinPoints()).Err()
	}
	return nil
}

// CheckReceipt judges how many points are to pay for a receipt.
func CheckReceipt(s *loyaltyv1.SpendingRules, points, receipt int64) error {
	if err := CheckSpend(s, points); err != nil {
		return err
	}
	if most := MaxSpend(s, receipt); points > most {
		return fault.Invalid().Reason(commonv1.Reason_REASON_FIELD_INVALID).Field("points", "at most %d may pay for a receipt of %d", most, receipt).Err()
	}
	return nil
}
