package loyalty_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// Whoever kills the server under callers who take rewards and redeem coupons: each key has
// had its effect once or not at all, pieces and points go together, and asking again says
// which.
func TestKilledServerKeepsRewardsAndOffers(t *testing.T) {
	const callers, each, there = 8, 40, 150
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		data := t.TempDir()
		p := startProcess(t, data, url)
		r := &replica{LoyaltyServiceClient: p}
		now := time.Now()
		programme(t, r, club, &loyaltyv1.Lifetime{})
		offered(t, r, &loyaltyv1.Reward{Id: "cup", Cost: 10, Stock: stock(there)})
		_, err := r.UpsertOffer(t.Context(), &loyaltyv1.UpsertOfferRequest{Brand: brand, Offer: &loyaltyv1.Offer{
			Id: "spring", ProgrammeId: club, ValidFrom: stamp(now.Add(-time.Hour)), ValidUntil: stamp(now.Add(24 * time.Hour)), ManyRedemptions: true, Points: 7,
		}})
		if err != nil {
			t.Fatal(err)
		}
		sent(t, r, "spring", callers, 0, 1, 2, 3, 4, 5, 6, 7, 8)
		for who := range int64(callers) {
			earned(t, r, fmt.Sprint("e", who), who+1, 10*each, "a")
		}
		act := func(r *replica, who, i int64) (bool, error) {
			if i%4 == 3 {
				out, err := redeemed(t, r, fmt.Sprint("o", who, "/", i), "spring", "", who)
				return out.GetReplayed(), err
			}
			out, err := r.TakeReward(t.Context(), &loyaltyv1.TakeRewardRequest{
				Brand: brand, RequestId: fmt.Sprint("t", who, "/", i), RewardId: "cup", Customer: number(who), AtOnce: i%2 == 0,
			})
			return out.GetReplayed(), err
		}
		acked, many := sync.Map{}, make(chan struct{})
		var n atomic.Int64
		var all sync.WaitGroup
		for who := int64(1); who <= callers; who++ {
			all.Go(func() {
				for i := range int64(each) {
					if _, err := act(r, who, i); err == nil {
						acked.Store([2]int64{who, i}, true)
					} else if fault.Retryable(err) {
						return // it was killed
					}
					if n.Add(1) == callers*each/3 {
						close(many)
					}
				}
			})
		}
		<-many
		p.kill()
		all.Wait()
		recount(t, data, url)
		p = startProcess(t, data, url)
		r = &replica{LoyaltyServiceClient: p}
		got := int64(0)
		for who := int64(1); who <= callers; who++ {
			for i := range int64(each) {
				replayed, err := act(r, who, i)
				if _, known := acked.Load([2]int64{who, i}); known && (err != nil || !replayed) {
					t.Errorf("call %d of %d was acknowledged, and is not there: %v", i, who, err)
				}
				if err == nil && i%4 != 3 {
					got++
				}
			}
		}
		pieces(t, r, "cup", got)
		if got != there {
			t.Errorf("%d takings of %d", got, there)
		}
		funnel(t, r, "spring", callers, callers, callers, callers*each/4, callers, callers)
		p.kill()
		rebuild(t, data, url)
		recount(t, data, url)
	})
}

// rebuild makes all tables anew from the log.
func rebuild(t *testing.T, data, db string) {
	t.Helper()
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	u, err := loyalty.OpenUpkeep(t.Context(), floor.Config{DB: db, Data: data}, loyalty.Config{}, brands, quiet)
	if err == nil {
		err = errors.Join(u.Rebuild(t.Context(), brand, func(int, int) {}), u.Close(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
}
