package loyalty_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// crowd is 200 callers who earn, spend, hold and capture on two replicas, and who repeat
// what they did.
type crowd struct {
	replicas [2]*replica
	// whose turn it is of a caller.
	who     func(caller, turn int) int64
	earned  atomic.Int64
	spent   atomic.Int64
	refused atomic.Int64
}

const callers, turns = 200, 12

func (c *crowd) run(t *testing.T) {
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for turn := range turns {
				if err := c.turn(t.Context(), caller, turn); err != nil {
					t.Errorf("caller %d, turn %d: %v", caller, turn, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func (c *crowd) turn(ctx context.Context, caller, turn int) error {
	r, key, who := c.replicas[(caller+turn)%2], fmt.Sprintf("%d-%d", caller, turn), number(c.who(caller, turn))
	switch turn % 4 {
	case 0, 2:
		in := &loyaltyv1.EarnRequest{Brand: brand, RequestId: key, ProgrammeId: club, Customer: who, Points: 10}
		return c.twice(&c.earned, 10, func() (bool, error) {
			out, err := r.Earn(ctx, in)
			return out.GetReplayed(), err
		})
	case 1:
		in := &loyaltyv1.RedeemRequest{Brand: brand, RequestId: key, ProgrammeId: club, Customer: who, Points: 7}
		return c.twice(&c.spent, 7, func() (bool, error) {
			out, err := r.Redeem(ctx, in)
			return out.GetReplayed(), err
		})
	}
	h, err := r.Hold(ctx, &loyaltyv1.HoldRequest{Brand: brand, RequestId: key, ProgrammeId: club, Customer: who, Points: 9})
	if err != nil {
		return c.insufficient(err)
	}
	// Both want the hold; one gets it.
	id := h.GetMovement().GetId()
	results := make(chan error, 2)
	go func() {
		_, err := c.replicas[0].Capture(ctx, &loyaltyv1.CaptureRequest{Brand: brand, RequestId: key + "c", HoldId: id})
		if err == nil {
			c.spent.Add(9)
		}
		results <- err
	}()
	go func() {
		_, err := c.replicas[1].Void(ctx, &loyaltyv1.VoidRequest{Brand: brand, RequestId: key + "v", HoldId: id})
		results <- err
	}()
	a, b := <-results, <-results
	if (a == nil) == (b == nil) {
		return fmt.Errorf("a hold was ended by %v and %v", a, b)
	}
	if lost := errors.Join(a, b); !fault.Is(lost, commonv1.Reason_REASON_HOLD_ENDED) && !fault.Is(a, commonv1.Reason_REASON_HOLD_ENDED) && !fault.Is(b, commonv1.Reason_REASON_HOLD_ENDED) {
		return lost
	}
	return nil
}

// twice makes a call and repeats it: it counts once.
func (c *crowd) twice(into *atomic.Int64, points int64, do func() (bool, error)) error {
	_, err := do()
	again, second := do()
	switch {
	case err != nil:
		if !fault.Is(second, commonv1.Reason_REASON_POINTS_INSUFFICIENT) {
			return fmt.Errorf("refused, and then %w", second)
		}
		return c.insufficient(err)
	case second != nil || !again:
		return fmt.Errorf("repeated: %v, %w", again, second)
	}
	into.Add(points)
	return nil
}

// insufficient is the one refusal there may be.
func (c *crowd) insufficient(err error) error {
	if !fault.Is(err, commonv1.Reason_REASON_POINTS_INSUFFICIENT) {
		return err
	}
	c.refused.Add(1)
	return nil
}

// crowded lets a crowd loose on accounts and audits them afterwards.
func crowded(t *testing.T, stock int64, members int64) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		clock := &clock{now: start}
		c := &crowd{who: func(caller, _ int) int64 { return 1 + int64(caller)%members }}
		for i := range c.replicas {
			c.replicas[i] = newReplica(t, url, clock.Now, loyalty.Neighbours{})
		}
		programme(t, c.replicas[0], club, &loyaltyv1.Lifetime{ExpireMonths: 12})
		for who := int64(1); who <= members && stock > 0; who++ {
			earned(t, c.replicas[0], fmt.Sprint("stock", who), who, stock, "")
			c.earned.Add(stock)
		}
		c.run(t)
		var sum int64
		for who := int64(1); who <= members; who++ {
			b := balance(t, c.replicas[1], who).GetBalance()
			sum += b.GetAvailable()
			if b.GetHeld() != 0 || b.GetAvailable() < 0 || b.GetOwed() != 0 {
				t.Errorf("customer %d has %v", who, b)
			}
		}
		if want := c.earned.Load() - c.spent.Load(); sum != want {
			t.Errorf("%d points are left, earned %d, spent %d", sum, c.earned.Load(), c.spent.Load())
		}
		if stock > 0 && c.refused.Load() > 0 {
			t.Errorf("%d refusals with points for all", c.refused.Load())
		}
		verify(t, c.replicas[0])
	})
}

// 200 callers on one account spend nothing twice, nobody waits for ever, and nobody who
// has points is refused.
func TestCrowdOnOneAccount(t *testing.T) { crowded(t, 1_000_000, 1) }

// Nor do they where there are too few.
func TestCrowdOnTooFewPoints(t *testing.T) { crowded(t, 0, 1) }

func TestCrowdOnManyAccounts(t *testing.T) { crowded(t, 1000, 200) }

// 200 callers over as many accounts as RAPPORT_TEST_MEMBERS says, each call on another one:
// full size is 100,000.
func TestCrowdOnAllAccounts(t *testing.T) {
	members, _ := strconv.ParseInt(os.Getenv("RAPPORT_TEST_MEMBERS"), 10, 64)
	members = max(members, 2_000)
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		clock := &clock{now: start}
		c := &crowd{who: func(caller, turn int) int64 { return 1 + int64(caller*turns+turn)*7919%members }}
		for i := range c.replicas {
			c.replicas[i] = newReplica(t, url, clock.Now, loyalty.Neighbours{})
		}
		programme(t, c.replicas[0], club, &loyaltyv1.Lifetime{ExpireMonths: 12})
		stocked(t, c.replicas[0], members, 1000)
		c.run(t)
		if n := c.refused.Load(); n > 0 {
			t.Errorf("%d refusals with points for all", n)
		}
		// What is outstanding is what was given, earned and not spent; held is nothing.
		out, err := c.replicas[1].GetLiability(t.Context(), &loyaltyv1.GetLiabilityRequest{Brand: brand, ProgrammeId: club})
		if err != nil {
			t.Fatal(err)
		}
		if want := members*1000 + c.earned.Load() - c.spent.Load(); out.GetPoints() != want {
			t.Errorf("%d points are left, want %d", out.GetPoints(), want)
		}
		verify(t, c.replicas[0])
	})
}

// stocked gives every member points to begin with.
func stocked(t *testing.T, r *replica, members, points int64) {
	t.Helper()
	stream, err := r.BatchPost(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for from := int64(1); from <= members; from += 1000 {
		in := &loyaltyv1.BatchPostRequest{Brand: brand}
		for id := from; id < min(from+1000, members+1); id++ {
			in.Items = append(in.Items, &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{
				RequestId: fmt.Sprint("stock", id), ProgrammeId: club, Customer: number(id), Points: points,
			}}})
		}
		if err := stream.Send(in); err != nil {
			t.Fatal(err)
		}
		if out, err := stream.Recv(); err != nil || out.GetResults()[0].GetReason() != "" {
			t.Fatal(out, err)
		}
	}
}
