package record

import (
	"encoding/binary"
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Order is how an order stands against what was promised, as far as its events
// tell. Strings of a parsed one lie in the fact's data, which never changes.
type Order struct {
	// Sign is +1 for an OUTCOME, −1 for an OUTCOME REVERSAL; not stored.
	Sign int8
	// Who is the customer, 0 if not known. The fact has it.
	Who    int64
	ID     string
	Status journeyv1.OrderOutcome_Status
	// Judged says that the order arrived and something was promised: only then Late
	// tells anything.
	Judged, Late       bool
	Partial, Missorted bool
	Channel            commonv1.Channel
	// Subjects are distinct and ordered by kind, then id.
	Subjects []Subject
	// Reason of the event that ended it; empty if none was given.
	Reason string
	// Placed, Promised and Ended are Unix microseconds, 0 if not known.
	Placed, Promised, Ended int64
}

const orderVersion = 1

const (
	judgedBit = 1 << iota
	lateBit
	partialBit
	missortedBit
)

// Append packs o.
func (o *Order) Append(b []byte) []byte {
	b = append(b, orderVersion, o.flags())
	b = appendText(b, o.ID)
	b = binary.AppendUvarint(b, uint64(o.Status))
	b = binary.AppendUvarint(b, uint64(o.Channel))
	b = appendSubjects(b, o.Subjects)
	b = appendText(b, o.Reason)
	for _, n := range [...]int64{o.Placed, o.Promised, o.Ended} {
		b = binary.AppendVarint(b, n)
	}
	return b
}

func (o *Order) flags() (flags byte) {
	for _, one := range [...]struct {
		set bool
		bit byte
	}{{o.Judged, judgedBit}, {o.Late, lateBit}, {o.Partial, partialBit}, {o.Missorted, missortedBit}} {
		if one.set {
			flags |= one.bit
		}
	}
	return flags
}

// ParseOrder unpacks an OUTCOME or OUTCOME REVERSAL.
func ParseOrder(f *feed.Fact) (Order, error) {
	r := reader{b: f.Data}
	if r.byte() != orderVersion {
		return Order{}, fmt.Errorf("fact %d: %w", f.Seq, errPacked)
	}
	flags := r.byte()
	o := Order{
		Sign: 1, Who: f.Who,
		Judged: flags&judgedBit != 0, Late: flags&lateBit != 0,
		Partial: flags&partialBit != 0, Missorted: flags&missortedBit != 0,
	}
	if f.Kind == OutcomeReversal {
		o.Sign = -1
	}
	o.ID = r.text()
	o.Status, o.Channel = journeyv1.OrderOutcome_Status(r.uint()), commonv1.Channel(r.uint())
	o.Subjects = r.subjects()
	o.Reason = r.text()
	o.Placed, o.Promised, o.Ended = r.int(), r.int(), r.int()
	if r.bad || len(r.b) > 0 {
		return Order{}, fmt.Errorf("fact %d: %w", f.Seq, errPacked)
	}
	return o, nil
}

// Outcome is the order as a caller sees it.
func (o *Order) Outcome() *journeyv1.OrderOutcome {
	out := &journeyv1.OrderOutcome{
		OrderId: o.ID, Status: o.Status, Partial: o.Partial, Missorted: o.Missorted,
		PlacedAt: stampIf(o.Placed), PromisedAt: stampIf(o.Promised), EndedAt: stampIf(o.Ended),
		Reason: o.Reason, Channel: o.Channel, CustomerId: o.Who,
	}
	if o.Judged {
		late := o.Late
		out.Late = &late
	}
	for _, s := range o.Subjects {
		out.Subjects = append(out.Subjects, &commonv1.SubjectRef{Kind: s.Kind, Id: s.ID})
	}
	return out
}
