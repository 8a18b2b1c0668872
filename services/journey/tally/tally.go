// Package tally is what Journey's facts count for: the slabs that visits, people,
// contacts, receipts, retention and the success index are summed from.
//
// A day has one slab per kind of events, with a row per customer and Trait; one of
// the kinds that occurred; and one of the outcomes of orders. Customers stand in
// rows under the number their events came with: who that is now is applied when
// rows are read, so that a merge refolds nothing.
package tally

import (
	"errors"
	"fmt"

	"github.com/rapport-cx/rapport/internal/compact"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// Fact is what slabs need of an event or an outcome.
type Fact struct {
	// sign is +1 for what is added and −1 for what is taken out.
	sign int32
	// who is the customer's number, 0 if not known; always 0 for an outcome.
	who int64
	// measure that the fact moves, beside that of kinds.
	measure string
	// packed is the Trait of an event or the Outcome of an order; packedKind the kind.
	packed, packedKind string
}

var errFact = errors.New("tally: fact cannot be counted")

// Decode reads the counting part of a fact; false if it counts for nothing.
func Decode(_ string, f *feed.Fact) (*Fact, bool, error) {
	switch f.Kind {
	case record.Event, record.Reversal:
		out, err := decodeEvent(f)
		return out, err == nil, err
	case record.Outcome, record.OutcomeReversal:
		out, err := decodeOutcome(f)
		return out, err == nil, err
	}
	return nil, false, nil
}

func decodeEvent(f *feed.Fact) (*Fact, error) {
	p, err := record.ParseEvent(f)
	if err != nil {
		return nil, err
	}
	if p.Who < 0 || p.Channel < 0 || p.Kind == "" {
		return nil, fmt.Errorf("fact %d: %w", f.Seq, errFact)
	}
	t := Trait{Employee: p.Employee, Channel: p.Channel, Subjects: p.Subjects, Reason: p.Reason, Touchpoint: p.Touchpoint}
	return &Fact{
		sign: int32(p.Sign), who: p.Who, measure: KindMeasure(p.Kind),
		packed: t.pack(), packedKind: string(compact.AppendText(nil, p.Kind)),
	}, nil
}

func decodeOutcome(f *feed.Fact) (*Fact, error) {
	p, err := record.ParseOrder(f)
	if err != nil {
		return nil, err
	}
	if p.Status < 0 || p.Channel < 0 {
		return nil, fmt.Errorf("fact %d: %w", f.Seq, errFact)
	}
	o := Outcome{
		Status: p.Status, Late: p.Late, Partial: p.Partial, Missorted: p.Missorted,
		Channel: p.Channel, Subjects: p.Subjects, Reason: p.Reason,
	}
	return &Fact{sign: int32(p.Sign), measure: OrdersMeasure, packed: o.pack()}, nil
}
