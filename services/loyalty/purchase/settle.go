package purchase

import (
	"strconv"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// settle lets the returns of a person's goods find their purchases anew, and asks the
// ledger for the difference to what stands there. At is when it happens; told: a purchase
// was told, and what changes besides its own points does so by a return, the last one.
func (b *batch) settle(customer int64, goods string, at int64, told bool) {
	var shelves []*loyaltyv1.Shelf
	owners := map[*loyaltyv1.BoughtLine]int64{}
	for _, n := range b.numbers(customer) {
		s := b.shelves[place{n, goods}]
		if s == nil {
			continue
		}
		shelves = append(shelves, s)
		b.dirty[place{n, goods}] = true // a return of it may have found something
		for _, l := range s.GetLines() {
			owners[l] = n
		}
	}
	lines, returns := order(shelves)
	left := match(lines, returns)
	if n := len(returns); told && n > 0 {
		at = max(at, returns[n-1].GetAt())
	}
	for i, l := range lines {
		for _, s := range l.GetShares() {
			b.post(owners[l], l, s, left[i], at)
		}
	}
}

// post asks the ledger for what a line's share is to be, if something else stands there.
// A line earns as a whole first, also if it was told after its return: what was issued is
// the same then.
func (b *batch) post(customer int64, l *loyaltyv1.BoughtLine, s *loyaltyv1.LineShare, left, at int64) {
	p := b.book.Version(s.GetProgrammeId(), s.GetVersion())
	if s.GetPosts() == 0 {
		b.move(customer, p, l, s, l.GetQuantity(), at)
	}
	b.move(customer, p, l, s, left, at)
}

// move makes one step: to what is due where so much of a line is left.
func (b *batch) move(customer int64, p *loyaltyv1.Programme, l *loyaltyv1.BoughtLine, s *loyaltyv1.LineShare, left, at int64) {
	day := b.zone.DayOf(time.UnixMicro(l.GetAt()))
	points, cost := b.kept(customer, p, l, s, left, day), int64(0)
	if points > 0 {
		cost = money(l, left)
	}
	change := points - s.GetStanding()
	if change == 0 {
		return
	}
	s.Posts++
	request := key(l.GetEvent(), strconv.Itoa(int(l.GetLine())), p.GetId(), int64(s.GetPosts()))
	item := &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Reverse{Reverse: &loyaltyv1.ReverseRequest{
		RequestId: request, ProgrammeId: p.GetId(), Customer: ref(customer), Origin: l.GetOrigin(),
		KeepEarned: points, KeepMoney: cost, OccurredAt: stamp(at),
	}}}
	one := ask{PostItem: item}
	switch {
	case change > 0 && s.GetPosts() == 1:
		one.PostItem = b.earning(request, customer, p, l, change, max(0, cost-s.GetMoney()))
	case change > 0:
		// A reversal took more than it should have: that is put right, nothing is earned anew.
		one.again, one.delivered = true, b.orders[l.GetOrderId()].GetDeliveredAt() != 0
	}
	b.items = append(b.items, one)
	b.member(p.GetId(), customer).Add(day, standing.Counted{Points: change, Money: cost - s.GetMoney()})
	s.Standing, s.Money = points, cost
}

// kept is what a line keeps, and notes what that changes under caps of the day.
func (b *batch) kept(customer int64, p *loyaltyv1.Programme, l *loyaltyv1.BoughtLine, s *loyaltyv1.LineShare, left int64, day calendar.Day) int64 {
	before := make([]int64, len(s.GetRules()))
	for i, r := range s.GetRules() {
		before[i] = r.GetStanding()
	}
	points := kept(p, l, s, left)
	for i, r := range s.GetRules() {
		if rule := p.GetEarning()[r.GetRule()]; rule.GetCapPerDay() > 0 && r.GetStanding() != before[i] {
			b.added[capping{customer, p.GetId(), rule.GetName(), day}] += r.GetStanding() - before[i]
		}
	}
	return points
}

// earning asks for points of a line.
func (b *batch) earning(request string, customer int64, p *loyaltyv1.Programme, l *loyaltyv1.BoughtLine, points, cost int64) *loyaltyv1.PostItem {
	in := &loyaltyv1.EarnRequest{
		RequestId: request, ProgrammeId: p.GetId(), Customer: ref(customer), Points: points, Origin: l.GetOrigin(),
		OccurredAt: stamp(l.GetAt()), Spent: cost,
	}
	if p.GetLifetime().GetOnDelivery() && b.orders[l.GetOrderId()].GetDeliveredAt() != 0 {
		in.ActiveFrom = in.OccurredAt // it arrived before it was told that it was bought
	}
	return &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Earn{Earn: in}}
}
