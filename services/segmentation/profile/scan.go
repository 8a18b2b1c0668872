package profile

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of the fields that Attributes reads.
const (
	fieldAttributes protowire.Number = 3
	fieldKey        protowire.Number = 1
	fieldValue      protowire.Number = 2
	fieldText       protowire.Number = 1
	fieldNumber     protowire.Number = 2
	fieldFlag       protowire.Number = 3
)

// Reader reads of what Pack wrote the attributes alone, one profile after the other:
// walks along everybody need nothing else, and all of a profile is several times the
// work. Names and short texts, which many have, are kept once; and room for all is
// found at once. The zero Reader is ready; it is for one goroutine.
type Reader struct {
	words map[string]string
	room  []Attribute
	found []Attribute
}

const (
	// manyWords is how many words a Reader keeps, longWord how many bytes are no word.
	manyWords = 4096
	longWord  = 64
	// roomy is for how many attributes there is room at once.
	roomy = 2048
)

// Attributes reads those of one profile. They keep nothing of b.
func (r *Reader) Attributes(b []byte) (Attributes, error) {
	r.found = r.found[:0]
	for len(b) > 0 {
		f, rest, err := nextField(b)
		if err == nil && f.number == fieldAttributes {
			err = r.entry(f.bytes)
		}
		if err != nil {
			return nil, fmt.Errorf("read attributes: %w", err)
		}
		b = rest
	}
	if len(r.found) == 0 {
		return nil, nil
	}
	r.order()
	if len(r.room) < len(r.found) {
		r.room = make([]Attribute, max(roomy, len(r.found)))
	}
	n := copy(r.room, r.found)
	out := r.room[:n:n]
	r.room = r.room[n:]
	return out, nil
}

// entry reads a name and its value.
func (r *Reader) entry(b []byte) error {
	var a Attribute
	for len(b) > 0 {
		f, rest, err := nextField(b)
		switch {
		case err != nil:
			return err
		case f.number == fieldKey:
			a.Name = r.word(f.bytes)
		case f.number == fieldValue:
			if err := r.value(f.bytes, &a.Value); err != nil {
				return err
			}
		}
		b = rest
	}
	r.found = append(r.found, a)
	return nil
}

func (r *Reader) value(b []byte, into *Value) error {
	for len(b) > 0 {
		f, rest, err := nextField(b)
		if err != nil {
			return err
		}
		switch f.number {
		case fieldText:
			*into = Value{kind: isText, text: r.word(f.bytes)}
		case fieldNumber:
			*into = Value{kind: isNumber, number: math.Float64frombits(f.n)}
		case fieldFlag:
			*into = flagged(f.n != 0)
		}
		b = rest
	}
	return nil
}

// word is a text, the same for equal bytes as far as that is worth it.
func (r *Reader) word(b []byte) string {
	if len(b) > longWord {
		return string(b)
	}
	if known, ok := r.words[string(b)]; ok {
		return known
	}
	if len(r.words) >= manyWords || r.words == nil {
		r.words = map[string]string{}
	}
	s := string(b)
	r.words[s] = s
	return s
}

// order puts what was found in the order of names, the last of each. Pack writes it so.
func (r *Reader) order() {
	for i := 1; i < len(r.found); i++ {
		if r.found[i-1].Name >= r.found[i].Name {
			slices.Reverse(r.found)
			slices.SortStableFunc(r.found, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
			r.found = slices.CompactFunc(r.found, func(a, b Attribute) bool { return a.Name == b.Name })
			return
		}
	}
}

// wired is a field of a message: bytes or a number.
type wired struct {
	number protowire.Number
	bytes  []byte
	n      uint64
}

// nextField takes the first field of a message off.
func nextField(b []byte) (f wired, rest []byte, err error) {
	number, kind, size := protowire.ConsumeTag(b)
	if size < 0 {
		return f, nil, protowire.ParseError(size)
	}
	b = b[size:]
	f.number = number
	switch kind {
	case protowire.BytesType:
		f.bytes, size = protowire.ConsumeBytes(b)
	case protowire.Fixed64Type:
		f.n, size = protowire.ConsumeFixed64(b)
	case protowire.VarintType:
		f.n, size = protowire.ConsumeVarint(b)
	default:
		size = protowire.ConsumeFieldValue(number, kind, b)
	}
	if size < 0 {
		return f, nil, protowire.ParseError(size)
	}
	return f, b[size:], nil
}
