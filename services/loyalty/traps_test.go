package loyalty_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

const day = 24 * time.Hour

// refused checks why a call was refused.
func refused(t testing.TB, err error, reason commonv1.Reason) {
	t.Helper()
	if !fault.Is(err, reason) {
		t.Errorf("refused with %v, want %v", err, reason)
	}
}

// Expired credits leave the sum while old debits stay: what expires is what is left of
// the lot, not what it began with.
func TestExpiryCountsWhatIsLeft(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "a", Customer: number(1), Points: 100, ExpiresAt: stamp(start.Add(10 * day))})
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "b", Customer: number(1), Points: 50, ExpiresAt: stamp(start.Add(20 * day))})
		if _, err := redeem(t, r, "c", 1, 70, ""); err != nil {
			t.Fatal(err)
		}
		has(t, r, 1, 80, 0, 0, 0)
		c.Add(10 * day)
		has(t, r, 1, 50, 0, 0, 0)
		_, err := redeem(t, r, "d", 1, 51, "")
		refused(t, err, commonv1.Reason_REASON_POINTS_INSUFFICIENT)
		if out := expire(t, r); out.GetLots() != 1 || out.GetPoints() != 30 || out.GetMore() {
			t.Errorf("posted %v", out)
		}
		has(t, r, 1, 50, 0, 0, 0)
		if out := expire(t, r); out.GetLots() != 0 {
			t.Errorf("posted again %v", out)
		}
	})
}

// Expiry takes the lot whose time has come, not one that looks like it.
func TestExpiryTakesTheLotItself(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		for i, d := range []time.Duration{30 * day, 10 * day, 20 * day} {
			earn(t, r, &loyaltyv1.EarnRequest{
				RequestId: fmt.Sprint(i), Customer: number(1), Points: 100, Origin: of("same"), Reason: "same", ExpiresAt: stamp(start.Add(d)),
			})
		}
		c.Add(10 * day)
		expire(t, r)
		steps := balance(t, r, 1).GetExpiries()
		if len(steps) != 2 || !steps[0].GetExpiresAt().AsTime().Equal(start.Add(20*day)) || !steps[1].GetExpiresAt().AsTime().Equal(start.Add(30*day)) {
			t.Errorf("left are %v", steps)
		}
	})
}

// Buy, earn, refund, keep: what was earned is taken back, and what is gone is owed.
func TestRefundTakesBackWhatWasSpent(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		earned(t, r, "a", 1, 100, "o1")
		if _, err := redeem(t, r, "b", 1, 80, "o2"); err != nil {
			t.Fatal(err)
		}
		out, err := reverse(t, r, "c", 1, "o1", 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if b := out.GetBalance(); b.GetAvailable() != 0 || b.GetOwed() != 80 {
			t.Errorf("balance %v", b)
		}
		has(t, r, 1, 0, 0, 0, 80)
		earned(t, r, "d", 1, 100, "o3")
		has(t, r, 1, 20, 0, 0, 0)
	})
}

// Refund takes points twice: neither a second refund nor points that expired are taken
// again.
func TestRefundTakesOnce(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "a", Customer: number(1), Points: 100, Origin: of("o1"), ExpiresAt: stamp(start.Add(day))})
		earned(t, r, "b", 1, 500, "o2")
		if _, err := redeem(t, r, "c", 1, 60, "o3"); err != nil {
			t.Fatal(err)
		}
		c.Add(2 * day)
		expire(t, r) // 40 of the first lot are lost
		has(t, r, 1, 500, 0, 0, 0)
		if _, err := reverse(t, r, "d", 1, "o1", 30, 0); err != nil {
			t.Fatal(err)
		}
		has(t, r, 1, 470, 0, 0, 0) // 70 back, of which 40 were lost
		if _, err := reverse(t, r, "e", 1, "o1", 0, 0); err != nil {
			t.Fatal(err)
		}
		has(t, r, 1, 440, 0, 0, 0)
		_, err := reverse(t, r, "f", 1, "o1", 0, 0)
		refused(t, err, commonv1.Reason_REASON_NOTHING_TO_REVERSE)
		_, err = reverse(t, r, "f", 1, "o1", 0, 0)
		refused(t, err, commonv1.Reason_REASON_NOTHING_TO_REVERSE)
	})
}

// What was spent goes back to its lots, with their expiry.
func TestRefundReturnsToLots(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "a", Customer: number(1), Points: 100, ExpiresAt: stamp(start.Add(day))})
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "b", Customer: number(1), Points: 100, ExpiresAt: stamp(start.Add(9 * day))})
		before := balance(t, r, 1).GetExpiries()
		if _, err := redeem(t, r, "c", 1, 150, "o"); err != nil {
			t.Fatal(err)
		}
		if _, err := reverse(t, r, "d", 1, "o", 0, 120); err != nil {
			t.Fatal(err)
		}
		has(t, r, 1, 80, 0, 0, 0)
		if _, err := reverse(t, r, "e", 1, "o", 0, 0); err != nil {
			t.Fatal(err)
		}
		after := balance(t, r, 1).GetExpiries()
		if len(after) != 2 || !proto.Equal(after[0], before[0]) || !proto.Equal(after[1], before[1]) {
			t.Errorf("went back as %v, were %v", after, before)
		}
		if _, err := redeem(t, r, "f", 1, 150, "o2"); err != nil {
			t.Fatal(err)
		}
		c.Add(2 * day)
		if _, err := reverse(t, r, "g", 1, "o2", 0, 0); err != nil {
			t.Fatal(err)
		}
		has(t, r, 1, 100, 0, 0, 0) // the first lot took its 100 and lost them at once
	})
}

// A transfer resets expiry, so two members launder points for ever.
func TestTransferKeepsExpiry(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		a := earned(t, r, "a", 1, 100, "")
		give := func(key string, from, to int64) {
			c.Add(day)
			_, err := r.Transfer(t.Context(), &loyaltyv1.TransferRequest{
				Brand: brand, RequestId: key, ProgrammeId: club, From: number(from), To: number(to), Points: 100,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		want := a.GetMovement().GetGiven()[0]
		give("b", 1, 2)
		give("c", 2, 1)
		has(t, r, 2, 0, 0, 0, 0)
		last := entries(t, r, 1, 1)[0].GetGiven()[0]
		if !proto.Equal(last.GetExpiresAt(), want.GetExpiresAt()) || !proto.Equal(last.GetEarnedAt(), want.GetEarnedAt()) {
			t.Errorf("came back as %v, was %v", last, want)
		}
		_, err := r.Transfer(t.Context(), &loyaltyv1.TransferRequest{
			Brand: brand, RequestId: "d", ProgrammeId: club, From: number(1), To: number(1), Points: 1,
		})
		refused(t, err, commonv1.Reason_REASON_FIELD_INVALID)
	})
}

// A retry rebuilt from the live balance is not a retry.
func TestReplayIsTheStoredResult(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earned(t, r, "a", 1, 100, "o")
		first, err := redeem(t, r, "b", 1, 40, "o")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := redeem(t, r, "c", 1, 60, "o"); err != nil {
			t.Fatal(err)
		}
		c.Add(900 * day)
		expire(t, r)
		again, err := redeem(t, r, "b", 1, 40, "o")
		if err != nil || !again.GetReplayed() {
			t.Fatal(again, err)
		}
		again.Replayed = false
		if !proto.Equal(first, again) {
			t.Errorf("answered %v, and then %v", first, again)
		}
		for field, in := range map[string]*loyaltyv1.RedeemRequest{
			"points":          {Points: 41, Customer: number(1), Origin: of("o")},
			"customer.id":     {Points: 40, Customer: number(2), Origin: of("o")},
			"origin.order_id": {Points: 40, Customer: number(1), Origin: of("p")},
			"customer":        {Points: 40, Customer: mail("a@example.com"), Origin: of("o")},
		} {
			in.Brand, in.RequestId, in.ProgrammeId = brand, "b", club
			_, err := r.Redeem(t.Context(), in)
			refused(t, err, commonv1.Reason_REASON_KEY_REUSED)
			if e := fault.From(err); e == nil || e.Meta["field"] != field {
				t.Errorf("refused with %v, want field %s", err, field)
			}
		}
		_, err = r.Earn(t.Context(), &loyaltyv1.EarnRequest{Brand: brand, RequestId: "b", ProgrammeId: club, Customer: number(1), Points: 40})
		refused(t, err, commonv1.Reason_REASON_KEY_REUSED)
	})
}

// A failed attempt that succeeds on retry because the world changed: a failed key stays
// failed.
func TestRefusalStaysUnderItsKey(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		_, first := redeem(t, r, "a", 1, 40, "o")
		refused(t, first, commonv1.Reason_REASON_POINTS_INSUFFICIENT)
		earned(t, r, "b", 1, 100, "o")
		_, again := redeem(t, r, "a", 1, 40, "o")
		refused(t, again, commonv1.Reason_REASON_POINTS_INSUFFICIENT)
		if fault.From(again).Meta["available"] != "0" {
			t.Errorf("refused with %v, was %v", again, first)
		}
		_, err := redeem(t, r, "a", 1, 41, "o")
		refused(t, err, commonv1.Reason_REASON_KEY_REUSED)
		if _, err := redeem(t, r, "c", 1, 40, "o"); err != nil {
			t.Error(err)
		}
	})
}

// "Next expiry" as one date hides the later lots.
func TestScheduleHasEveryLot(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		for i := range 5 {
			earn(t, r, &loyaltyv1.EarnRequest{
				RequestId: fmt.Sprint(i), Customer: number(1), Points: 10, ExpiresAt: stamp(start.Add(time.Duration(1+i%3) * day)),
			})
		}
		programme(t, r, "ever", nil)
		if _, err := hold(t, r, "h", 1, 5, 0); err != nil {
			t.Fatal(err)
		}
		out := balance(t, r, 1)
		var sum int64
		for i, s := range out.GetExpiries() {
			sum += s.GetPoints()
			if !s.GetExpiresAt().AsTime().Equal(start.Add(time.Duration(1+i) * day)) {
				t.Errorf("step %d at %v", i, s.GetExpiresAt().AsTime())
			}
		}
		if sum != 50 || sum != out.GetBalance().GetAvailable()+out.GetBalance().GetHeld() {
			t.Errorf("schedule %v of balance %v", out.GetExpiries(), out.GetBalance())
		}
	})
}

// Pending points may be spent from their time on, or from the delivery.
func TestPendingPoints(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "a", Customer: number(1), Points: 10, Origin: of("o1"), ActiveFrom: stamp(start.Add(day))})
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "b", Customer: number(1), Points: 20, Origin: of("o2"), OnDelivery: true})
		has(t, r, 1, 0, 0, 30, 0)
		if steps := balance(t, r, 1).GetPending(); len(steps) != 2 || steps[0].GetPoints() != 10 || steps[1].GetExpiresAt() != nil {
			t.Errorf("pending %v", steps)
		}
		c.Add(day)
		has(t, r, 1, 10, 0, 20, 0) // posted or not
		if _, err := redeem(t, r, "c", 1, 10, ""); err != nil {
			t.Error(err)
		}
		activate := func(key, order string) *loyaltyv1.ActivateResponse {
			out, err := r.Activate(t.Context(), &loyaltyv1.ActivateRequest{
				Brand: brand, RequestId: key, ProgrammeId: club, Customer: number(1), Origin: of(order),
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if out := activate("d", "other"); out.GetMovement() != nil || out.GetBalance().GetPending() != 20 {
			t.Errorf("activated %v", out)
		}
		if out := activate("e", "o2"); out.GetBalance().GetAvailable() != 20 {
			t.Errorf("activated %v", out)
		}
		if out := activate("d", "other"); !out.GetReplayed() || out.GetMovement() != nil {
			t.Errorf("activated again %v", out)
		}
		has(t, r, 1, 20, 0, 0, 0)
	})
}

// A hold is captured, given back, or times out, and one of these alone.
func TestHoldEndsOnce(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "a", Customer: number(1), Points: 100, ExpiresAt: stamp(start.Add(time.Hour))})
		capture := func(key, id string, points int64) error {
			_, err := r.Capture(t.Context(), &loyaltyv1.CaptureRequest{Brand: brand, RequestId: key, HoldId: id, Points: points})
			return err
		}
		h1, err := hold(t, r, "h1", 1, 60, 7200)
		if err != nil || !h1.GetEndsAt().AsTime().Equal(start.Add(2*time.Hour)) {
			t.Fatal(h1, err)
		}
		h2, err := hold(t, r, "h2", 1, 40, 60)
		if err != nil {
			t.Fatal(err)
		}
		has(t, r, 1, 0, 100, 0, 0)
		c.Add(time.Minute)
		has(t, r, 1, 40, 60, 0, 0)
		refused(t, capture("c1", h2.GetMovement().GetId(), 0), commonv1.Reason_REASON_HOLD_ENDED)
		c.Add(time.Hour) // the lot has expired
		refused(t, capture("c2", h1.GetMovement().GetId(), 61), commonv1.Reason_REASON_FIELD_INVALID)
		has(t, r, 1, 0, 60, 0, 0)
		if err := capture("c3", h1.GetMovement().GetId(), 50); err != nil {
			t.Error(err)
		}
		has(t, r, 1, 0, 0, 0, 0)
		refused(t, capture("c4", h1.GetMovement().GetId(), 0), commonv1.Reason_REASON_HOLD_ENDED)
		refused(t, capture("c5", "999", 0), commonv1.Reason_REASON_HOLD_UNKNOWN)
		_, err = r.Void(t.Context(), &loyaltyv1.VoidRequest{Brand: brand, RequestId: "v", HoldId: h1.GetMovement().GetId()})
		refused(t, err, commonv1.Reason_REASON_HOLD_ENDED)
		if out := expire(t, r); out.GetPoints() != 50 {
			t.Errorf("posted %v", out)
		}
	})
}

// Entries are listed by pages, newest first, of all that touch a member.
func TestListEntries(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		for i := range 7 {
			earned(t, r, fmt.Sprint(i), 1, 10, "o")
		}
		_, err := r.Transfer(t.Context(), &loyaltyv1.TransferRequest{
			Brand: brand, RequestId: "t", ProgrammeId: club, From: number(1), To: number(2), Points: 15, Reason: "a gift",
		})
		if err != nil {
			t.Fatal(err)
		}
		all := entries(t, r, 1, 3)
		if len(all) != 8 || all[0].GetReason() != "a gift" || all[0].GetToCustomerId() != 2 || all[7].GetRequestId() != "0" {
			t.Errorf("listed %v", all)
		}
		if got := entries(t, r, 2, 3); len(got) != 1 || got[0].GetId() != all[0].GetId() {
			t.Errorf("of the other %v", got)
		}
		var sum int64
		for _, m := range all {
			for _, p := range m.GetPostings() {
				sum += p.GetPoints()
			}
		}
		if sum != 0 {
			t.Errorf("postings sum to %d", sum)
		}
	})
}

// What was once is told as it was.
func TestBalanceThen(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "a", Customer: number(1), Points: 100, ExpiresAt: stamp(start.Add(2 * day))})
		c.Add(day)
		if _, err := redeem(t, r, "b", 1, 30, ""); err != nil {
			t.Fatal(err)
		}
		c.Add(3 * day)
		for at, want := range map[time.Duration]int64{-time.Second: 0, 0: 100, time.Hour: 100, day: 70, 2*day - 1000: 70, 2 * day: 0} {
			out, err := r.GetBalance(t.Context(), &loyaltyv1.GetBalanceRequest{
				Brand: brand, ProgrammeId: club, Customer: number(1), At: timestamppb.New(start.Add(at)),
			})
			if err != nil || out.GetBalance().GetAvailable() != want {
				t.Errorf("after %v: %v, %v, want %d", at, out, err, want)
			}
		}
	})
}
