package rate

import (
	"maps"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Around is for how many days before and behind joining members are looked at, at most.
const Around = 180

// Warning is what every answer about impact says.
const Warning = "Not causal: who joins a programme tends to buy more to begin with. To learn what it causes, compare with a control group chosen at random."

// Impact sets members beside others, and members before joining beside after. Receipts are
// added day by day, in ascending order.
type Impact struct {
	days   calendar.Days
	person Person
	// joined is each member's first day; last is the last whole day there is, first the
	// first with a receipt.
	joined      map[int64]calendar.Day
	last, first calendar.Day
	any         bool
	buyers      map[int64]*buyer
	joiners     map[int64][]visit
}

// buyer is what one person bought in a stretch of days.
type buyer struct {
	receipts, amount int64
	earlier, later   bool
}

// visit is what somebody bought on a day.
type visit struct {
	day              calendar.Day
	receipts, amount int64
}

// NewImpact begins a sum about some days. Members are those with a day of joining before
// the end of them.
func NewImpact(days calendar.Days, last calendar.Day, joined map[int64]calendar.Day, person Person) *Impact {
	i := &Impact{days: days, last: last, joined: map[int64]calendar.Day{}, person: person,
		buyers: map[int64]*buyer{}, joiners: map[int64][]visit{}}
	for who, day := range joined {
		if day < days.Until {
			i.joined[who] = day
		}
	}
	return i
}

// Reach are the days whose receipts matter.
func (i *Impact) Reach() calendar.Days {
	return calendar.Days{From: i.days.From - Around, Until: i.days.Until + Around}
}

// Day adds receipts.
func (i *Impact) Day(day calendar.Day, s *Bought) {
	half := i.days.From + calendar.Day(i.days.Len()/2)
	for number, n := range s.all() {
		if n[receipts] == 0 {
			continue
		}
		if !i.any {
			i.any, i.first = true, day
		}
		who := i.person(number)
		if i.days.Has(day) {
			b := i.buyers[who]
			if b == nil {
				b = &buyer{}
				i.buyers[who] = b
			}
			b.receipts, b.amount = b.receipts+n[receipts], b.amount+n[amount]
			b.earlier, b.later = b.earlier || day < half, b.later || day >= half
		}
		if at, member := i.joined[who]; member && i.days.Has(at) && day >= at-Around && day <= at+Around {
			i.joiners[who] = append(i.joiners[who], visit{day, n[receipts], n[amount]})
		}
	}
}

// AgainstOthers sets members who bought in the days beside others who did.
func (i *Impact) AgainstOthers() []*loyaltyv1.ImpactLine {
	var base, member sample
	for _, who := range slices.Sorted(maps.Keys(i.buyers)) {
		b := i.buyers[who]
		into := &base
		if _, is := i.joined[who]; is {
			into = &member
		}
		into.add(b.receipts, b.amount, 1, b.earlier, b.later)
	}
	perYear := daysInYear / float64(max(1, i.days.Len()))
	return []*loyaltyv1.ImpactLine{
		independent("frequency", base.ratio(base.receipts, base.spans, perYear), member.ratio(member.receipts, member.spans, perYear), base.persons(), member.persons()),
		independent("average_check", base.ratio(base.amounts, base.receipts, 1), member.ratio(member.amounts, member.receipts, 1), base.purchases(), member.purchases()),
		retention(base.earlier, base.stayed, member.earlier, member.stayed),
	}
}

// BeforeAfter sets each member who joined in the days behind that day beside as many days
// before it. Whom too little is known of is left out.
func (i *Impact) BeforeAfter() []*loyaltyv1.ImpactLine {
	var before, after sample
	for _, who := range slices.Sorted(maps.Keys(i.joined)) {
		at := i.joined[who]
		span := min(Around, at-i.first, i.last-at)
		if !i.days.Has(at) || !i.any || span < 1 {
			continue
		}
		var was, is visit
		var halves [4]bool
		for _, v := range i.joiners[who] {
			switch {
			case v.day >= at-span && v.day < at:
				was.receipts, was.amount = was.receipts+v.receipts, was.amount+v.amount
				halves[0], halves[1] = halves[0] || v.day < at-span/2, halves[1] || v.day >= at-span/2
			case v.day > at && v.day <= at+span:
				is.receipts, is.amount = is.receipts+v.receipts, is.amount+v.amount
				halves[2], halves[3] = halves[2] || v.day <= at+span-span/2, halves[3] || v.day > at+span-span/2
			}
		}
		before.add(was.receipts, was.amount, float64(span), halves[0], halves[1])
		after.add(is.receipts, is.amount, float64(span), halves[2], halves[3])
	}
	return []*loyaltyv1.ImpactLine{
		paired("frequency", before.ratio(before.receipts, before.spans, daysInYear), after.ratio(after.receipts, after.spans, daysInYear), before.persons(), after.persons()),
		paired("average_check", before.ratio(before.amounts, before.receipts, 1), after.ratio(after.amounts, after.receipts, 1), before.purchases(), after.purchases()),
		retention(before.earlier, before.stayed, after.earlier, after.stayed),
	}
}
