package offer

import (
	"slices"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/loyalty/purchase"
)

// State is what an offer has come to for one number, or for a person's numbers together.
// Times are Unix microseconds; 0: it has not come to that.
type State struct {
	Customer                    int64
	Offer                       string
	Received, Viewed, Completed int64
	Redemptions, Movement       int64
	Spent, Purchases            int64
}

// first is the earlier of two times.
func first(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Join puts the states of a person's numbers together: of each step the first. It is the
// number that received the offer first which has it. No states: nil.
func Join(states []State) *State {
	if len(states) == 0 {
		return nil
	}
	out := states[0]
	for _, s := range states[1:] {
		if s.Received < out.Received {
			out.Customer = s.Customer
		}
		if out.Movement == 0 || s.Movement != 0 && s.Completed < out.Completed {
			out.Movement = s.Movement
		}
		out.Received, out.Viewed, out.Completed = first(out.Received, s.Received), first(out.Viewed, s.Viewed), first(out.Completed, s.Completed)
		out.Redemptions += s.Redemptions
		out.Spent += s.Spent
		out.Purchases += s.Purchases
	}
	return &out
}

// Open tells whether an offer is valid at a time.
func Open(o *loyaltyv1.Offer, at time.Time) bool {
	return !o.GetClosed() && !at.Before(o.GetValidFrom().AsTime()) && at.Before(o.GetValidUntil().AsTime())
}

// Rules that forbid to redeem, as callers are told.
const (
	ruleOver      = "over"
	ruleReceived  = "received"
	ruleCompleted = "completed"
	ruleUsed      = "used"
)

// forbids names the rule by which an offer may not be redeemed at a time, with a coupon or
// without; "": it may. have is what the person has of it; nil: nothing.
func forbids(o *loyaltyv1.Offer, have *State, coupon, used bool, at time.Time) (rule, why string) {
	switch {
	case used:
		return ruleUsed, "the coupon was used before"
	case !Open(o, at):
		return ruleOver, "the offer is over, or has not begun"
	case have == nil && !coupon:
		return ruleReceived, "the person did not receive the offer"
	case have != nil && have.Completed != 0 && !o.GetManyRedemptions():
		return ruleCompleted, "the person completed the offer before"
	}
	return "", ""
}

// Counts is what an event adds to an offer's condition; false: it does not matter to it.
func Counts(o *loyaltyv1.Offer, e *journeyv1.Event) (spent int64, ok bool) {
	of := o.GetCondition().GetCategories()
	if len(of) == 0 {
		if amount := e.GetAmount(); amount != nil {
			return amount.GetMinorUnits(), true
		}
	}
	for _, l := range e.GetLines() {
		if len(of) == 0 || slices.Contains(of, l.GetCategory()) {
			spent, ok = spent+l.GetAmount().GetMinorUnits(), true
		}
	}
	return spent, ok || len(of) == 0
}

// Met tells whether a condition is met. An offer without one is completed by nobody's
// purchases.
func Met(c *loyaltyv1.OfferCondition, spent, purchases int64) bool {
	return c != nil && spent >= c.GetSpend().GetMinorUnits() && purchases >= max(1, int64(c.GetPurchases()))
}

// bought is what is kept of a purchase that counts for so much.
func bought(o *loyaltyv1.Offer, e *journeyv1.Event, key []byte, spent int64) *loyaltyv1.OfferBought {
	out := &loyaltyv1.OfferBought{Event: key, OrderId: e.GetOrderId(), At: e.GetOccurredAt().AsTime().UnixMicro(), Spent: spent}
	of := o.GetCondition().GetCategories()
	for _, l := range purchase.Goods(e) {
		if len(of) == 0 || slices.Contains(of, l.Category) {
			out.Lines = append(out.Lines, &loyaltyv1.OfferLine{Goods: l.Goods, Quantity: l.Quantity, Amount: l.Amount, Left: l.Quantity})
		}
	}
	return out
}

// giveBack takes goods out of purchases, which are in the order in which they are to give,
// and returns what is no more counted of each that gave. order: only of that one; none: only
// what was bought by then.
func giveBack(from []counting, goods []purchase.Piece, order string, at int64) map[int]int64 {
	gave := map[int]int64{}
	for _, piece := range goods {
		missing := piece.Quantity
		for i, p := range from {
			if order != "" && p.GetOrderId() != order || order == "" && p.GetAt() > at {
				continue
			}
			for _, l := range p.GetLines() {
				if n := min(missing, l.GetLeft()); n > 0 && l.GetGoods() == piece.Goods {
					missing -= n
					gave[i] += p.less(l, n)
				}
			}
		}
	}
	return gave
}

// giveAll takes all that is left out of purchases.
func giveAll(from []counting) map[int]int64 {
	gave := map[int]int64{}
	for i, p := range from {
		if !p.over() {
			for _, l := range p.GetLines() {
				l.Left = 0
			}
			gave[i], p.Spent = p.GetSpent(), 0
		}
	}
	return gave
}

// over tells that nothing of a purchase is left that counts.
func (c counting) over() bool {
	return c.GetSpent() == 0 && !slices.ContainsFunc(c.GetLines(), func(l *loyaltyv1.OfferLine) bool { return l.GetLeft() > 0 })
}

// less takes so much of a line, and returns by how much less the purchase counts. What is
// left counts in proportion, rounded down; with the last line all that the receipt came to.
func (c counting) less(l *loyaltyv1.OfferLine, n int64) int64 {
	before := purchase.Part(l.GetAmount(), l.GetLeft(), l.GetQuantity())
	l.Left -= n
	gone := min(c.GetSpent(), before-purchase.Part(l.GetAmount(), l.GetLeft(), l.GetQuantity()))
	if !slices.ContainsFunc(c.GetLines(), func(l *loyaltyv1.OfferLine) bool { return l.GetLeft() > 0 }) {
		gone = c.GetSpent()
	}
	c.Spent -= gone
	return gone
}
