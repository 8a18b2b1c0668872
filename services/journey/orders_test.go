package journey_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// ofOrder is a step of an order.
func ofOrder(order, kind string, before time.Duration) *journeyv1.Event {
	e := happened(order+kind, kind, before)
	e.OrderId = order
	return e
}

// watched follows a brand's log from its beginning.
type watched struct {
	stream journeyv1.JourneyService_WatchEventsClient
	// outcomes are the newest ones, told how often each order changed.
	outcomes map[string]*journeyv1.OrderOutcome
	changes  map[string]int
	resolved map[string]*journeyv1.Event
}

func watch(t *testing.T, r *replica) *watched {
	t.Helper()
	stream, err := r.WatchEvents(t.Context(), &journeyv1.WatchEventsRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	return &watched{stream, map[string]*journeyv1.OrderOutcome{}, map[string]int{}, map[string]*journeyv1.Event{}}
}

// until reads on until done holds.
func (w *watched) until(t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		got, err := w.stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range got.GetFacts() {
			if o := f.GetOutcome(); o != nil {
				w.outcomes[o.GetOrderId()] = o
				w.changes[o.GetOrderId()]++
			}
			if e := f.GetResolved(); e != nil {
				w.resolved[e.GetId()] = e
			}
		}
	}
}

func TestOutcomes(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		w := watch(t, r)
		placed := ofOrder("o1", "order.placed", 50*time.Hour)
		placed.PromisedAt, placed.Channel = stamp(start.Add(-20*time.Hour)), commonv1.Channel_CHANNEL_COURIER
		put(t, r, placed, happened("x", "visit", time.Hour))
		w.until(t, func() bool { return w.outcomes["o1"].GetStatus() == journeyv1.OrderOutcome_STATUS_OPEN })
		delivered := ofOrder("o1", "order.delivered", 10*time.Hour)
		delivered.Subjects = []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_COURIER, Id: "c1"}}
		put(t, r, delivered)
		w.until(t, func() bool { return w.outcomes["o1"].GetStatus() == journeyv1.OrderOutcome_STATUS_ARRIVED })
		// The promise was moved before that, which is told last.
		moved := ofOrder("o1", "order.approved", 30*time.Hour)
		moved.PromisedAt = stamp(start.Add(-5 * time.Hour))
		put(t, r, moved)
		w.until(t, func() bool { return !w.outcomes["o1"].GetLate() })
		want := &journeyv1.OrderOutcome{
			OrderId: "o1", Status: journeyv1.OrderOutcome_STATUS_ARRIVED, Late: proto.Bool(false), CustomerId: 7,
			PlacedAt: placed.GetOccurredAt(), PromisedAt: moved.GetPromisedAt(), EndedAt: delivered.GetOccurredAt(),
			Channel: commonv1.Channel_CHANNEL_COURIER, Subjects: []*commonv1.SubjectRef{store("s1"), delivered.GetSubjects()[0]},
		}
		if diff := cmp.Diff(want, w.outcomes["o1"], protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		if w.changes["o1"] != 3 {
			t.Errorf("%d outcomes were told", w.changes["o1"])
		}
		verify(t, r)
	})
}

// verify tells of everything that is not as the log says.
func verify(t *testing.T, r *replica) {
	t.Helper()
	n, drifts, err := r.server.Verify(t.Context(), brand)
	if err != nil || len(drifts) > 0 {
		t.Errorf("verify: %d examined, drifts %v, %v", n, drifts, err)
	}
}

// history is a brand's random past: orders and customers, no two events of one
// order or customer at one time.
func history(r *rand.Rand) []*journeyv1.Event {
	kinds := []string{
		"order.placed", "order.approved", "order.shipped", "order.delivered", "order.failed", "order.partial",
		"order.cancelled.shop", "order.not_collected", "contact", "purchase",
	}
	var all []*journeyv1.Event
	for i := range 60 {
		e := happened(fmt.Sprint(i), kinds[r.IntN(len(kinds))], time.Duration(r.IntN(200))*time.Hour+time.Duration(i)*time.Second)
		e.Actor = byNumber(int64(1 + r.IntN(3)))
		if r.IntN(3) > 0 {
			e.OrderId = fmt.Sprint("o", r.IntN(6))
		}
		if r.IntN(4) == 0 {
			e.PromisedAt = stamp(start.Add(-time.Duration(r.IntN(200)) * time.Hour))
		}
		all = append(all, e)
	}
	return all
}

func TestAnyOrderOfArrivalGivesTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	all := history(random)
	var lines map[int64]string
	var outcomes map[string]*journeyv1.OrderOutcome
	for range 3 {
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		each(t, func(t *testing.T, r *replica, _ *clock) {
			rest := all
			for len(rest) > 0 {
				n := min(len(rest), 1+random.IntN(9))
				put(t, r, rest[:n]...)
				rest = rest[n:]
			}
			gotLines := map[int64]string{}
			for who := int64(1); who <= 3; who++ {
				gotLines[who] = names(line(t, r, &journeyv1.ListJourneyRequest{CustomerId: who, PageSize: 4}))
			}
			w := watch(t, r)
			// Outcomes are told in the order of the log, then of orders' ids: this is the last.
			put(t, r, ofOrder("zz", "order.placed", 0))
			w.until(t, func() bool { return w.outcomes["zz"] != nil })
			delete(w.outcomes, "zz")
			if lines == nil {
				lines, outcomes = gotLines, w.outcomes
			}
			if diff := cmp.Diff(lines, gotLines); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(outcomes, w.outcomes, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
			verify(t, r)
		})
	}
}

func TestVerifyFindsWhatWasSpoilt(t *testing.T) {
	for what, query := range map[string]string{
		"an event is gone":   "DELETE FROM order_event WHERE seq = 1",
		"all of it is gone":  "DELETE FROM order_event",
		"another customer":   "UPDATE order_state SET who = 9",
		"an outcome is gone": "DELETE FROM order_state",
		"a lost identity":    "INSERT INTO sealed_identity (brand, seq, sealed) VALUES ('demo', 1, 'x')",
		// Its place in the log stays: followers that stand there are not to stop over it.
		"an outcome too many": "UPDATE fact SET kind = 99 WHERE kind = 3",
		"an order of nothing": "INSERT INTO order_state (brand, order_id, number, seq, day, who, data) VALUES ('demo', 'zzz', 1, 1, 1, 1, 'x')",
	} {
		each(t, func(t *testing.T, r *replica, _ *clock) {
			w := watch(t, r)
			put(t, r, ofOrder("o1", "order.placed", time.Hour))
			w.until(t, func() bool { return w.outcomes["o1"] != nil })
			verify(t, r)
			if err := r.server.Exec(t.Context(), query); err != nil {
				t.Fatal(err)
			}
			if _, drifts, err := r.server.Verify(t.Context(), brand); err != nil || len(drifts) == 0 {
				t.Errorf("%s: %v, %v", what, drifts, err)
			}
		})
	}
}

func TestRebuild(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		w := watch(t, r)
		put(t, r, ofOrder("o1", "order.placed", time.Hour), ofOrder("o2", "order.placed", time.Hour))
		w.until(t, func() bool { return w.outcomes["o2"] != nil })
		for _, query := range []string{"DELETE FROM order_event WHERE order_id = 'o1'", "DELETE FROM order_state"} {
			if err := r.server.Exec(t.Context(), query); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.server.Rebuild(t.Context(), brand); err != nil {
			t.Fatal(err)
		}
		verify(t, r)
		put(t, r, ofOrder("o1", "order.delivered", 0))
		w.until(t, func() bool { return w.outcomes["o1"].GetStatus() == journeyv1.OrderOutcome_STATUS_ARRIVED })
		if w.changes["o1"] != 2 || w.changes["o2"] != 1 {
			t.Errorf("told %v", w.changes)
		}
		verify(t, r)
	})
}
