package gateway_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// clubbed fills a suite with a club and its members: they bought, spent points, took
// rewards and got offers; member 1 of them did a little of everything. Others bought
// without a card. It returns the members' numbers.
func (s *suite) clubbed(t *testing.T) []int64 {
	t.Helper()
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ids := s.people(t)
	titles := func(ru, en string) map[string]string { return map[string]string{"ru": ru, "en": en} }
	day := func(back int) *timestamppb.Timestamp { return stamp(noon.AddDate(0, 0, -back)) }
	must(s.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: &loyaltyv1.Programme{
		Id: "club", Titles: titles("Клуб <b>друзей</b>", "Club of <b>friends</b>"), EffectiveFrom: day(300),
		Lifetime: &loyaltyv1.Lifetime{ExpireMonths: 12, ExpireEndOf: commonv1.Grain_GRAIN_MONTH},
		Tiers: &loyaltyv1.TierRules{Basis: loyaltyv1.TierRules_BASIS_EARNED, WindowDays: 60, Tiers: []*loyaltyv1.Tier{
			{Name: "guest", Titles: titles("Гость", "Guest")}, {Name: "friend", Titles: titles("Друг", "Friend"), Threshold: 400, MultiplierBp: 12_500},
			{Name: "family", Titles: titles("Семья", "Family"), Threshold: 900, MultiplierBp: 15_000},
		}},
		Spending: &loyaltyv1.SpendingRules{PointValue: 100},
	}}))
	channels := []commonv1.Channel{commonv1.Channel_CHANNEL_STORE, commonv1.Channel_CHANNEL_COURIER, commonv1.Channel_CHANNEL_WEB}
	for i, id := range ids[:30] {
		who := &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
		for n := range 2 + i%5 {
			at := 5 + 29*n + i
			order := &loyaltyv1.Origin{OrderId: fmt.Sprintf("o%d-%d", i, n), LineId: "1", Channel: channels[(i+n)%3], Subjects: []*commonv1.SubjectRef{store("101")}}
			must(s.Earn(ctx, &loyaltyv1.EarnRequest{
				Brand: brand, RequestId: fmt.Sprintf("e%d-%d", i, n), ProgrammeId: "club", Customer: who, Points: int64(150 + 20*(i%9)), Spent: 150_000, OccurredAt: day(at), Origin: order,
			}))
			if n == 0 && i%2 == 0 {
				must(s.Redeem(ctx, &loyaltyv1.RedeemRequest{
					Brand: brand, RequestId: fmt.Sprintf("r%d", i), ProgrammeId: "club", Customer: who, Points: int64(40 + i), OccurredAt: day(4 + i%3),
					Origin: &loyaltyv1.Origin{OrderId: fmt.Sprintf("s%d", i), Channel: channels[i%3]},
				}))
			}
		}
		if i%3 == 0 {
			must(s.Earn(ctx, &loyaltyv1.EarnRequest{
				Brand: brand, RequestId: fmt.Sprintf("b%d", i), ProgrammeId: "club", Customer: who, Points: 30, OccurredAt: day(45), ExpiresAt: day(15), Reason: "A bonus <i>to come back</i>",
			}))
		}
	}
	s.enjoyed(t, ids)
	must(s.Expire(ctx, &loyaltyv1.ExpireRequest{Brand: brand}))
	s.shopped(t, ids)
	return ids
}

// enjoyed are the offers and rewards of the club.
func (s *suite) enjoyed(t *testing.T, ids []int64) {
	t.Helper()
	ctx := t.Context()
	ref := func(i int) *commonv1.CustomerRef {
		return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: ids[i]}}
	}
	err := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	back := func(days int) *timestamppb.Timestamp { return stamp(noon.AddDate(0, 0, -days)) }
	err(s.UpsertReward(ctx, &loyaltyv1.UpsertRewardRequest{Brand: brand, Reward: &loyaltyv1.Reward{
		Id: "mug", ProgrammeId: "club", Titles: map[string]string{"ru": "Кружка", "en": "Mug"}, Kind: loyaltyv1.Reward_KIND_GIFT, Cost: 50, Stock: proto.Int64(10),
	}}))
	err(s.UpsertReward(ctx, &loyaltyv1.UpsertRewardRequest{Brand: brand, Reward: &loyaltyv1.Reward{
		Id: "lounge", ProgrammeId: "club", Titles: map[string]string{"ru": "Зал ожидания", "en": "Lounge"}, Kind: loyaltyv1.Reward_KIND_PRIVILEGE, Tiers: []string{"friend", "family"},
	}}))
	for i := range 4 {
		err(s.TakeReward(ctx, &loyaltyv1.TakeRewardRequest{Brand: brand, RequestId: fmt.Sprint("t", i), RewardId: "mug", Customer: ref(i), AtOnce: i != 1, Seconds: 3600}))
	}
	err(s.UpsertOffer(ctx, &loyaltyv1.UpsertOfferRequest{Brand: brand, Offer: &loyaltyv1.Offer{
		Id: "twice", ProgrammeId: "club", Titles: map[string]string{"ru": "Вдвое", "en": "Twice"}, ValidFrom: back(20), ValidUntil: stamp(noon.AddDate(0, 0, 10)), Points: 25,
	}}))
	var all []*commonv1.CustomerRef
	for i := range 24 {
		all = append(all, ref(i))
	}
	err(s.SendOffer(ctx, &loyaltyv1.SendOfferRequest{Brand: brand, OfferId: "twice", Customers: all, ReceivedAt: back(19)}))
	for i := range 14 {
		err(s.ViewOffer(ctx, &loyaltyv1.ViewOfferRequest{Brand: brand, OfferId: "twice", Customer: ref(i), ViewedAt: back(12)}))
	}
	for i := range 6 {
		err(s.RedeemOffer(ctx, &loyaltyv1.RedeemOfferRequest{Brand: brand, RequestId: fmt.Sprint("c", i), OfferId: "twice", Customer: ref(i), RedeemedAt: back(3)}))
	}
	err(s.Hold(ctx, &loyaltyv1.HoldRequest{Brand: brand, RequestId: "h", ProgrammeId: "club", Customer: ref(1), Points: 20, Seconds: 7200, Origin: &loyaltyv1.Origin{OrderId: "basket"}}))
	err(s.Reverse(ctx, &loyaltyv1.ReverseRequest{Brand: brand, RequestId: "v", ProgrammeId: "club", Customer: ref(1), Origin: &loyaltyv1.Origin{OrderId: "o1-2"}, Reason: "Broken"}))
	err(s.Transfer(ctx, &loyaltyv1.TransferRequest{Brand: brand, RequestId: "x", ProgrammeId: "club", From: ref(1), To: ref(2), Points: 15, Reason: "A gift"}))
}

// shopped are purchases of members and of others, until Loyalty knows of them.
func (s *suite) shopped(t *testing.T, ids []int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var events []*journeyv1.Event
	for i, id := range ids {
		for n := range 2 + i%3 {
			events = append(events, &journeyv1.Event{
				Source: "till", ExternalId: fmt.Sprintf("p%d-%d", i, n), Kind: "purchase", OccurredAt: stamp(noon.AddDate(0, 0, -3-25*n-i)),
				Actor:  &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}},
				Amount: &commonv1.Money{Currency: "RUB", MinorUnits: int64(90_000 + 1000*i)},
			})
		}
	}
	s.record(t, events)
	for {
		got, err := s.GetLoyaltyImpact(ctx, &loyaltyv1.GetLoyaltyImpactRequest{Brand: brand, ProgrammeId: "club"})
		if err != nil {
			t.Fatal(err)
		}
		if lines := got.GetAgainstOthers(); len(lines) > 1 && lines[1].GetNBase()+lines[1].GetN() == int64(len(events)) {
			return
		}
	}
}
