package demo

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// ProgrammeID is the chain's programme.
const ProgrammeID = "club"

const (
	// perPoint earns a point, pointPays is what a point pays; in minor units.
	perPoint  = 20_00
	pointPays = 1_00
	// payable is how much of a receipt points pay at most, in basis points; fewest is how
	// many must be spent at once.
	payable = 3000
	fewest  = 20
	// bonusPoints are given to some each month, and end after bonusDays.
	bonusPoints = 50
	bonusDays   = 30
)

// clubFrom is the day that the club opened on: a fifth of the history lies before it, when
// people bought and earned nothing.
func (w *World) clubFrom() time.Time { return w.first.AddDate(0, 0, w.opts.Days/5) }

// Programme is a club of three tiers: who bought for more in three months earns more.
func (w *World) Programme() *loyaltyv1.Programme {
	return &loyaltyv1.Programme{
		Id: ProgrammeID, Titles: titles("Клуб покупателей", "Shoppers' club"), FromJourney: true, EffectiveFrom: timestamppb.New(w.clubFrom()),
		Lifetime: &loyaltyv1.Lifetime{ExpireMonths: 12, ExpireEndOf: commonv1.Grain_GRAIN_MONTH},
		Earning: []*loyaltyv1.EarningRule{
			{Name: "every-purchase", Points: 1, PerMinorUnits: perPoint, WithTier: true},
			{Name: "for-the-home", Categories: []string{"household", "kitchenware"}, Points: 1, PerMinorUnits: perPoint, CapPerPurchase: 200},
		},
		Tiers: &loyaltyv1.TierRules{
			Basis: loyaltyv1.TierRules_BASIS_SPENT, WindowDays: 90, GraceDays: 14, OneStepDown: true,
			Tiers: []*loyaltyv1.Tier{
				{Name: "guest", Titles: titles("Гость", "Guest")},
				{Name: "friend", Titles: titles("Друг", "Friend"), Threshold: 5_000_00, MultiplierBp: 12_500},
				{Name: "family", Titles: titles("Семья", "Family"), Threshold: 15_000_00, MultiplierBp: 15_000},
			},
		},
		Spending: &loyaltyv1.SpendingRules{PointValue: pointPays, MaxShareBp: payable, MinPoints: fewest},
	}
}

// Rewards are what members take for points, or for their tier.
func (w *World) Rewards() []*loyaltyv1.Reward {
	gift := func(id, ru, en string, cost, stock int64) *loyaltyv1.Reward {
		return &loyaltyv1.Reward{Id: id, ProgrammeId: ProgrammeID, Titles: titles(ru, en), Kind: loyaltyv1.Reward_KIND_GIFT, Cost: cost, Stock: proto.Int64(stock)}
	}
	return []*loyaltyv1.Reward{
		gift("apron", "Фартук", "Apron", 150, 40), gift("mug", "Кружка", "Mug", 120, 30), gift("tea-set", "Чайный набор", "Tea set", 180, 25),
		{
			Id: "kitchen-gift", ProgrammeId: ProgrammeID, Titles: titles("Подарок для кухни на выбор", "A gift for the kitchen, of choice"),
			Kind: loyaltyv1.Reward_KIND_CHOICE, Cost: 110, Choices: []string{"apron", "mug"}, PerPerson: 2,
		},
		{
			Id: "free-delivery", ProgrammeId: ProgrammeID, Titles: titles("Бесплатная доставка", "Free delivery"),
			Kind: loyaltyv1.Reward_KIND_PRIVILEGE, Tiers: []string{"friend", "family"}, PerPerson: 1,
		},
		{
			Id: "tasting", ProgrammeId: ProgrammeID, Titles: titles("Дегустация для семьи", "A tasting for the family tier"),
			Kind: loyaltyv1.Reward_KIND_PRIVILEGE, Tiers: []string{"family"}, Stock: proto.Int64(20), PerPerson: 1,
		},
	}
}

// campaign is an offer and whom it is sent to.
type campaign struct {
	offer *loyaltyv1.Offer
	// sent is when; share is how many of the customers get it, trait who they are.
	sent  time.Time
	share float64
	trait uint64
	// seen and used are the shares of those that look at it and use its coupon.
	seen, used float64
}

// mostSent bounds who gets an offer.
const mostSent = 4000

// campaigns are the offers of the history, the oldest first.
func (w *World) campaigns() []campaign {
	back := func(days int) time.Time {
		day := w.opts.Anchor.AddDate(0, 0, -days)
		if from := w.clubFrom(); day.Before(from) {
			return from
		}
		return day
	}
	money := func(minor int64) *commonv1.Money {
		return &commonv1.Money{Currency: w.opts.Currency, MinorUnits: minor}
	}
	offer := func(id, ru, en string, from, until time.Time, points int64, do *loyaltyv1.OfferCondition) *loyaltyv1.Offer {
		return &loyaltyv1.Offer{
			Id: id, ProgrammeId: ProgrammeID, Titles: titles(ru, en), ValidFrom: timestamppb.New(from), ValidUntil: timestamppb.New(until), Points: points, Condition: do,
		}
	}
	coffee := offer("coffee", "Кофе в подарок по купону", "A coffee by coupon", back(60), back(0).AddDate(0, 0, 30), 0, nil)
	for i := range 400 {
		coffee.Codes = append(coffee.Codes, fmt.Sprintf("COFFEE-%04d", i))
	}
	return []campaign{
		{offer: coffee, sent: back(60), share: 0.08, trait: ofCoupon, seen: 0.7, used: 0.3},
		{
			offer: offer("fresh", "Купите овощей и фруктов на 600", "Buy fruit and vegetables for 600", back(45), back(15).AddDate(0, 0, 1), 60,
				&loyaltyv1.OfferCondition{Spend: money(600_00), Categories: []string{"vegetables", "fruit"}}),
			sent: back(45), share: 0.12, trait: ofFresh, seen: 0.6,
		},
		{
			offer: offer("second", "Две покупки до конца акции", "Two purchases while it lasts", back(20), back(0).AddDate(0, 0, 10), 40,
				&loyaltyv1.OfferCondition{Purchases: 2}),
			sent: back(20), share: 0.10, trait: ofSecond, seen: 0.5,
		},
	}
}

// receivers are the customers who get an offer.
func (w *World) receivers(c campaign) (out []int64) {
	for n := int64(1); n <= int64(w.people) && len(out) < mostSent; n++ {
		if w.trait(n, c.trait) < c.share {
			out = append(out, n)
		}
	}
	return out
}

// refOf names a customer as the shops know it.
func (w *World) refOf(customer int64) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: w.identities(customer, false)[0]}}
}
