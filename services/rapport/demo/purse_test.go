package demo

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// moved are requests that move points by their key.
func moved[T interface {
	proto.Message
	GetRequestId() string
}](t *testing.T, out map[string]string, all func(func(T) bool)) {
	t.Helper()
	for in := range all {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if out[in.GetRequestId()] != "" {
			t.Fatalf("%s is given twice", in.GetRequestId())
		}
		out[in.GetRequestId()] = string(b)
	}
}

// In pieces members spend what they spend as a whole, wherever it is cut.
func TestSpendingInPieces(t *testing.T) {
	end := anchor.Add(20 * time.Hour)
	spend := func(seed int64, cuts ...time.Time) map[string]string {
		w, out, from := world(seed, 60, 3000, 140), map[string]string{}, time.Time{}
		for _, cut := range append(cuts, end) {
			moved(t, out, w.Spends(from, cut))
			moved(t, out, w.Bonuses(from, cut))
			from = cut
		}
		return out
	}
	whole := spend(7)
	pieces := spend(7, anchor.AddDate(0, 0, -97), anchor.AddDate(0, 0, -41).Add(13*time.Hour+7*time.Second), anchor.AddDate(0, 0, -1), anchor)
	if len(whole) < 300 || len(whole) != len(pieces) {
		t.Fatalf("%d as a whole, %d in pieces", len(whole), len(pieces))
	}
	for key, b := range whole {
		if pieces[key] != b {
			t.Fatalf("%s is another one in pieces", key)
		}
	}
	other := spend(8)
	for key, b := range whole {
		if other[key] == b {
			t.Fatalf("%s is the same with another seed", key)
		}
	}
}

// Nobody spends more than purchases of days before earned, or than may be paid of a
// receipt, or before the club opened.
func TestNobodySpendsMoreThanEarned(t *testing.T) {
	w, end := world(3, 60, 6000, 140), anchor.Add(20*time.Hour)
	spent := map[string]*loyaltyv1.RedeemRequest{}
	var sum, all int64
	for r := range w.Spends(time.Time{}, end) {
		spent[r.GetRequestId()], sum = r, sum+r.GetPoints()
		if r.GetPoints() < fewest || r.GetPoints()*pointPays*10_000 > r.GetReceipt()*payable || r.GetOccurredAt().AsTime().Before(w.clubFrom()) {
			t.Fatalf("%v", r)
		}
	}
	n, has := len(spent), map[int64]int64{}
	for day := w.first; !day.After(end); day = day.AddDate(0, 0, 1) {
		earned := map[int64]int64{}
		for key, e := range w.on(day) {
			if e.customer > 0 && e.outcome == fulfilled && !e.at.Before(w.clubFrom()) && !e.at.After(end) {
				earned[e.customer] += int64(pointsOf(w.receipt(key, e)))
			}
			if r := spent["demo.spend."+e.number]; r != nil {
				delete(spent, r.GetRequestId())
				if has[e.customer] -= r.GetPoints(); has[e.customer] < 0 || !proto.Equal(r.GetCustomer(), w.known(e)) {
					t.Fatalf("customer %d has %d after %v", e.customer, has[e.customer], r)
				}
			}
		}
		for who, points := range earned {
			has[who], all = has[who]+points, all+points
		}
	}
	if share := float64(sum) / float64(all); n < 500 || len(spent) != 0 || share < 0.05 || share > 0.3 {
		t.Errorf("%d redemptions, %d of nobody, spend %.2f of what is earned", n, len(spent), share)
	}
}

// What the demo waits for is told: the last purchase before a moment.
func TestLastEarning(t *testing.T) {
	w, end := world(5, 40, 2000, 60), anchor.Add(15*time.Hour)
	var last *journeyv1.Event
	for e := range w.Events(time.Time{}, end) {
		if e.GetKind() == kindPurchase && e.GetActor() != nil && pointsOf(e.GetLines()) > 0 {
			last = e
		}
	}
	who, at := w.lastEarning(end)
	if !proto.Equal(who, last.GetCustomer()) || !at.Equal(last.GetOccurredAt().AsTime()) {
		t.Errorf("%v at %s, want %v", who, at, last)
	}
}

// The club's own rules hold together: gifts of choice are there, tiers that are named too.
func TestClubIsWhole(t *testing.T) {
	w := world(1, 10, 500, 30)
	tiers, gifts := map[string]bool{}, map[string]loyaltyv1.Reward_Kind{}
	for _, tier := range w.Programme().GetTiers().GetTiers() {
		tiers[tier.GetName()] = true
	}
	for _, r := range w.Rewards() {
		gifts[r.GetId()] = r.GetKind()
		for _, name := range r.GetTiers() {
			if !tiers[name] {
				t.Errorf("%s is for %q", r.GetId(), name)
			}
		}
		for _, id := range r.GetChoices() {
			if gifts[id] != loyaltyv1.Reward_KIND_GIFT {
				t.Errorf("%s lets choose %q", r.GetId(), id)
			}
		}
	}
	for _, c := range w.campaigns() {
		if !c.offer.GetValidFrom().AsTime().Before(c.offer.GetValidUntil().AsTime()) || c.sent.Before(w.clubFrom()) || len(w.receivers(c)) == 0 {
			t.Errorf("offer %s is sent on %s to %d", c.offer.GetId(), c.sent, len(w.receivers(c)))
		}
	}
}
