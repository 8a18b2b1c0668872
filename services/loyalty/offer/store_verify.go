package offer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Rows of the tables, as the log says them.
type (
	place struct {
		customer int64
		offer    string
	}
	coupon struct {
		offer    string
		customer int64
	}
	buying struct{ event, offer string }
	adding struct {
		customer, spent int64
		order, bought   string
	}
)

type past struct {
	states    map[place]*State
	coupons   map[string]coupon
	purchases map[buying]adding
}

// replay reads all that became of a brand's offers. tx sees one moment.
func replay(ctx context.Context, tx *sqldb.Tx, brand string) (*past, error) {
	p := &past{map[place]*State{}, map[string]coupon{}, map[buying]adding{}}
	kinds := []int16{record.OfferSent, record.OfferViewed, record.OfferCounted, record.OfferDone, record.OfferUndone}
	err := feed.In(tx).ReadKind(ctx, brand, kinds, 0, p.apply)
	return p, err
}

func (p *past) apply(f *feed.Fact) error {
	if f.Kind == record.OfferDone || f.Kind == record.OfferUndone {
		return p.done(f)
	}
	s := &loyaltyv1.OfferStep{}
	if err := unpack(f.Body, s); err != nil {
		return fmt.Errorf("fact %d: %w", f.Seq, err)
	}
	at := s.GetAt().AsTime().UnixMicro()
	if f.Kind == record.OfferSent {
		to, err := ReadSet(s.GetCustomers())
		for _, n := range to {
			p.states[place{n, s.GetOfferId()}] = &State{Customer: n, Offer: s.GetOfferId(), Received: at}
		}
		return err
	}
	row := p.states[place{s.GetCustomerId(), s.GetOfferId()}]
	if row == nil {
		return fmt.Errorf("fact %d: customer %d has no offer %s", f.Seq, s.GetCustomerId(), s.GetOfferId())
	}
	if f.Kind == record.OfferViewed {
		row.Viewed = at
		return nil
	}
	row.Spent, row.Purchases = row.Spent+s.GetSpent(), row.Purchases+int64(s.GetPurchases())
	first := buying{string(s.GetEvent()), s.GetOfferId()}
	if _, ok := p.purchases[first]; !ok {
		p.purchases[first] = adding{customer: row.Customer, spent: s.GetSpent()} // of several numbers the first
	}
	for _, b := range s.GetBought() {
		packed, err := pack(b)
		if err != nil {
			return err
		}
		at := buying{string(b.GetEvent()), s.GetOfferId()}
		one := p.purchases[at]
		one.order, one.bought = b.GetOrderId(), string(packed)
		p.purchases[at] = one
	}
	return nil
}

func (p *past) done(f *feed.Fact) error {
	r, err := record.Parse(f)
	if err != nil {
		return err
	}
	o := r.GetOwn()
	if o == nil {
		o = r.GetOffer()
	}
	row := &State{
		Customer: o.GetCustomerId(), Offer: o.GetOfferId(), Received: o.GetReceivedAt().AsTime().UnixMicro(), Completed: o.GetCompletedAt().AsTime().UnixMicro(),
		Redemptions: int64(o.GetRedemptions()), Spent: o.GetSpent(), Purchases: int64(o.GetPurchases()),
	}
	if o.GetViewedAt() != nil {
		row.Viewed = o.GetViewedAt().AsTime().UnixMicro()
	}
	row.Movement, _ = record.ParseID(o.GetMovementId())
	p.states[place{row.Customer, row.Offer}] = row
	if code := r.GetRedeemOffer().GetCode(); code != "" {
		p.coupons[code] = coupon{row.Offer, row.Customer}
	}
	return nil
}

// Verify compares every personal offer, coupon and counted purchase of a brand with its
// log, and returns how many it looked at.
func Verify(ctx context.Context, tx *sqldb.Tx, brand string, report func(table string, seq int64, reason string)) (n int, err error) {
	p, err := replay(ctx, tx, brand)
	if err != nil {
		return 0, err
	}
	after := place{}
	for more := true; more; {
		rows, err := statesOf(ctx, tx, "WHERE brand = $1 AND (customer, offer) > ($2, $3) ORDER BY customer, offer LIMIT 1000", brand, after.customer, after.offer)
		if err != nil {
			return n, err
		}
		for _, s := range rows {
			after = place{s.Customer, s.Offer}
			if want := p.states[after]; want == nil || *want != s {
				report("offer_person", s.Customer, fmt.Sprintf("it is %+v, the log says %+v", s, want))
			}
			delete(p.states, after)
		}
		n, more = n+len(rows), len(rows) > 0
	}
	for at := range p.states {
		report("offer_person", at.customer, fmt.Sprintf("offer %s is not there", at.offer))
	}
	err = coupons(ctx, tx, func(code, offer string, customer int64) {
		n++
		if p.coupons[code] != (coupon{offer, customer}) {
			report("offer_coupon", customer, fmt.Sprintf("a coupon of %s is not in the log", offer))
		}
		delete(p.coupons, code)
	}, "ORDER BY code", brand)
	for _, c := range p.coupons {
		report("offer_coupon", c.customer, fmt.Sprintf("a coupon of %s is not there", c.offer))
	}
	if err != nil {
		return n, err
	}
	more, err := p.verifyPurchases(ctx, tx, brand, report)
	return n + more, err
}

func (p *past) verifyPurchases(ctx context.Context, tx *sqldb.Tx, brand string, report func(table string, seq int64, reason string)) (n int, err error) {
	rows, err := tx.Query(ctx, "SELECT event, offer, customer, spent, order_id, bought FROM offer_purchase WHERE brand = $1", brand)
	if err != nil {
		return 0, fmt.Errorf("read counted purchases: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var event []byte
		var offer string
		var a adding
		var bought []byte
		if err := rows.Scan(&event, &offer, &a.customer, &a.spent, &a.order, &bought); err != nil {
			return n, fmt.Errorf("read counted purchases: %w", err)
		}
		a.bought = string(bought)
		n++
		at := buying{string(event), offer}
		if p.purchases[at] != a {
			report("offer_purchase", a.customer, fmt.Sprintf("a purchase of %d counts for %s, the log says %d", a.spent, offer, p.purchases[at].spent))
		}
		delete(p.purchases, at)
	}
	for at, a := range p.purchases {
		report("offer_purchase", a.customer, "a purchase is not there that counts for "+at.offer)
	}
	return n, rows.Err()
}

// Rebuild makes the tables of a brand anew from the log, which tx has locked.
func Rebuild(ctx context.Context, tx *sqldb.Tx, brand string) error {
	p, err := replay(ctx, tx, brand)
	if err != nil {
		return err
	}
	for _, table := range []string{"offer_person", "offer_coupon", "offer_purchase"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE brand = $1", brand); err != nil {
			return fmt.Errorf("empty %s: %w", table, err)
		}
	}
	for _, s := range p.states {
		if err := save(ctx, tx, brand, s); err != nil {
			return err
		}
	}
	for _, code := range slices.Sorted(maps.Keys(p.coupons)) {
		if err := use(ctx, tx, brand, code, p.coupons[code].offer, p.coupons[code].customer); err != nil {
			return err
		}
	}
	for at, a := range p.purchases {
		if err := count(ctx, tx, brand, []byte(at.event), at.offer, a); err != nil {
			return err
		}
	}
	return nil
}
