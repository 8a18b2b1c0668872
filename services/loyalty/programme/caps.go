package programme

import (
	"math"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// caps is what each rule may still give.
type caps struct{ purchase, day []int64 }

func newCaps(p *loyaltyv1.Programme, who *Member) *caps {
	c := &caps{make([]int64, len(p.GetEarning())), make([]int64, len(p.GetEarning()))}
	for i, rule := range p.GetEarning() {
		c.purchase[i], c.day[i] = math.MaxInt64, math.MaxInt64
		if n := rule.GetCapPerPurchase(); n > 0 {
			c.purchase[i] = n
		}
		if n := rule.GetCapPerDay(); n > 0 {
			c.day[i] = max(0, n-who.Today[rule.GetName()])
		}
	}
	return c
}

// cut is what is left of points under the caps of a rule, and the narrower of them.
func (c *caps) cut(rule int, points int64) (int64, loyaltyv1.ExaminedRule_Cap) {
	switch purchase, day := c.purchase[rule], c.day[rule]; {
	case points <= min(purchase, day):
		return points, loyaltyv1.ExaminedRule_CAP_UNSPECIFIED
	case purchase <= day:
		return purchase, loyaltyv1.ExaminedRule_CAP_PURCHASE
	default:
		return day, loyaltyv1.ExaminedRule_CAP_DAY
	}
}

func (c *caps) take(rule int, points int64) {
	c.purchase[rule] -= points
	c.day[rule] -= points
}

// DayCapped tells whether a version has a rule with a cap of the day: then what rules
// gave on a day must be known.
func DayCapped(p *loyaltyv1.Programme) bool {
	for _, rule := range p.GetEarning() {
		if rule.GetCapPerDay() > 0 {
			return true
		}
	}
	return false
}

// Tiered tells whether a version has a rule that the member's tier multiplies.
func Tiered(p *loyaltyv1.Programme) bool {
	for _, rule := range p.GetEarning() {
		if rule.GetWithTier() {
			return true
		}
	}
	return false
}

// Segments are the segments that a version's rules ask for.
func Segments(p *loyaltyv1.Programme) (out []string) {
	for _, rule := range p.GetEarning() {
		if rule.GetSegmentId() != "" {
			out = append(out, rule.GetSegmentId())
		}
	}
	return out
}
