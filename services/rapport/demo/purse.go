package demo

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// purseDays is how long the demo remembers what customers earned: what is spent was earned
// in the same stretch, so that a stretch can be made without those before it.
const purseDays = 60

// Spends makes the redemptions that happened after one moment and not after another, in
// the order of days. None is of more than its member has: it counts what purchases earn
// in every tier, and only of days before.
func (w *World) Spends(after, until time.Time) iter.Seq[*loyaltyv1.RedeemRequest] {
	return func(yield func(*loyaltyv1.RedeemRequest) bool) {
		purse := make([]int32, int64(w.people)+1)
		for day := w.purseBegins(after); !day.After(until); day = day.AddDate(0, 0, 1) {
			if day.Equal(w.purseBegins(day)) {
				clear(purse)
			}
			earned := map[int64]int32{}
			for key, e := range w.on(day) {
				if e.customer == 0 || e.outcome != fulfilled || e.at.After(until) || e.at.Before(w.clubFrom()) {
					continue
				}
				lines := w.receipt(key, e)
				if lines == nil {
					continue
				}
				if ask := w.spend(key, e, purse[e.customer], lines); ask != nil {
					purse[e.customer] -= int32(ask.GetPoints())
					if e.at.After(after) && !yield(ask) {
						return
					}
				}
				earned[e.customer] += pointsOf(lines)
			}
			for who, n := range earned {
				purse[who] += n
			}
		}
	}
}

// purseBegins is the first day of the stretch that a moment lies in.
func (w *World) purseBegins(at time.Time) time.Time {
	at = w.clamp(at.In(w.zone))
	days := int(math.Round(dayOf(at, w.zone).Sub(w.first).Hours() / 24))
	return w.first.AddDate(0, 0, days-days%purseDays)
}

func dayOf(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// receipt are the lines of an experience's purchase; nil if there is none.
func (w *World) receipt(key uint64, e *experience) []*journeyv1.Line {
	for _, ev := range w.story(Source, key, e, time.Time{}, e.at.AddDate(0, 0, daysAfter)) {
		if ev.GetKind() == kindPurchase {
			return ev.GetLines()
		}
	}
	return nil
}

// pointsOf is what lines earn in the lowest tier, each rounded down.
func pointsOf(lines []*journeyv1.Line) (sum int32) {
	for _, l := range lines {
		sum += int32(l.GetAmount().GetMinorUnits() / perPoint)
	}
	return sum
}

// Some never spend a point, the others do so now and then. Who is two to the chain has two
// purses that the demo does not tell apart, and spends nothing.
const (
	spenders   = 0.7
	spendShare = 0.4
)

// spend is what a member pays with points at a purchase; nil: nothing.
func (w *World) spend(key uint64, e *experience, has int32, lines []*journeyv1.Line) *loyaltyv1.RedeemRequest {
	c := w.chance(ofSpend, key)
	if w.isTwo(e.customer) || w.trait(e.customer, ofSpender) >= spenders || c.Float64() >= spendShare {
		return nil
	}
	var receipt int64
	for _, l := range lines {
		receipt += l.GetAmount().GetMinorUnits()
	}
	points := min(int64(float64(has)*(0.5+0.5*c.Float64())), receipt*payable/10_000/pointPays)
	if points < fewest {
		return nil
	}
	return &loyaltyv1.RedeemRequest{
		RequestId: "demo.spend." + e.number, ProgrammeId: ProgrammeID, Customer: w.known(e), Points: points, Receipt: receipt,
		Origin:     &loyaltyv1.Origin{OrderId: cmp.Or(e.order, e.number), Channel: e.channel.id, Subjects: e.subjects()},
		OccurredAt: timestamppb.New(e.at),
	}
}

// bonusShare is how many get a bonus on the first of a month, to come back.
const bonusShare = 0.05

// Bonuses makes those given after one moment and not after another.
func (w *World) Bonuses(after, until time.Time) iter.Seq[*loyaltyv1.EarnRequest] {
	return func(yield func(*loyaltyv1.EarnRequest) bool) {
		y, m, _ := w.clamp(after).In(w.zone).Date()
		for month := time.Date(y, m, 1, 10, 0, 0, 0, w.zone); !month.After(until); month = month.AddDate(0, 1, 0) {
			if month.Before(w.clubFrom()) || !month.After(after) {
				continue
			}
			for n := int64(1); n <= int64(w.people); n++ {
				if unit(mix(mix(uint64(w.opts.Seed)^ofBonus<<56^uint64(month.Unix()))^uint64(n))) >= bonusShare {
					continue
				}
				ask := &loyaltyv1.EarnRequest{
					RequestId: fmt.Sprintf("demo.bonus.%s.%d", month.Format("200601"), n), ProgrammeId: ProgrammeID, Customer: w.refOf(n), Points: bonusPoints,
					OccurredAt: timestamppb.New(month), ExpiresAt: timestamppb.New(month.AddDate(0, 0, bonusDays)), Reason: "Бонус: ждём вас снова",
				}
				if !yield(ask) {
					return
				}
			}
		}
	}
}
