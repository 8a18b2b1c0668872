// Package event judges events: whether one fits the clock and its brand, what its
// kind means and which occasions its receipt shows. Pure; time is an argument.
package event

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// Rules are what events of one brand are judged by.
type Rules struct {
	Brand *config.Brand
	Zone  *calendar.Zone
}

// Ready is an event that was found good.
type Ready struct {
	// Record is what the log keeps. It shares parts with the event that was judged.
	Record *journeyv1.EventRecord
	// Packed is what is counted of it.
	Packed record.Packed
	// Identity is who it is about, if it came with one instead of a number.
	Identity *commonv1.Identity
}

// Judge tells whether an event received at a moment is good. The error names every
// field that is wrong, by its path from "event" on. The event must have passed the
// rules on its fields.
func (r Rules) Judge(in *journeyv1.Event, received time.Time) (Ready, error) {
	f := fault.Invalid()
	checkOutput(f, in)
	checkTimes(f, in, received)
	checkTexts(f, in)
	goods := r.goods(f, in)
	named := subjects(f, in.GetSubjects())
	if f.Len() > 0 {
		return Ready{}, f.Err()
	}
	out := Ready{Identity: in.GetCustomer().GetIdentity()}
	out.Packed = record.Packed{
		Sign: 1, Who: in.GetCustomer().GetId(), Employee: in.GetEmployee() != "",
		Kind: in.GetKind(), Channel: in.GetChannel(), Subjects: named,
		Touchpoint: in.GetTouchpoint(), Order: in.GetOrderId(), Reason: in.GetReason(),
		At: micros(in.GetOccurredAt()), Sequence: in.GetSequence(), Amount: goods.amount, Items: goods.items,
	}
	if in.GetPromisedAt() != nil {
		out.Packed.Promised = micros(in.GetPromisedAt())
	}
	kept := keep(in)
	kept.Amount = goods.money
	kept.OccurredAt = whole(in.GetOccurredAt())
	if MeaningOf(in.GetKind()) == Purchase {
		kept.Occasions = r.occasions(in, goods)
	}
	out.Record = &journeyv1.EventRecord{Event: kept}
	return out, nil
}

// keep is the event as the log keeps it: nothing in it tells who the customer is
// but the number.
func keep(in *journeyv1.Event) *journeyv1.Event {
	out := &journeyv1.Event{
		Source: in.GetSource(), ExternalId: in.GetExternalId(), Kind: in.GetKind(), Channel: in.GetChannel(),
		Subjects: in.GetSubjects(), Touchpoint: in.GetTouchpoint(), OrderId: in.GetOrderId(), Sequence: in.GetSequence(),
		Lines: in.GetLines(), Reason: in.GetReason(), PromisedAt: whole(in.GetPromisedAt()), PartySize: in.GetPartySize(),
		Properties: in.GetProperties(),
	}
	switch {
	case in.GetCustomer().GetId() != 0:
		out.Actor = in.Actor
	case in.GetEmployee() != "":
		out.Actor = in.Actor
	}
	return out
}

// Know puts the customer's number into an event that came with an identity.
func (e *Ready) Know(id int64) {
	e.Packed.Who = id
	e.Record.Event.Actor = &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}}
}

// Fact packs a good event for the log.
func (r Rules) Fact(e *Ready) (feed.Fact, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(e.Record)
	if err != nil {
		return feed.Fact{}, err
	}
	day := int32(r.Zone.DayOf(time.UnixMicro(e.Packed.At)))
	return feed.Fact{
		Kind: record.Event, Key: Key(e.Record.GetEvent().GetSource(), e.Record.GetEvent().GetExternalId()),
		Day: day, Day2: day, Who: e.Packed.Who,
		Data: e.Packed.Append(make([]byte, 0, 96)), Body: body,
	}, nil
}

// Key is an event's natural key within its brand.
func Key(source, externalID string) []byte {
	b := make([]byte, 0, 256)
	b = binary.AppendUvarint(b, uint64(len(source)))
	b = append(append(b, source...), externalID...)
	sum := sha256.Sum256(b)
	return append([]byte(nil), sum[:16]...)
}

// Blank takes out what may be personal: whatever a sender put beside the fields.
// What is counted stays.
func Blank(kept *journeyv1.EventRecord) {
	if kept.GetEvent() != nil {
		kept.Event.Properties = nil
	}
	kept.Erased = true
}
