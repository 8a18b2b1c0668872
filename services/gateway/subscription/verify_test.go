package subscription_test

import (
	"fmt"
	"testing"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/gateway/subscription"
)

// Whatever happened, what is stored is what the facts come to; what was changed by hand
// is found, and mended.
func TestVerify(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		w, store := newWorld(t, db), subscription.NewStore(db)
		var ids []string
		for i := range 6 {
			ids = append(ids, w.create(t, daily(fmt.Sprintf("p%d@example.com", i))).GetId())
		}
		w.clock.move(10 * time.Minute)
		w.post.do(func(stage, to string) error {
			if stage == "rcpt" && to == "p3@example.com" {
				return errCut
			}
			return nil
		})
		w.deliver(t)
		_, err := w.DeleteSubscription(t.Context(), &reportv1.DeleteSubscriptionRequest{Brand: demo, SubscriptionId: ids[0]})
		must(t, err)
		paused := stateOf(t, w.node, ids[1])
		paused.Paused = true
		_, err = w.UpdateSubscription(t.Context(), &reportv1.UpdateSubscriptionRequest{Brand: demo, Subscription: paused})
		must(t, err)
		verified := func() (n, drift int) {
			n, err := store.Verify(t.Context(), demo, func(floor.Drift) { drift++ })
			must(t, err)
			return n, drift
		}
		if n, drift := verified(); n != 5+6 || drift != 0 {
			t.Fatalf("%d examined, %d differ", n, drift)
		}
		must(t, db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for _, spoil := range []string{
				"UPDATE delivery SET status = 3 WHERE subscription = '" + ids[2] + "'", "DELETE FROM delivery WHERE subscription = '" + ids[3] + "'", "DELETE FROM subscription WHERE id = '" + ids[4] + "'",
			} {
				if _, err := tx.Exec(t.Context(), spoil); err != nil {
					return err
				}
			}
			return nil
		}))
		if _, drift := verified(); drift != 3 {
			t.Errorf("%d differ", drift)
		}
		must(t, store.Rebuild(t.Context(), demo, w.clock.now()))
		if n, drift := verified(); n != 5+6 || drift != 0 {
			t.Errorf("rebuilt: %d examined, %d differ", n, drift)
		}
		w.post.do(nil)
		if n := w.deliver(t); n != 1 {
			t.Errorf("%d attempts at what was pending", n)
		}
		if got := stateOf(t, w.node, ids[4]); !got.GetNextAt().AsTime().Equal(monday.Add(24*time.Hour + 10*time.Minute)) {
			t.Error(got)
		}
	})
}
