package loyalty_test

import (
	"fmt"
	"testing"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// idling runs a test on each engine with a programme whose points go after ten days
// without a purchase.
func idling(t *testing.T, fn func(t *testing.T, r *replica, c *clock)) {
	t.Helper()
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, c.Now, loyalty.Neighbours{})
		programme(t, r, club, &loyaltyv1.Lifetime{ExpireMonths: 12, IdleDays: 10})
		fn(t, r, c)
		verify(t, r)
	})
}

// outstanding checks what all can spend, and in which month it goes next.
func outstanding(t *testing.T, r *replica, points, members int64, month string) {
	t.Helper()
	out, err := r.GetLiability(t.Context(), &loyaltyv1.GetLiabilityRequest{Brand: brand, ProgrammeId: club})
	if err != nil {
		t.Fatal(err)
	}
	first := ""
	if len(out.GetMonths()) > 0 {
		first = out.GetMonths()[0].GetMonth()
	}
	if out.GetPoints() != points || out.GetMembers() != members || first != month {
		t.Errorf("outstanding is %v, want %d of %d members, first in %q", out, points, members, month)
	}
}

// Points go together at the midnight behind the last day, whether that was posted or not;
// schedule and liability say so before, and a purchase puts it off.
func TestPointsGoWithoutPurchases(t *testing.T) {
	idling(t, func(t *testing.T, r *replica, c *clock) {
		end := time.Date(2026, 3, 13, 0, 0, 0, 0, time.FixedZone("Moscow", 3*3600))
		earned(t, r, "1", 1, 100, "a")
		if at := balance(t, r, 1).GetExpiries()[0].GetExpiresAt().AsTime(); !at.Equal(end) {
			t.Errorf("points go at %s, want %s", at, end)
		}
		outstanding(t, r, 100, 1, "2026-03-01")
		c.Add(end.Sub(c.Now()) - time.Microsecond)
		has(t, r, 1, 100, 0, 0, 0)
		c.Add(time.Microsecond)
		has(t, r, 1, 0, 0, 0, 0)
		outstanding(t, r, 0, 0, "")
		if _, err := redeem(t, r, "r", 1, 1, "x"); err == nil {
			t.Error("spent what had gone")
		}
		if out := expire(t, r); out.GetLots() != 1 || out.GetPoints() != 100 {
			t.Errorf("posted: %v", out)
		}
		earned(t, r, "2", 1, 40, "b")
		c.Add(9 * day)
		earned(t, r, "3", 1, 5, "c")
		c.Add(9 * day)
		has(t, r, 1, 45, 0, 0, 0)
		outstanding(t, r, 45, 1, "2026-04-01")
		in := &loyaltyv1.ExamineEarnRequest{Brand: brand, ProgrammeId: club, Customer: number(1), Lines: []*loyaltyv1.PurchaseLine{{Amount: 100}}}
		if out, err := r.ExamineEarn(t.Context(), in); err != nil || out.GetIdleUntil() == nil || !out.GetIdleUntil().AsTime().After(c.Now().Add(10*day)) {
			t.Error(out, err)
		}
		account, err := r.GetAccount(t.Context(), &loyaltyv1.GetAccountRequest{Brand: brand, ProgrammeId: club, Customer: number(1)})
		if err != nil || account.GetAccount().GetIdleUntil() == nil {
			t.Error(account, err)
		}
	})
}

// A purchase that a till tells late gives back what it would have kept; one that would not
// have kept it does not, and neither do points that nobody bought.
func TestLatePurchaseGivesBack(t *testing.T) {
	idling(t, func(t *testing.T, r *replica, c *clock) {
		bought := c.Now().Add(8 * day)
		for who := int64(1); who <= 3; who++ {
			earned(t, r, fmt.Sprint("first", who), who, 100, "a")
		}
		c.Add(12 * day)
		expire(t, r)
		for who := int64(1); who <= 3; who++ {
			has(t, r, who, 0, 0, 0, 0)
		}
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "late", Customer: number(1), Points: 7, Origin: of("b"), OccurredAt: stamp(bought)})
		has(t, r, 1, 107, 0, 0, 0)
		earned(t, r, "new", 2, 7, "b")
		has(t, r, 2, 7, 0, 0, 0)
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "gift", Customer: number(3), Points: 7, OccurredAt: stamp(bought)})
		has(t, r, 3, 7, 0, 0, 0)
		outstanding(t, r, 121, 3, "2026-03-01")
		// Nobody keeps points for ever by handing them to and fro.
		c.Add(5 * day)
		if _, err := r.Transfer(t.Context(), &loyaltyv1.TransferRequest{
			Brand: brand, RequestId: "t", ProgrammeId: club, From: number(1), To: number(4), Points: 50,
		}); err != nil {
			t.Fatal(err)
		}
		has(t, r, 4, 50, 0, 0, 0)
		c.Add(2 * day)
		has(t, r, 1, 0, 0, 0, 0)
		has(t, r, 4, 0, 0, 0, 0)
	})
}

// Who are one person buy for all their numbers, and only as long as they are.
func TestOneBuysForBoth(t *testing.T) {
	idling(t, func(t *testing.T, r *replica, c *clock) {
		earned(t, r, "1", 1, 100, "a")
		merge(t, r, 1, 2)
		c.Add(5 * day)
		earned(t, r, "2", 2, 10, "b")
		c.Add(8 * day)
		if out := expire(t, r); out.GetLots() != 0 {
			t.Errorf("posted what lives: %v", out)
		}
		has(t, r, 1, 110, 0, 0, 0)
		outstanding(t, r, 110, 1, "2026-03-01")
		c.Add(4 * day)
		has(t, r, 2, 0, 0, 0, 0)
		if out := expire(t, r); out.GetLots() != 2 || out.GetPoints() != 110 {
			t.Errorf("posted: %v", out)
		}
	})
}
