package purchase

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// batch is what the deals of one transaction work on, and what they ask of the ledger.
type batch struct {
	brand  string
	zone   *calendar.Zone
	book   *programme.Book
	people *people.Mapping
	// segments are those of customers that were asked for before.
	segments map[int64][]string

	shelves map[place]*loyaltyv1.Shelf
	orders  map[string]*loyaltyv1.OrderGoods
	dirty   map[place]bool
	touched map[string]bool
	// capped is what rules with caps of the day gave, added what this batch adds to it.
	capped, added map[capping]int64
	// members is what persons did, by any programme that has tiers.
	members map[standing.Member]*standing.Person
	items   []ask
}

// ask is a request of the ledger. A reversal may ask for points to be given again that an
// earlier one took; delivered: they need not wait.
type ask struct {
	*loyaltyv1.PostItem
	again, delivered bool
}

func newBatch() *batch {
	return &batch{
		shelves: map[place]*loyaltyv1.Shelf{}, orders: map[string]*loyaltyv1.OrderGoods{}, dirty: map[place]bool{}, touched: map[string]bool{},
		capped: map[capping]int64{}, added: map[capping]int64{}, members: map[standing.Member]*standing.Person{},
	}
}

// rules are the programmes whose purchases of a time earn by themselves.
func (b *batch) rules(at time.Time) (out []*loyaltyv1.Programme) {
	for _, newest := range b.book.List() {
		if p := b.book.InForce(newest.GetId(), at); p.GetFromJourney() {
			out = append(out, p)
		}
	}
	return out
}

// numbers are those of the person a customer is.
func (b *batch) numbers(customer int64) []int64 { return b.people.Members(b.people.Person(customer)) }

// load reads all that the deals touch.
func (b *batch) load(ctx context.Context, tx *sqldb.Tx, deals []*deal) error {
	var ids []string
	goods := map[int64]map[string]bool{}
	want := func(customer int64, name string) {
		for _, n := range b.numbers(customer) {
			if goods[n] == nil {
				goods[n] = map[string]bool{}
			}
			goods[n][name] = true
		}
	}
	for _, d := range deals {
		if id := d.event.GetOrderId(); id != "" {
			ids = append(ids, id)
		}
		for _, l := range d.lines {
			want(d.customer, l.goods)
		}
	}
	slices.Sort(ids)
	if err := ordersOf(ctx, tx, b.brand, slices.Compact(ids), func(id string, o *loyaltyv1.OrderGoods) { b.orders[id] = o }); err != nil {
		return err
	}
	for _, o := range b.orders {
		for _, g := range o.GetGoods() {
			want(g.GetCustomerId(), g.GetGoods())
		}
	}
	for _, customer := range slices.Sorted(maps.Keys(goods)) {
		names := slices.Sorted(maps.Keys(goods[customer]))
		if err := shelvesOf(ctx, tx, b.brand, customer, names, func(at place, s *loyaltyv1.Shelf) { b.shelves[at] = s }); err != nil {
			return err
		}
	}
	return b.loadMembers(ctx, tx, deals, slices.Sorted(maps.Keys(goods)))
}

// loadMembers reads what rules must know of who buys, if any of them asks.
func (b *batch) loadMembers(ctx context.Context, tx *sqldb.Tx, deals []*deal, customers []int64) error {
	capped := false
	days := calendar.Days{From: 1 << 30, Until: -1 << 30}
	for _, d := range deals {
		day := b.zone.DayOf(time.UnixMicro(d.at))
		days.From, days.Until = min(days.From, day), max(days.Until, day+1)
	}
	// A line may be corrected that was bought long before.
	for _, s := range b.shelves {
		for _, l := range s.GetLines() {
			day := b.zone.DayOf(time.UnixMicro(l.GetAt()))
			days.From, days.Until = min(days.From, day), max(days.Until, day+1)
		}
	}
	for _, newest := range b.book.List() {
		for _, p := range b.book.Versions(newest.GetId()) {
			capped = capped || p.GetFromJourney() && programme.DayCapped(p)
		}
	}
	if capped {
		if err := cappedOf(ctx, tx, b.brand, customers, days, func(c capping, points int64) { b.capped[c] = points }); err != nil {
			return err
		}
	}
	if !asksTiers(b.book) {
		return nil
	}
	if err := standing.Catch(ctx, tx, b.brand); err != nil {
		return err
	}
	return standing.Days(ctx, tx, b.brand, customers, func(who standing.Member, d calendar.Day, c standing.Counted) {
		b.member(who.Programme, who.Customer).Add(d, c)
	})
}

// member is what the person of a number did in a programme.
func (b *batch) member(id string, customer int64) *standing.Person {
	who := standing.Member{Customer: b.people.Person(customer), Programme: id}
	if b.members[who] == nil {
		b.members[who] = &standing.Person{}
	}
	return b.members[who]
}

// shelf is one that load has looked for; it will be saved.
func (b *batch) shelf(at place) *loyaltyv1.Shelf {
	if b.shelves[at] == nil {
		b.shelves[at] = &loyaltyv1.Shelf{}
	}
	b.dirty[at] = true
	return b.shelves[at]
}

// order is what is remembered of one; it will be saved.
func (b *batch) order(id string) *loyaltyv1.OrderGoods {
	if b.orders[id] == nil {
		b.orders[id] = &loyaltyv1.OrderGoods{}
	}
	b.touched[id] = true
	return b.orders[id]
}

// save writes all that changed.
func (b *batch) save(ctx context.Context, tx *sqldb.Tx) error {
	at := slices.SortedFunc(maps.Keys(b.dirty), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), strings.Compare(a.goods, b.goods))
	})
	shelves := make([]*loyaltyv1.Shelf, len(at))
	for i, p := range at {
		shelves[i] = b.shelves[p]
	}
	if err := saveShelves(ctx, tx, b.brand, at, shelves); err != nil {
		return err
	}
	ids := slices.Sorted(maps.Keys(b.touched))
	orders := make([]*loyaltyv1.OrderGoods, len(ids))
	for i, id := range ids {
		orders[i] = b.orders[id]
	}
	if err := saveOrders(ctx, tx, b.brand, ids, orders); err != nil {
		return err
	}
	caps := slices.SortedFunc(maps.Keys(b.added), func(a, b capping) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), strings.Compare(a.programme, b.programme), strings.Compare(a.rule, b.rule), cmp.Compare(a.day, b.day))
	})
	add := make([]int64, len(caps))
	for i, c := range caps {
		add[i] = b.added[c]
	}
	return saveCapped(ctx, tx, b.brand, caps, add)
}
