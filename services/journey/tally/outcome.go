package tally

import (
	"encoding/binary"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/compact"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// Outcome is how an order stands, as far as it is counted.
type Outcome struct {
	Status journeyv1.OrderOutcome_Status
	// Late, Partial and Missorted are false for what did not arrive.
	Late, Partial, Missorted bool
	Channel                  commonv1.Channel
	// Subjects are distinct and ascending.
	Subjects []record.Subject
	// Reason of the event that ended it; empty if none was given.
	Reason string
}

const (
	lateBit      = 1
	partialBit   = 2
	missortedBit = 4
)

func (o Outcome) pack() string {
	var room [256]byte
	b := binary.AppendUvarint(room[:0], uint64(uint32(o.Status)))
	b = append(b, flag(o.Late, lateBit)|flag(o.Partial, partialBit)|flag(o.Missorted, missortedBit))
	b = binary.AppendUvarint(b, uint64(o.Channel))
	return string(compact.AppendText(appendSubjects(b, o.Subjects), o.Reason))
}

func readOutcome(r *reader) Outcome {
	o := Outcome{Status: journeyv1.OrderOutcome_Status(r.AtMost(1<<31 - 1))}
	flags := r.Flags(lateBit | partialBit | missortedBit)
	o.Late, o.Partial, o.Missorted = flags&lateBit != 0, flags&partialBit != 0, flags&missortedBit != 0
	o.Channel = commonv1.Channel(r.AtMost(1<<31 - 1))
	o.Subjects, o.Reason = r.subjects(), r.Text()
	return o
}
