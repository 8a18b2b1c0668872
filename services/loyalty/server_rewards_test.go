package loyalty_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// offered puts a reward into the catalogue.
func offered(t testing.TB, r *replica, in *loyaltyv1.Reward) *loyaltyv1.Reward {
	t.Helper()
	in.ProgrammeId = club
	if in.GetKind() == 0 {
		in.Kind = loyaltyv1.Reward_KIND_GIFT
	}
	out, err := r.UpsertReward(t.Context(), &loyaltyv1.UpsertRewardRequest{Brand: brand, Reward: in})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetReward()
}

func stock(n int64) *int64 { return &n }

func take(t testing.TB, r *replica, key, id string, who int64) (*loyaltyv1.TakeRewardResponse, error) {
	t.Helper()
	return r.TakeReward(t.Context(), &loyaltyv1.TakeRewardRequest{Brand: brand, RequestId: key, RewardId: id, Customer: number(who), Seconds: 600})
}

func confirm(t testing.TB, r *replica, key, id string) (*loyaltyv1.ConfirmRewardResponse, error) {
	t.Helper()
	return r.ConfirmReward(t.Context(), &loyaltyv1.ConfirmRewardRequest{Brand: brand, RequestId: key, TakenId: id})
}

func cancel(t testing.TB, r *replica, key, id string) (*loyaltyv1.CancelRewardResponse, error) {
	t.Helper()
	return r.CancelReward(t.Context(), &loyaltyv1.CancelRewardRequest{Brand: brand, RequestId: key, TakenId: id, Reason: "changed my mind"})
}

// gone is how many pieces are taken or held.
func gone(t testing.TB, r *replica, id string) int64 {
	t.Helper()
	out, err := r.ListRewards(t.Context(), &loyaltyv1.ListRewardsRequest{Brand: brand, Closed: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range out.GetRewards() {
		if one.GetId() == id {
			return one.GetTaken()
		}
	}
	t.Fatalf("no reward %s", id)
	return 0
}

func pieces(t testing.TB, r *replica, id string, want int64) {
	t.Helper()
	if got := gone(t, r, id); got != want {
		t.Errorf("%d pieces of %s are gone, want %d", got, id, want)
	}
}

// forbidden checks by which rule a reward was refused.
func forbidden(t testing.TB, err error, rule loyaltyv1.RewardObstacle_Rule) {
	t.Helper()
	if !fault.Is(err, commonv1.Reason_REASON_REWARD_FORBIDDEN) || fault.From(err).Meta["rule"] != rule.String() {
		t.Errorf("%v, want %s", err, rule)
	}
}

func TestRewardIsHeldThenTaken(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earned(t, r, "e", 1, 100, "a")
		offered(t, r, &loyaltyv1.Reward{Id: "cup", Cost: 60, Stock: stock(2)})
		out, err := take(t, r, "t", "cup", 1)
		if err != nil || out.GetTaken().GetState() != loyaltyv1.TakenReward_STATE_HELD || out.GetBalance().GetHeld() != 60 {
			t.Fatal(out, err)
		}
		id := out.GetTaken().GetId()
		again, err := take(t, r, "t", "cup", 1)
		if err != nil || !again.GetReplayed() || again.GetTaken().GetId() != id {
			t.Error(again, err)
		}
		if _, err := take(t, r, "t", "cup", 2); !fault.Is(err, commonv1.Reason_REASON_KEY_REUSED) {
			t.Error(err)
		}
		if _, err := redeem(t, r, "t", 1, 1, "a"); !fault.Is(err, commonv1.Reason_REASON_KEY_REUSED) {
			t.Errorf("a key of a reward is one of the ledger's: %v", err)
		}
		pieces(t, r, "cup", 1)
		if _, err := take(t, r, "t2", "cup", 1); !fault.Is(err, commonv1.Reason_REASON_POINTS_INSUFFICIENT) {
			t.Error(err)
		}
		pieces(t, r, "cup", 1)
		has(t, r, 1, 40, 60, 0, 0)
		for range 2 {
			done, err := confirm(t, r, "c", id)
			if err != nil || done.GetTaken().GetState() != loyaltyv1.TakenReward_STATE_TAKEN {
				t.Error(done, err)
			}
		}
		has(t, r, 1, 40, 0, 0, 0)
		if _, err := confirm(t, r, "c2", id); !fault.Is(err, commonv1.Reason_REASON_HOLD_ENDED) {
			t.Error(err)
		}
		earned(t, r, "e2", 1, 100, "b")
		if _, err := take(t, r, "t2", "cup", 1); !fault.Is(err, commonv1.Reason_REASON_POINTS_INSUFFICIENT) {
			t.Errorf("a refusal stays one under its key: %v", err)
		}
		c.Add(time.Hour)
		back, err := cancel(t, r, "x", id)
		if err != nil || back.GetTaken().GetState() != loyaltyv1.TakenReward_STATE_REFUNDED || back.GetBalance().GetAvailable() != 200 {
			t.Error(back, err)
		}
		pieces(t, r, "cup", 0)
		if _, err := reverse(t, r, "x4", 1, "reward:abc", 0, 0); !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
			t.Error(err)
		}
		if _, err := cancel(t, r, "x2", id); !fault.Is(err, commonv1.Reason_REASON_HOLD_ENDED) {
			t.Error(err)
		}
		if _, err := cancel(t, r, "x3", "4711"); !fault.Is(err, commonv1.Reason_REASON_REWARD_UNKNOWN) {
			t.Error(err)
		}
		// The points are in the lot they came from, with the expiry it had.
		steps := balance(t, r, 1).GetExpiries()
		if len(steps) != 1 || !steps[0].GetExpiresAt().AsTime().Before(start.AddDate(1, 0, 2)) {
			t.Error(steps)
		}
	})
}

func TestRewardTimesOut(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earned(t, r, "e", 1, 100, "a")
		offered(t, r, &loyaltyv1.Reward{Id: "cup", Cost: 60, Stock: stock(1), PerPerson: 1})
		offered(t, r, &loyaltyv1.Reward{Id: "queue", Kind: loyaltyv1.Reward_KIND_PRIVILEGE, Stock: stock(1)})
		cup, err := take(t, r, "t1", "cup", 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := take(t, r, "t2", "queue", 2); err != nil {
			t.Fatal(err)
		}
		_, err = take(t, r, "t3", "queue", 3)
		forbidden(t, err, loyaltyv1.RewardObstacle_RULE_STOCK)
		c.Add(10 * time.Minute)
		pieces(t, r, "cup", 0)
		list, err := r.ListTakenRewards(t.Context(), &loyaltyv1.ListTakenRewardsRequest{Brand: brand, CustomerId: 1})
		if err != nil || len(list.GetTaken()) != 1 || list.GetTaken()[0].GetState() != loyaltyv1.TakenReward_STATE_CANCELLED {
			t.Error(list, err)
		}
		if _, err := confirm(t, r, "c", cup.GetTaken().GetId()); !fault.Is(err, commonv1.Reason_REASON_HOLD_ENDED) {
			t.Error(err)
		}
		_, err = take(t, r, "t3", "queue", 3)
		forbidden(t, err, loyaltyv1.RewardObstacle_RULE_STOCK)
		if _, err := take(t, r, "t4", "queue", 3); err != nil {
			t.Error(err)
		}
		if _, err := take(t, r, "t5", "cup", 1); err != nil {
			t.Error(err)
		}
		expire(t, r)
		has(t, r, 1, 40, 60, 0, 0)
		pieces(t, r, "cup", 1)
	})
}

// Whoever comes first gets a piece, and nobody else: no stock is negative, nobody is told
// that there is none while there is, and nobody pays for nothing.
func TestStockUnderManyTakers(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		const takers, there = 200, 60
		offered(t, r, &loyaltyv1.Reward{Id: "cup", Cost: 10, Stock: stock(there), PerPerson: 1})
		for i := range takers {
			if i%2 == 0 { // the others cannot pay
				earned(t, r, fmt.Sprint("e", i), int64(i+1), 25, "a")
			}
		}
		var got, none, poor atomic.Int64
		var all sync.WaitGroup
		for i := range takers {
			all.Go(func() {
				in := &loyaltyv1.TakeRewardRequest{Brand: brand, RequestId: fmt.Sprint("t", i), RewardId: "cup", Customer: number(int64(i + 1)), AtOnce: i%4 == 0}
				_, err := r.TakeReward(t.Context(), in)
				switch {
				case err == nil:
					got.Add(1)
				case fault.Is(err, commonv1.Reason_REASON_POINTS_INSUFFICIENT):
					poor.Add(1)
				default:
					forbidden(t, err, loyaltyv1.RewardObstacle_RULE_STOCK)
					none.Add(1)
				}
			})
		}
		all.Wait()
		if got.Load() != there || none.Load()+poor.Load() != takers-there {
			t.Errorf("%d got one, %d found none, %d could not pay", got.Load(), none.Load(), poor.Load())
		}
		pieces(t, r, "cup", there)
		_, err := r.UpsertReward(t.Context(), &loyaltyv1.UpsertRewardRequest{Brand: brand, Reward: &loyaltyv1.Reward{
			Id: "cup", ProgrammeId: club, Kind: loyaltyv1.Reward_KIND_GIFT, Cost: 10, Stock: stock(there - 1),
		}})
		if !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
			t.Error(err)
		}
	})
}

func TestRewardRules(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earned(t, r, "e", 1, 1000, "a")
		offered(t, r, &loyaltyv1.Reward{Id: "tea", Cost: 10, Stock: stock(1)})
		offered(t, r, &loyaltyv1.Reward{Id: "jam", Cost: 10})
		offered(t, r, &loyaltyv1.Reward{Id: "box", Kind: loyaltyv1.Reward_KIND_CHOICE, Cost: 50, Choices: []string{"tea", "jam"}, PerPerson: 2})
		offered(t, r, &loyaltyv1.Reward{Id: "later", Cost: 1, ValidFrom: stamp(start.Add(time.Hour)), ValidUntil: stamp(start.Add(2 * time.Hour))})
		offered(t, r, &loyaltyv1.Reward{Id: "club", Cost: 1, SegmentId: "s"})
		choose := func(key, gift string) error {
			_, err := r.TakeReward(t.Context(), &loyaltyv1.TakeRewardRequest{
				Brand: brand, RequestId: key, RewardId: "box", Customer: number(1), ChoiceId: gift, AtOnce: true,
			})
			return err
		}
		for _, wrong := range []string{"", "box"} {
			if err := choose("w"+wrong, wrong); !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
				t.Error(err)
			}
		}
		if err := choose("c1", "tea"); err != nil {
			t.Error(err)
		}
		forbidden(t, choose("c2", "tea"), loyaltyv1.RewardObstacle_RULE_STOCK)
		_, err := take(t, r, "t1", "tea", 1)
		forbidden(t, err, loyaltyv1.RewardObstacle_RULE_STOCK)
		if err := choose("c3", "jam"); err != nil {
			t.Error(err)
		}
		forbidden(t, choose("c4", "jam"), loyaltyv1.RewardObstacle_RULE_TAKEN)
		// Whoever was two is one now, and has had two.
		merge(t, r, 2, 1)
		out, err := r.ExamineReward(t.Context(), &loyaltyv1.ExamineRewardRequest{Brand: brand, RewardId: "box", Customer: number(2)})
		if err != nil || out.GetAllowed() || len(out.GetObstacles()) != 1 || out.GetObstacles()[0].GetRule() != loyaltyv1.RewardObstacle_RULE_TAKEN || out.GetBalance().GetAvailable() != 900 {
			t.Error(out, err)
		}
		_, err = take(t, r, "l1", "later", 1)
		forbidden(t, err, loyaltyv1.RewardObstacle_RULE_VALIDITY)
		c.Add(time.Hour)
		if _, err = take(t, r, "l2", "later", 1); err != nil {
			t.Error(err)
		}
		c.Add(time.Hour)
		_, err = take(t, r, "l3", "later", 1)
		forbidden(t, err, loyaltyv1.RewardObstacle_RULE_VALIDITY)
		// Nobody can tell: that is not kept, and no refusal.
		if _, err := take(t, r, "s1", "club", 1); !fault.Is(err, commonv1.Reason_REASON_UNAVAILABLE) {
			t.Error(err)
		}
		if _, err := take(t, r, "u", "nothing", 1); !fault.Is(err, commonv1.Reason_REASON_REWARD_UNKNOWN) {
			t.Error(err)
		}
	})
}

func merge(t testing.TB, r *replica, from, into int64) {
	t.Helper()
	err := r.server.Tell(t.Context(), brand, &segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_MERGED, Id: from, IntoId: into})
	if err == nil {
		err = r.server.Sync(t.Context(), brand)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever is done to rewards in whatever order, also by two replicas: tables are what the
// log says (each test verifies), and points and pieces go together.
func TestRewardsAtRandom(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		rs := []*replica{newReplica(t, url, c.Now, loyalty.Neighbours{}), newReplica(t, url, c.Now, loyalty.Neighbours{})}
		programme(t, rs[0], club, &loyaltyv1.Lifetime{ExpireMonths: 1})
		offered(t, rs[0], &loyaltyv1.Reward{Id: "cup", Cost: 7, Stock: stock(5)})
		rnd := rand.New(rand.NewPCG(1, 2))
		var ids []string
		for step := range 300 {
			r, key := rs[rnd.IntN(2)], fmt.Sprint("k", rnd.IntN(200))
			who := 1 + rnd.Int64N(4)
			switch rnd.IntN(6) {
			case 0:
				earned(t, r, fmt.Sprint("e", step), who, 1+rnd.Int64N(20), fmt.Sprint("o", step))
			case 1:
				c.Add(time.Duration(rnd.IntN(300)) * time.Minute / 60)
			case 2, 3:
				if out, err := take(t, r, key, "cup", who); err == nil {
					ids = append(ids, out.GetTaken().GetId())
				}
			default:
				if len(ids) == 0 {
					continue
				}
				id := ids[rnd.IntN(len(ids))]
				if rnd.IntN(2) == 0 {
					_, _ = confirm(t, r, key, id)
				} else {
					_, _ = cancel(t, r, key, id)
				}
			}
			if n := gone(t, r, "cup"); n < 0 || n > 5 {
				t.Fatalf("step %d: %d pieces of 5 are gone", step, n)
			}
		}
		verify(t, rs[1])
	})
}

// The points of a reward are held for it alone: nobody spends them, or gives them back,
// behind its back.
func TestHoldOfRewardGoesWithIt(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		earned(t, r, "e", 1, 100, "a")
		offered(t, r, &loyaltyv1.Reward{Id: "cup", Cost: 60, Stock: stock(2)})
		out, err := take(t, r, "t", "cup", 1)
		if err != nil {
			t.Fatal(err)
		}
		id := entries(t, r, 1, 10)[0].GetId()
		for range 2 {
			if _, err := r.Void(t.Context(), &loyaltyv1.VoidRequest{Brand: brand, RequestId: "v", HoldId: id}); !fault.Is(err, commonv1.Reason_REASON_REWARD_FORBIDDEN) {
				t.Errorf("given back: %v", err)
			}
			if _, err := r.Capture(t.Context(), &loyaltyv1.CaptureRequest{Brand: brand, RequestId: "c", HoldId: id}); !fault.Is(err, commonv1.Reason_REASON_REWARD_FORBIDDEN) {
				t.Errorf("spent: %v", err)
			}
		}
		has(t, r, 1, 40, 60, 0, 0)
		if _, err := cancel(t, r, "x", out.GetTaken().GetId()); err != nil {
			t.Error(err)
		}
		has(t, r, 1, 100, 0, 0, 0)
		pieces(t, r, "cup", 0)
	})
}

// However many takings are over and not written down yet, the catalogue leaves them out.
func TestCatalogueLeavesOutAllThatIsOver(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		offered(t, r, &loyaltyv1.Reward{Id: "pass"})
		const takers = 1200
		var wg sync.WaitGroup
		for first := range 20 {
			wg.Go(func() {
				for n := first; n < takers; n += 20 {
					if _, err := take(t, r, fmt.Sprint("t", n), "pass", int64(1+n)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		pieces(t, r, "pass", takers)
		c.Add(time.Hour)
		pieces(t, r, "pass", 0)
	})
}
