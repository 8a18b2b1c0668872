package ledger

import (
	"cmp"
	"fmt"
	"math"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// Clock is until when the points of a number live that go after a time without purchases.
// What puts clocks together is the same in any order: purchases may be told in any.
type Clock struct {
	// Bought is when the last purchase happened, Until when points go if none follows it.
	// Bought is 0 before the first.
	Bought, Until int64
	// Given is until when points live that came otherwise; 0: none did.
	Given int64
	// Lapsed is when points last went; 0: they never did.
	Lapsed int64
}

// join is what two clocks come to: the last purchase decides.
func (c Clock) join(o Clock) Clock {
	if cmp.Or(cmp.Compare(c.Bought, o.Bought), cmp.Compare(c.Until, o.Until)) < 0 {
		c.Bought, c.Until = o.Bought, o.Until
	}
	c.Given, c.Lapsed = max(c.Given, o.Given), max(c.Lapsed, o.Lapsed)
	return c
}

// runs tells whether there is anything to end.
func (c Clock) runs() bool { return c.Bought != 0 || c.Given != 0 }

// End is when all points go; Never, where nothing was said.
func (c Clock) End() int64 {
	if !c.runs() {
		return Never
	}
	return max(c.Until, c.Given)
}

// proto is a clock as records keep it; Lapsed follows from other movements.
func (c Clock) proto() *loyaltyv1.IdleClock {
	return &loyaltyv1.IdleClock{BoughtAt: c.Bought, Until: c.Until, GivenUntil: c.Given}
}

// show puts a clock into its column, readClock reads it again.
func (c Clock) show() string { return fmt.Sprintf("%d %d %d %d", c.Bought, c.Until, c.Given, c.Lapsed) }

const stopped = "0 0 0 0"

func readClock(n []int64) Clock { return Clock{Bought: n[0], Until: n[1], Given: n[2], Lapsed: n[3]} }

// clockWidth is how many numbers a clock's column has.
const clockWidth = 4

// clock is that of a person: the latest of all numbers.
func (p Person) clock() (c Clock) {
	for _, a := range p {
		c = c.join(a.Clock)
	}
	return c
}

// end is when all points of a person go, or went, if nothing else is bought.
func (p Person) end() int64 {
	if len(p) == 1 {
		return p[0].Clock.End()
	}
	return p.clock().End()
}

// ended tells that all points of a person have gone since nothing was bought, whether that
// was posted or not.
func (p Person) ended(now int64) bool { return p.end() <= now }

// look is when whoever posts what is due looks at an account.
func (a *Account) look() int64 {
	if a.Lots == 0 {
		return math.MaxInt64
	}
	return a.Clock.End()
}
