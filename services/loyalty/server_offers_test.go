package loyalty_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// promised makes an offer that is valid for ten days.
func promised(t testing.TB, r *replica, in *loyaltyv1.Offer) *loyaltyv1.Offer {
	t.Helper()
	in.ProgrammeId, in.ValidFrom, in.ValidUntil = club, stamp(start.AddDate(0, 0, -1)), stamp(start.AddDate(0, 0, 9))
	out, err := r.UpsertOffer(t.Context(), &loyaltyv1.UpsertOfferRequest{Brand: brand, Offer: in})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetOffer()
}

func sent(t testing.TB, r *replica, id string, received, had int64, customers ...int64) {
	t.Helper()
	in := &loyaltyv1.SendOfferRequest{Brand: brand, OfferId: id}
	for _, n := range customers {
		in.Customers = append(in.Customers, number(n))
	}
	out, err := r.SendOffer(t.Context(), in)
	if err != nil || out.GetReceived() != received || out.GetHad() != had {
		t.Errorf("%v, %v, want %d received and %d had", out, err, received, had)
	}
}

func redeemed(t testing.TB, r *replica, key, id, code string, who int64) (*loyaltyv1.RedeemOfferResponse, error) {
	t.Helper()
	return r.RedeemOffer(t.Context(), &loyaltyv1.RedeemOfferRequest{Brand: brand, RequestId: key, OfferId: id, Code: code, Customer: number(who)})
}

// funnel checks received, viewed, completed, redemptions, persons and persons_completed.
func funnel(t testing.TB, r *replica, id string, want ...int64) {
	t.Helper()
	out, err := r.GetOfferFunnel(t.Context(), &loyaltyv1.GetOfferFunnelRequest{Brand: brand, OfferId: id})
	if err != nil {
		t.Fatal(err)
	}
	f := out.GetTotal()
	got := []int64{f.GetReceived(), f.GetViewed(), f.GetCompleted(), f.GetRedemptions(), f.GetPersons(), f.GetPersonsCompleted()}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("funnel of %q is %v, want %v", id, got, want)
	}
}

// over checks by which rule an offer was refused.
func over(t testing.TB, err error, rule string) {
	t.Helper()
	if !fault.Is(err, commonv1.Reason_REASON_OFFER_FORBIDDEN) || fault.From(err).Meta["rule"] != rule {
		t.Errorf("%v, want %s", err, rule)
	}
}

func TestOfferIsReceivedViewedCompleted(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		promised(t, r, &loyaltyv1.Offer{Id: "spring", Points: 50})
		sent(t, r, "spring", 3, 0, 1, 2, 3, 2)
		sent(t, r, "spring", 1, 2, 1, 2, 4)
		for range 2 {
			out, err := r.ViewOffer(t.Context(), &loyaltyv1.ViewOfferRequest{Brand: brand, OfferId: "spring", Customer: number(1)})
			if err != nil || !out.GetOffer().GetViewedAt().AsTime().Equal(start) {
				t.Error(out, err)
			}
			funnel(t, r, "spring", 4, 1, 0, 0, 4, 0)
			c.Add(time.Hour)
		}
		_, err := r.ViewOffer(t.Context(), &loyaltyv1.ViewOfferRequest{Brand: brand, OfferId: "spring", Customer: number(9)})
		if !fault.Is(err, commonv1.Reason_REASON_OFFER_UNKNOWN) {
			t.Error(err)
		}
		for i := range 2 {
			out, err := redeemed(t, r, "r1", "spring", "", 2)
			if err != nil || out.GetReplayed() != (i == 1) || out.GetOffer().GetMovementId() == "" || out.GetOffer().GetRedemptions() != 1 {
				t.Error(out, err)
			}
		}
		_, err = redeemed(t, r, "r2", "spring", "", 2)
		over(t, err, "completed")
		_, err = redeemed(t, r, "r3", "spring", "", 9)
		over(t, err, "received")
		sent(t, r, "spring", 1, 0, 9)
		_, err = redeemed(t, r, "r3", "spring", "", 9)
		over(t, err, "received")
		has(t, r, 2, 50, 0, 0, 0)
		funnel(t, r, "", 5, 2, 1, 1, 5, 1)
		c.Add(10 * 24 * time.Hour)
		_, err = redeemed(t, r, "r4", "spring", "", 3)
		over(t, err, "over")
	})
}

// Who has an offer under two numbers has it once, whatever each of them did before.
func TestOfferOfTwoWhoAreOne(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		promised(t, r, &loyaltyv1.Offer{Id: "spring", Points: 50})
		promised(t, r, &loyaltyv1.Offer{Id: "autumn", Points: 5, ManyRedemptions: true})
		sent(t, r, "spring", 3, 0, 1, 2, 3)
		sent(t, r, "autumn", 2, 0, 1, 2)
		if _, err := redeemed(t, r, "r1", "spring", "", 1); err != nil {
			t.Error(err)
		}
		if _, err := redeemed(t, r, "a1", "autumn", "", 2); err != nil {
			t.Error(err)
		}
		merge(t, r, 2, 1)
		funnel(t, r, "spring", 2, 1, 1, 1, 2, 1)
		sent(t, r, "spring", 0, 1, 2)
		_, err := redeemed(t, r, "r2", "spring", "", 2)
		over(t, err, "completed")
		out, err := redeemed(t, r, "a2", "autumn", "", 1)
		if err != nil || out.GetOffer().GetRedemptions() != 2 {
			t.Error(out, err)
		}
		has(t, r, 1, 55, 0, 0, 0)
		funnel(t, r, "", 3, 2, 2, 3, 2, 1)
		list, err := r.ListPersonalOffers(t.Context(), &loyaltyv1.ListPersonalOffersRequest{Brand: brand, CustomerId: 2})
		if err != nil || len(list.GetOffers()) != 2 {
			t.Error(list, err)
		}
	})
}

// A coupon is used once, by whoever comes first, and points are given once a person.
func TestCoupons(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		codes := make([]string, 40)
		for i := range codes {
			codes[i] = fmt.Sprint("C", i)
		}
		promised(t, r, &loyaltyv1.Offer{Id: "spring", Points: 10, Codes: codes, ManyRedemptions: true})
		_, err := r.UpsertOffer(t.Context(), &loyaltyv1.UpsertOfferRequest{Brand: brand, Offer: &loyaltyv1.Offer{
			Id: "other", ProgrammeId: club, ValidFrom: stamp(start), ValidUntil: stamp(start.Add(time.Hour)), Codes: []string{"C7"},
		}})
		if !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
			t.Error(err)
		}
		var good atomic.Int64
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				_, err := redeemed(t, r, fmt.Sprint("r", i), "", codes[i%len(codes)], int64(1+i%5))
				if err == nil {
					good.Add(1)
				} else {
					over(t, err, "used")
				}
			})
		}
		all.Wait()
		if good.Load() != int64(len(codes)) {
			t.Errorf("%d coupons of %d were used", good.Load(), len(codes))
		}
		funnel(t, r, "spring", 5, 5, 5, 40, 5, 5)
		for who := range int64(5) {
			has(t, r, who+1, 10, 0, 0, 0)
		}
		if _, err := redeemed(t, r, "x", "", "nope", 1); !fault.Is(err, commonv1.Reason_REASON_OFFER_UNKNOWN) {
			t.Error(err)
		}
		if o := promised(t, r, &loyaltyv1.Offer{Id: "spring", Points: 10, ManyRedemptions: true}); len(o.GetCodes()) != 40 {
			t.Errorf("%d codes stay", len(o.GetCodes()))
		}
		list, err := r.ListOffers(t.Context(), &loyaltyv1.ListOffersRequest{Brand: brand})
		if err != nil || len(list.GetOffers()) != 1 || len(list.GetOffers()[0].GetCodes()) != 0 || list.GetOffers()[0].GetVersion() != 1 {
			t.Errorf("%.300v %v", list, err)
		}
	})
}

func tillEvent(key string, who int64, at time.Time, lines ...*journeyv1.Line) *journeyv1.Event {
	return &journeyv1.Event{
		Source: "till", ExternalId: key, Kind: "purchase", OccurredAt: stamp(at), Lines: lines,
		Actor: &journeyv1.Event_Customer{Customer: number(who)},
	}
}

func tea(amount int64) *journeyv1.Line {
	return &journeyv1.Line{Category: "tea", Amount: &commonv1.Money{Currency: "RUB", MinorUnits: amount}}
}

func milk(amount int64) *journeyv1.Line {
	return &journeyv1.Line{Category: "milk", Amount: &commonv1.Money{Currency: "RUB", MinorUnits: amount}}
}

// Purchases count once, of the right goods, behind the receipt of the offer and while it
// is valid; whichever number of a person buys.
func TestPurchasesCompleteOffers(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		promised(t, r, &loyaltyv1.Offer{Id: "tea", Points: 70, Condition: &loyaltyv1.OfferCondition{
			Spend: &commonv1.Money{Currency: "RUB", MinorUnits: 1000}, Categories: []string{"tea"}, Purchases: 2,
		}})
		promised(t, r, &loyaltyv1.Offer{Id: "any", Points: 1, Condition: &loyaltyv1.OfferCondition{}})
		sent(t, r, "tea", 2, 0, 1, 2)
		sent(t, r, "any", 1, 0, 3)
		merge(t, r, 4, 1)
		day := start.Add(time.Hour)
		log := []*journeyv1.Event{
			tillEvent("early", 1, start.Add(-time.Minute), tea(5000)),
			tillEvent("late", 1, start.AddDate(0, 0, 9), tea(5000)),
			tillEvent("milk", 1, day, milk(5000)),
			tillEvent("one", 1, day, tea(900), milk(900)),
			tillEvent("one", 1, day, tea(900), milk(900)),
			tillEvent("two", 2, day, tea(1000)),
			tillEvent("three", 3, day, milk(1)),
			tillEvent("nobody", 5, day, tea(5000)),
		}
		for range 2 { // the second time everything was seen
			if err := r.server.Buy(t.Context(), brand, log); err != nil {
				t.Fatal(err)
			}
			c.Add(time.Minute)
		}
		has(t, r, 1, 0, 0, 0, 0)
		has(t, r, 3, 1, 0, 0, 0)
		log = append(log, tillEvent("four", 4, day, tea(100)), tillEvent("five", 1, day, tea(100)), tillEvent("one", 1, day, tea(900)))
		if err := r.server.Buy(t.Context(), brand, log); err != nil {
			t.Fatal(err)
		}
		has(t, r, 1, 70, 0, 0, 0)
		has(t, r, 2, 0, 0, 0, 0)
		list, err := r.ListPersonalOffers(t.Context(), &loyaltyv1.ListPersonalOffersRequest{Brand: brand, CustomerId: 4})
		if err != nil || len(list.GetOffers()) != 1 || list.GetOffers()[0].GetSpent() != 1100 || list.GetOffers()[0].GetPurchases() != 3 || list.GetOffers()[0].GetCompletedAt() == nil {
			t.Error(list, err)
		}
		funnel(t, r, "", 3, 2, 2, 0, 3, 2)
	})
}

// What comes back counts no more: an offer whose condition is no longer met is open again,
// and its points go; further purchases complete it anew.
func TestReturnsTakeOffersBack(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		promised(t, r, &loyaltyv1.Offer{Id: "tea", Points: 70, Condition: &loyaltyv1.OfferCondition{
			Spend: &commonv1.Money{Currency: "RUB", MinorUnits: 1000}, Categories: []string{"tea"},
		}})
		sent(t, r, "tea", 2, 0, 1, 2)
		at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
		deal := func(kind, order string, e *journeyv1.Event) *journeyv1.Event {
			e.Kind, e.OrderId = kind, order
			return e
		}
		pot := func(pieces, price int64) *journeyv1.Line {
			l := tea(pieces * price)
			l.Sku, l.QuantityMilli = "pot", 1000*pieces
			return l
		}
		var log []*journeyv1.Event
		tell := func(completed bool, spent int64, purchases int32, points, owed int64, events ...*journeyv1.Event) {
			t.Helper()
			log = append(log, events...)
			for range 2 {
				if err := r.server.Buy(t.Context(), brand, log); err != nil {
					t.Fatal(err)
				}
				c.Add(time.Minute)
			}
			list, err := r.ListPersonalOffers(t.Context(), &loyaltyv1.ListPersonalOffersRequest{Brand: brand, CustomerId: 1})
			if err != nil || len(list.GetOffers()) != 1 {
				t.Fatal(list, err)
			}
			o := list.GetOffers()[0]
			if o.GetSpent() != spent || o.GetPurchases() != purchases || (o.GetCompletedAt() != nil) != completed || (o.GetMovementId() != "") != completed {
				t.Errorf("%v, want %d by %d purchases, completed: %v", o, spent, purchases, completed)
			}
			has(t, r, 1, points, 0, 0, owed)
			verify(t, r)
		}
		tell(true, 1200, 1, 70, 0, deal("purchase", "a", tillEvent("1", 1, at(1), pot(3, 400), milk(900))))
		// Milk never counted; nor does what somebody else brings back, or what was not bought.
		tell(true, 1200, 1, 70, 0, deal("return", "", tillEvent("2", 1, at(2), milk(900))), deal("return", "", tillEvent("3", 2, at(2), pot(1, 400))))
		tell(false, 800, 1, 0, 0, deal("return", "", tillEvent("4", 1, at(3), pot(1, 400))), deal("return", "", tillEvent("4", 1, at(3), pot(1, 400))))
		tell(true, 1100, 2, 70, 0, deal("purchase", "b", tillEvent("5", 1, at(4), pot(1, 300))))
		funnel(t, r, "tea", 2, 1, 1, 0, 2, 1)
		if _, err := redeem(t, r, "gone", 1, 50, "p"); err != nil {
			t.Fatal(err)
		}
		cancelled := deal("order.cancelled", "a", tillEvent("6", 1, at(5)))
		cancelled.Actor = nil
		tell(false, 300, 1, 0, 50, cancelled)
		funnel(t, r, "tea", 2, 0, 0, 0, 2, 0)
		tell(true, 1300, 2, 20, 0, deal("purchase", "c", tillEvent("7", 1, at(6), pot(1, 1000))))
		if err := r.server.Rebuild(t.Context(), brand); err != nil {
			t.Fatal(err)
		}
		verify(t, r)
	})
}

// Points of an offer that was redeemed with an order go back with it; the coupon is used.
func TestReversedOrderTakesPointsOfItsCoupon(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		promised(t, r, &loyaltyv1.Offer{Id: "spring", Points: 30, Codes: []string{"S1"}})
		out, err := r.RedeemOffer(t.Context(), &loyaltyv1.RedeemOfferRequest{Brand: brand, RequestId: "r", Code: "S1", Customer: number(1), OrderId: "a"})
		if err != nil || out.GetOffer().GetMovementId() == "" {
			t.Fatal(out, err)
		}
		earned(t, r, "e", 1, 100, "a")
		in := &loyaltyv1.ReverseRequest{Brand: brand, RequestId: "l", ProgrammeId: club, Customer: number(1), Origin: &loyaltyv1.Origin{OrderId: "a", LineId: "1"}}
		if _, err := r.Reverse(t.Context(), in); !fault.Is(err, commonv1.Reason_REASON_NOTHING_TO_REVERSE) {
			t.Errorf("an offer's points are of no line: %v", err)
		}
		has(t, r, 1, 130, 0, 0, 0)
		if _, err := reverse(t, r, "o", 1, "a", 0, 0); err != nil {
			t.Fatal(err)
		}
		has(t, r, 1, 0, 0, 0, 0)
		_, err = redeemed(t, r, "again", "", "S1", 1)
		over(t, err, "used")
	})
}
