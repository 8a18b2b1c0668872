// Package record is what Loyalty writes into its log: the kinds of facts, and how a
// movement becomes one and is read again.
//
// Every request that was decided is one fact under its key, whatever came of it: a
// MOVEMENT, a refusal by a rule of business, or that there was nothing to do. So the
// same request is answered the same for ever.
package record

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
)

// Kinds of facts in Loyalty's log. Numbers are stored: never reuse one.
const (
	// Movement moves points; body EntryRecord, the day that on which it happened in the
	// world. Of names what it continues: the hold that was captured or given back, the
	// entry whose lot expired.
	Movement int16 = 1
	// Refused is a request that moved nothing: refused, or nothing was to be done; body
	// EntryRecord. It belongs to no day.
	Refused int16 = 2
	// Programme is a version of a programme; body Programme.
	Programme = programme.Kind
	// Reward is a version of a reward; body Reward.
	Reward int16 = 20
	// Taking is what became of a taking of a reward; body EntryRecord, beside the movement
	// of its points. Of names the taking's first fact.
	Taking int16 = 21
	// Offer is a version of an offer; body Offer.
	Offer int16 = 22
	// OfferSent and OfferViewed are what they say; body OfferStep.
	OfferSent   int16 = 23
	OfferViewed int16 = 24
	// OfferDone is an offer that was redeemed or completed; body EntryRecord.
	OfferDone int16 = 25
	// OfferCounted is a purchase or a return that counts for an offer; body OfferStep.
	OfferCounted int16 = 26
	// OfferUndone is an offer whose condition is no longer met; body EntryRecord.
	OfferUndone int16 = 27
	// Receipt is a purchase of anybody known, as Journey told of it, whether it earned or
	// not; no body. The key is that of its event.
	Receipt int16 = 30
	// Person is a merge, unmerge or erasure that Segmentation told of; body CustomerEvent.
	Person int16 = 12
)

// Definitions are the kinds that say what requests mean.
var Definitions = []int16{Programme, Person, Reward, Offer, OfferSent, OfferViewed, OfferDone, OfferUndone}

// OnDelivery is from when points may be spent that wait for a delivery.
const OnDelivery = 1<<63 - 1

// Key is what a request is found again by.
func Key(requestID string) []byte {
	sum := sha256.Sum256([]byte(requestID))
	return sum[:16]
}

// ID renders the number of an entry.
func ID(seq int64) string { return strconv.FormatInt(seq, 10) }

// ParseID reads the number of an entry; false: it is none.
func ParseID(text string) (int64, bool) {
	seq, err := strconv.ParseInt(text, 10, 64)
	return seq, err == nil && seq > 0 && ID(seq) == text
}

// Pack writes a record.
func Pack(r *loyaltyv1.EntryRecord) ([]byte, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("pack entry: %w", err)
	}
	return b, nil
}

// Parse reads the record of a fact as it was packed.
func Parse(f *feed.Fact) (*loyaltyv1.EntryRecord, error) {
	r := &loyaltyv1.EntryRecord{}
	if err := proto.Unmarshal(f.Body, r); err != nil {
		return nil, fmt.Errorf("fact %d: read entry: %w", f.Seq, err)
	}
	return r, nil
}

// Open reads the movement of a fact as its readers see it.
func Open(f *feed.Fact) (*loyaltyv1.Movement, error) {
	r, err := Parse(f)
	if err != nil {
		return nil, err
	}
	return Whole(r, f.Seq, f.At), nil
}

// asked is what movements repeat of the requests that made them.
type asked interface {
	GetRequestId() string
}

// Whole completes the movement of a record by its place in the log and by what the
// request says; nil if nothing moved. The record's own movement is changed.
func Whole(r *loyaltyv1.EntryRecord, seq, at int64) *loyaltyv1.Movement {
	m := r.GetMovement()
	if m == nil {
		return nil
	}
	m.Id, m.CommittedAt = ID(seq), timestamppb.New(time.UnixMicro(at))
	if in, ok := Request(r).(asked); ok {
		m.RequestId = in.GetRequestId()
	}
	if in, ok := Request(r).(interface{ GetOrigin() *loyaltyv1.Origin }); ok && in.GetOrigin() != nil {
		m.Origin = in.GetOrigin()
	}
	if in, ok := Request(r).(interface{ GetReason() string }); ok {
		m.Reason = in.GetReason()
	}
	m.Spent = r.GetEarn().GetSpent()
	return m
}

// Request is what was asked; nil of what the programme did by itself.
func Request(r *loyaltyv1.EntryRecord) proto.Message {
	switch in := r.GetRequest().(type) {
	case *loyaltyv1.EntryRecord_Earn:
		return in.Earn
	case *loyaltyv1.EntryRecord_Activate:
		return in.Activate
	case *loyaltyv1.EntryRecord_Redeem:
		return in.Redeem
	case *loyaltyv1.EntryRecord_Hold:
		return in.Hold
	case *loyaltyv1.EntryRecord_Capture:
		return in.Capture
	case *loyaltyv1.EntryRecord_Void:
		return in.Void
	case *loyaltyv1.EntryRecord_Reverse:
		return in.Reverse
	case *loyaltyv1.EntryRecord_Adjust:
		return in.Adjust
	case *loyaltyv1.EntryRecord_Transfer:
		return in.Transfer
	case *loyaltyv1.EntryRecord_TakeReward:
		return in.TakeReward
	case *loyaltyv1.EntryRecord_ConfirmReward:
		return in.ConfirmReward
	case *loyaltyv1.EntryRecord_CancelReward:
		return in.CancelReward
	case *loyaltyv1.EntryRecord_RedeemOffer:
		return in.RedeemOffer
	}
	return nil
}
