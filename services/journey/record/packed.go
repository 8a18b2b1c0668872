package record

import (
	"encoding/binary"
	"errors"
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Packed is what folds and the lake need of an event. Strings of a parsed one lie
// in the fact's data, which never changes.
type Packed struct {
	// Sign is +1 for an EVENT, −1 for a REVERSAL; not stored.
	Sign int8
	// Number of the event: the seq of its first version. Who is the customer, 0 if not
	// known. Neither is stored here: the fact has them.
	Number, Who int64
	// Employee is true if an employee acted.
	Employee bool
	Kind     string
	Channel  commonv1.Channel
	Subjects []Subject
	// Touchpoint, Order and Reason are empty if unset.
	Touchpoint, Order, Reason string
	// At and Promised are Unix microseconds; Promised is 0 if unset.
	At, Promised int64
	Sequence     int32
	// Amount is in minor units; Items in thousandths.
	Amount, Items int64
}

// Subject is one that an event names.
type Subject struct {
	Kind commonv1.SubjectKind
	ID   string
}

const packedVersion = 1

// Append packs p.
func (p *Packed) Append(b []byte) []byte {
	flags := byte(0)
	if p.Employee {
		flags = 1
	}
	b = append(b, packedVersion, flags)
	b = appendText(b, p.Kind)
	b = binary.AppendUvarint(b, uint64(p.Channel))
	b = appendSubjects(b, p.Subjects)
	b = appendText(b, p.Touchpoint)
	b = appendText(b, p.Order)
	b = appendText(b, p.Reason)
	for _, n := range [...]int64{p.At, p.Promised, int64(p.Sequence), p.Amount, p.Items} {
		b = binary.AppendVarint(b, n)
	}
	return b
}

func appendSubjects(b []byte, named []Subject) []byte {
	b = binary.AppendUvarint(b, uint64(len(named)))
	for _, s := range named {
		b = binary.AppendUvarint(b, uint64(s.Kind))
		b = appendText(b, s.ID)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// ParseEvent unpacks an EVENT or REVERSAL.
func ParseEvent(f *feed.Fact) (Packed, error) {
	r := reader{b: f.Data}
	if r.byte() != packedVersion {
		return Packed{}, fmt.Errorf("fact %d: %w", f.Seq, errPacked)
	}
	p := Packed{Sign: 1, Number: First(f), Who: f.Who}
	if f.Kind == Reversal {
		p.Sign = -1
	}
	p.Employee = r.byte() == 1
	p.Kind = r.text()
	p.Channel = commonv1.Channel(r.uint())
	p.Subjects = r.subjects()
	p.Touchpoint, p.Order, p.Reason = r.text(), r.text(), r.text()
	p.At, p.Promised, p.Sequence = r.int(), r.int(), int32(r.int())
	p.Amount, p.Items = r.int(), r.int()
	if r.bad || len(r.b) > 0 {
		return Packed{}, fmt.Errorf("fact %d: %w", f.Seq, errPacked)
	}
	return p, nil
}

var errPacked = errors.New("packed data are damaged")

// reader takes values off the front. After the first that is not there, bad stays
// set and all others are zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() { r.bad, r.b = true, nil }

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) subjects() []Subject {
	n := r.uint()
	if n == 0 {
		return nil
	}
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	out := make([]Subject, n)
	for i := range out {
		out[i] = Subject{Kind: commonv1.SubjectKind(r.uint()), ID: r.text()}
	}
	return out
}
