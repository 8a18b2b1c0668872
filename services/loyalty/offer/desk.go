package offer

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Desk decides about offers within one transaction, one request after the other.
type Desk struct {
	Brand  string
	Tx     *sqldb.Tx
	Ledger *ledger.Session
	Book   *Book
}

// find is a person's offer; nil: the person has it not.
func (d *Desk) find(ctx context.Context, id string, who int64) (*State, error) {
	all, err := states(ctx, d.Tx, d.Brand, id, d.Ledger.People().Members(who))
	return Join(all), err
}

// row is what one number has of an offer.
func (d *Desk) row(ctx context.Context, id string, customer int64) (*State, error) {
	all, err := states(ctx, d.Tx, d.Brand, id, []int64{customer})
	if err == nil && len(all) == 0 {
		return &State{Customer: customer, Offer: id}, nil
	}
	return Join(all), err
}

// View notes that a person saw an offer, the first time.
func (d *Desk) View(ctx context.Context, id string, who, at int64) (*loyaltyv1.PersonalOffer, error) {
	have, err := d.find(ctx, id, who)
	if err != nil {
		return nil, err
	}
	if have == nil {
		return nil, fault.NotFound(commonv1.Reason_REASON_OFFER_UNKNOWN, "the person did not receive offer %q", id)
	}
	if have.Viewed != 0 {
		return have.Proto(), nil
	}
	row, err := d.row(ctx, id, have.Customer)
	if err != nil {
		return nil, err
	}
	row.Viewed, have.Viewed = at, at
	if err := save(ctx, d.Tx, d.Brand, row); err != nil {
		return nil, err
	}
	body, err := pack(&loyaltyv1.OfferStep{OfferId: id, CustomerId: row.Customer, At: stamp(at)})
	d.Ledger.Note(feed.Fact{Kind: record.OfferViewed, Body: body})
	return have.Proto(), err
}

func pack(m proto.Message) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}

func stamp(at int64) *timestamppb.Timestamp {
	if at == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMicro(at))
}

// Redeem completes an offer by hand or by a coupon.
func (d *Desk) Redeem(ctx context.Context, key []byte, who int64, r *loyaltyv1.EntryRecord) (ledger.Outcome, error) {
	if out, found, err := d.Ledger.Again(key, r); found || err != nil {
		return out, err
	}
	in := r.GetRedeemOffer()
	def, err := d.Book.Named(in)
	if err != nil {
		return ledger.Outcome{}, err
	}
	at := d.Ledger.Now()
	if in.GetRedeemedAt() != nil {
		at = in.GetRedeemedAt().AsTime().UnixMicro()
	}
	have, err := d.find(ctx, def.GetId(), who)
	if err != nil {
		return ledger.Outcome{}, err
	}
	gone := false
	if in.GetCode() != "" {
		if gone, err = used(ctx, d.Tx, d.Brand, in.GetCode()); err != nil {
			return ledger.Outcome{}, err
		}
	}
	if rule, why := forbids(def, have, in.GetCode() != "", gone, time.UnixMicro(at)); rule != "" {
		return d.Ledger.Refuse(key, who, r, &loyaltyv1.Refusal{
			Reason: commonv1.Reason_REASON_OFFER_FORBIDDEN.String(), Message: why, Metadata: map[string]string{"rule": rule},
		})
	}
	if have == nil {
		have = &State{Customer: who, Offer: def.GetId(), Received: at}
	}
	if in.GetCode() != "" {
		if err := use(ctx, d.Tx, d.Brand, in.GetCode(), def.GetId(), have.Customer); err != nil {
			return ledger.Outcome{}, err
		}
	}
	return d.finish(ctx, def, have, key, r, &loyaltyv1.Origin{OrderId: in.GetOrderId(), OfferId: def.GetId()}, at, 1)
}

// Named is the offer that a request means by its id, by a coupon, or by both.
func (b *Book) Named(in *loyaltyv1.RedeemOfferRequest) (*loyaltyv1.Offer, error) {
	if in.GetCode() == "" {
		return b.Get(in.GetOfferId())
	}
	def, err := b.ByCode(in.GetCode())
	if err == nil && in.GetOfferId() != "" && in.GetOfferId() != def.GetId() {
		return nil, fault.Invalid().Field("code", "is a code of another offer").Err()
	}
	return def, err
}

// finish writes down that a person completed an offer, or redeemed it once more, and gives
// its points the first time.
func (d *Desk) finish(ctx context.Context, def *loyaltyv1.Offer, have *State, key []byte, r *loyaltyv1.EntryRecord, of *loyaltyv1.Origin, at, redemptions int64) (ledger.Outcome, error) {
	row, err := d.row(ctx, def.GetId(), have.Customer)
	if err != nil {
		return ledger.Outcome{}, err
	}
	if row.Received == 0 {
		row.Received = have.Received
	}
	if have.Completed == 0 {
		have.Completed, row.Completed = at, at
		if have.Movement, err = d.points(def, have, of, at); err != nil {
			return ledger.Outcome{}, err
		}
		row.Movement = have.Movement
	}
	if row.Completed == 0 {
		row.Completed = at // another number of the person was first
	}
	have.Redemptions += redemptions
	row.Redemptions += redemptions
	if err := save(ctx, d.Tx, d.Brand, row); err != nil {
		return ledger.Outcome{}, err
	}
	r.Offer, r.Own = have.Proto(), row.Proto()
	if proto.Equal(r.Offer, r.Own) {
		r.Own = nil
	}
	return d.Ledger.Put(feed.Fact{Kind: record.OfferDone, Key: key, Who: row.Customer}, r)
}

// points gives those of an offer, and returns their entry; 0: it gives none.
func (d *Desk) points(def *loyaltyv1.Offer, have *State, of *loyaltyv1.Origin, at int64) (int64, error) {
	if def.GetPoints() == 0 {
		return 0, nil
	}
	out, err := d.Ledger.Do(&ledger.Task{Programme: def.GetProgrammeId(), Who: have.Customer, Record: &loyaltyv1.EntryRecord{
		Request: &loyaltyv1.EntryRecord_Earn{Earn: &loyaltyv1.EarnRequest{
			RequestId: "offer:" + def.GetId() + ":" + strconv.FormatInt(have.Customer, 10), ProgrammeId: def.GetProgrammeId(),
			Points: def.GetPoints(), OccurredAt: stamp(min(at, d.Ledger.Now())), Reason: "offer " + def.GetId(), Origin: of,
		}},
	}})
	return out.Seq, err
}

// Proto is a state as callers see it.
func (s *State) Proto() *loyaltyv1.PersonalOffer {
	out := &loyaltyv1.PersonalOffer{
		OfferId: s.Offer, CustomerId: s.Customer, ReceivedAt: stamp(s.Received), ViewedAt: stamp(s.Viewed), CompletedAt: stamp(s.Completed),
		Redemptions: int32(s.Redemptions), Spent: s.Spent, Purchases: int32(s.Purchases),
	}
	if s.Movement != 0 {
		out.MovementId = record.ID(s.Movement)
	}
	return out
}
