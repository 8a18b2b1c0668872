package purchase

import (
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// apply takes one deal in. What no programme asks for leaves no trace.
func (b *batch) apply(d *deal) {
	rules := b.rules(time.UnixMicro(d.at))
	if len(rules) == 0 {
		return
	}
	switch d.kind {
	case bought:
		b.buy(d, rules)
	case returned:
		b.bringBack(d)
	case cancelled:
		b.cancel(d, rules)
	case delivered:
		b.deliver(d)
	}
}

// buy puts the lines of a purchase on shelves and lets them earn.
func (b *batch) buy(d *deal, rules []*loyaltyv1.Programme) {
	lines := make([]*loyaltyv1.BoughtLine, len(d.lines))
	for i, l := range d.lines {
		lines[i] = &loyaltyv1.BoughtLine{
			Event: d.key[:], Line: l.place, At: d.at, Sequence: d.sequence, OrderId: d.event.GetOrderId(),
			Quantity: l.quantity, Amount: l.amount, Origin: d.origin(l.place),
		}
		if l.quantity == 0 {
			continue
		}
		if !putLine(b.shelf(place{d.customer, l.goods}), lines[i]) {
			return // it was told before
		}
	}
	for _, p := range rules {
		b.earn(d, p, lines)
	}
	if d.event.GetOrderId() != "" {
		b.remember(d)
	}
	b.settleAll(d)
}

// earn works out what each line of a purchase earns in a version.
func (b *batch) earn(d *deal, p *loyaltyv1.Programme, lines []*loyaltyv1.BoughtLine) {
	at := time.UnixMicro(d.at)
	day := b.zone.DayOf(at)
	who := &programme.Member{Multiplier: b.multiplier(p, d.customer, day), Today: b.today(p, d.customer, day)}
	who.In = func(segment string) bool { return slices.Contains(b.segments[d.customer], segment) }
	bill := &programme.Purchase{Channel: d.event.GetChannel(), Subjects: d.event.GetSubjects(), At: at}
	for _, l := range d.lines {
		bill.Lines = append(bill.Lines, programme.Line{Category: l.category, Amount: l.amount})
	}
	for i, e := range programme.Earn(p, b.zone, bill, who) {
		if s := share(p, who.Multiplier, &e); s != nil {
			lines[i].Shares = append(lines[i].Shares, s)
		}
	}
}

// multiplier is that of the tier a person has before a purchase; 0: none has one.
func (b *batch) multiplier(p *loyaltyv1.Programme, customer int64, day calendar.Day) int32 {
	if !programme.Tiered(p) {
		return 0
	}
	s := programme.Stand(p.GetTiers(), b.member(p.GetId(), customer).History(p.GetTiers()), day)
	return s.Multiplier(p.GetTiers())
}

// today is what rules with a cap of the day gave a person on it.
func (b *batch) today(p *loyaltyv1.Programme, customer int64, day calendar.Day) map[string]int64 {
	if !programme.DayCapped(p) {
		return nil
	}
	out := map[string]int64{}
	for _, n := range b.numbers(customer) {
		for _, rule := range p.GetEarning() {
			at := capping{n, p.GetId(), rule.GetName(), day}
			out[rule.GetName()] += b.capped[at] + b.added[at]
		}
	}
	return out
}

// remember notes which goods an order has, and lets what cancelled it before take them.
func (b *batch) remember(d *deal) {
	o := b.order(d.event.GetOrderId())
	for _, l := range d.lines {
		known := slices.ContainsFunc(o.GetGoods(), func(g *loyaltyv1.OrderedGoods) bool {
			return g.GetCustomerId() == d.customer && g.GetGoods() == l.goods
		})
		if known {
			continue
		}
		o.Goods = append(o.Goods, &loyaltyv1.OrderedGoods{CustomerId: d.customer, Goods: l.goods})
		for _, c := range o.GetCancels() {
			putReturn(b.shelf(place{d.customer, l.goods}), c)
		}
	}
}

// bringBack puts the lines of a return on shelves, and lets them find their purchases.
func (b *batch) bringBack(d *deal) {
	for _, l := range d.lines {
		if l.quantity == 0 {
			continue
		}
		back := b.back(d)
		back.Line, back.Quantity = l.place, l.quantity
		if !putReturn(b.shelf(place{d.customer, l.goods}), back) {
			return
		}
	}
	b.settleAll(d)
}

func (b *batch) back(d *deal) *loyaltyv1.ReturnedLine {
	return &loyaltyv1.ReturnedLine{
		Event: d.key[:], At: d.at, Sequence: d.sequence, OrderId: d.event.GetOrderId(),
		Source: d.event.GetSource(), ExternalId: d.event.GetExternalId(),
	}
}

// cancel takes an order back as a whole: its lines, and what was spent on it.
func (b *batch) cancel(d *deal, rules []*loyaltyv1.Programme) {
	o := b.order(d.event.GetOrderId())
	whole := b.back(d)
	whole.Whole = true
	if !put(&o.Cancels, whole) {
		return
	}
	var members []int64
	if d.customer != 0 {
		members = append(members, d.customer)
	}
	for _, g := range o.GetGoods() {
		putReturn(b.shelf(place{g.GetCustomerId(), g.GetGoods()}), whole)
		b.settle(g.GetCustomerId(), g.GetGoods(), d.at, false)
		if !slices.Contains(members, g.GetCustomerId()) {
			members = append(members, g.GetCustomerId())
		}
	}
	for _, customer := range members {
		for _, p := range rules {
			b.items = append(b.items, ask{PostItem: &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Reverse{Reverse: &loyaltyv1.ReverseRequest{
				RequestId: key(d.key[:], "cancel", p.GetId(), customer), ProgrammeId: p.GetId(), Customer: ref(customer),
				Origin: &loyaltyv1.Origin{OrderId: d.event.GetOrderId()}, OccurredAt: stamp(d.at),
			}}}})
		}
	}
}

// deliver lets points of an order be spent that wait for it.
func (b *batch) deliver(d *deal) {
	o := b.order(d.event.GetOrderId())
	if o.GetDeliveredAt() != 0 {
		return
	}
	o.DeliveredAt = d.at
	done := map[standing.Member]bool{}
	for _, g := range o.GetGoods() {
		for _, l := range b.shelves[place{g.GetCustomerId(), g.GetGoods()}].GetLines() {
			for _, s := range l.GetShares() {
				who := standing.Member{Customer: g.GetCustomerId(), Programme: s.GetProgrammeId()}
				if l.GetOrderId() != d.event.GetOrderId() || done[who] || !b.book.Version(s.GetProgrammeId(), s.GetVersion()).GetLifetime().GetOnDelivery() {
					continue
				}
				done[who] = true
				b.items = append(b.items, ask{PostItem: &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Activate{Activate: &loyaltyv1.ActivateRequest{
					RequestId: key(d.key[:], "deliver", s.GetProgrammeId(), who.Customer), ProgrammeId: s.GetProgrammeId(), Customer: ref(who.Customer),
					Origin: &loyaltyv1.Origin{OrderId: d.event.GetOrderId()},
				}}}})
			}
		}
	}
}

// settleAll settles the goods of a deal, each once.
func (b *batch) settleAll(d *deal) {
	done := map[string]bool{}
	for _, l := range d.lines {
		if !done[l.goods] && l.quantity > 0 {
			done[l.goods] = true
			b.settle(d.customer, l.goods, d.at, d.kind == bought)
		}
	}
}

// key is under which the ledger is asked; parts of an event's key and of it, short enough
// whatever they are.
func key(event []byte, what, programme string, n int64) string {
	return "journey:" + base64.RawURLEncoding.EncodeToString(event) + ":" + what + ":" + strconv.FormatInt(n, 10) + ":" + programme
}

func ref(customer int64) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: customer}}
}

func stamp(at int64) *timestamppb.Timestamp { return timestamppb.New(time.UnixMicro(at)) }
