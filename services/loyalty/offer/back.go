package offer

import (
	"cmp"
	"context"
	"maps"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/purchase"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// back lets counted purchases count less by what was brought back, or not at all where
// their order was cancelled, in each offer that they count for.
func (d *Desk) back(ctx context.Context, p *deal) error {
	var all []counting
	var err error
	if purchase.IsCancelled(p.event) {
		all, err = ofOrder(ctx, d.Tx, d.Brand, p.event.GetOrderId())
	} else {
		all, err = ofPersons(ctx, d.Tx, d.Brand, d.Ledger.People().Members(p.who))
	}
	if err != nil {
		return err
	}
	byOffer := map[string][]counting{}
	for _, one := range all {
		byOffer[one.offer] = append(byOffer[one.offer], one)
	}
	for _, id := range slices.Sorted(maps.Keys(byOffer)) {
		if err := d.backOf(ctx, id, byOffer[id], p); err != nil {
			return err
		}
	}
	return nil
}

// backOf does so for one offer. The latest purchases give first.
func (d *Desk) backOf(ctx context.Context, id string, from []counting, p *deal) error {
	if told, err := counted(ctx, d.Tx, d.Brand, p.key, id); told || err != nil {
		return err
	}
	slices.SortFunc(from, func(a, b counting) int {
		return cmp.Or(cmp.Compare(b.GetAt(), a.GetAt()), slices.Compare(b.GetEvent(), a.GetEvent()))
	})
	var gave map[int]int64
	if purchase.IsCancelled(p.event) {
		gave = giveAll(from)
	} else {
		gave = giveBack(from, purchase.Goods(p.event), p.event.GetOrderId(), p.at.UnixMicro())
	}
	steps := map[int64]*loyaltyv1.OfferStep{}
	for _, i := range slices.Sorted(maps.Keys(gave)) {
		one := from[i]
		s := steps[one.customer]
		if s == nil {
			s = &loyaltyv1.OfferStep{OfferId: id, CustomerId: one.customer, At: stamp(p.at.UnixMicro()), Event: p.key}
			steps[one.customer] = s
		}
		if s.Spent -= gave[i]; one.over() {
			s.Purchases--
		}
		s.Bought = append(s.Bought, one.OfferBought)
	}
	for _, customer := range slices.Sorted(maps.Keys(steps)) {
		if err := d.less(ctx, steps[customer], p.at.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// less lets an offer have come less far for a number, and undoes it where its person no
// longer meets the condition. Who redeemed it besides keeps it.
func (d *Desk) less(ctx context.Context, s *loyaltyv1.OfferStep, at int64) error {
	row, err := d.row(ctx, s.GetOfferId(), s.GetCustomerId())
	if err != nil {
		return err
	}
	row.Spent, row.Purchases = row.Spent+s.GetSpent(), row.Purchases+int64(s.GetPurchases())
	if err := save(ctx, d.Tx, d.Brand, row); err != nil {
		return err
	}
	if err := d.note(ctx, s); err != nil {
		return err
	}
	have, err := d.find(ctx, s.GetOfferId(), s.GetCustomerId())
	def := d.Book.Find(s.GetOfferId())
	if err != nil || have.Completed == 0 || have.Redemptions > 0 || Met(def.GetCondition(), have.Spent, have.Purchases) {
		return err
	}
	all, err := states(ctx, d.Tx, d.Brand, s.GetOfferId(), d.Ledger.People().Members(s.GetCustomerId()))
	for i := range all {
		if err == nil && all[i].Completed != 0 {
			err = d.undo(ctx, def, &all[i], at)
		}
	}
	return err
}

// undo makes an offer of a number one that is not completed, and takes its points back.
func (d *Desk) undo(ctx context.Context, def *loyaltyv1.Offer, row *State, at int64) error {
	if row.Movement != 0 {
		of, err := d.Ledger.Origin(row.Movement)
		if err != nil {
			return err
		}
		_, err = d.Ledger.Do(&ledger.Task{Programme: def.GetProgrammeId(), Who: row.Customer, Record: &loyaltyv1.EntryRecord{
			Request: &loyaltyv1.EntryRecord_Reverse{Reverse: &loyaltyv1.ReverseRequest{
				RequestId: "offer:" + def.GetId() + ":" + record.ID(row.Movement), ProgrammeId: def.GetProgrammeId(),
				Origin: &loyaltyv1.Origin{OrderId: of.GetOrderId(), OfferId: def.GetId()}, OccurredAt: stamp(min(at, d.Ledger.Now())),
				Reason: "offer " + def.GetId(),
			}},
		}})
		// Its order was reversed as a whole before.
		if err != nil && !fault.Is(err, commonv1.Reason_REASON_NOTHING_TO_REVERSE) {
			return err
		}
	}
	row.Completed, row.Movement = 0, 0
	if err := save(ctx, d.Tx, d.Brand, row); err != nil {
		return err
	}
	_, err := d.Ledger.Put(feed.Fact{Kind: record.OfferUndone, Who: row.Customer}, &loyaltyv1.EntryRecord{Offer: row.Proto()})
	return err
}
