package segments

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/rapport-cx/rapport/internal/people"
)

// MostGiven bounds the numbers in a set that a caller sends: a few bytes may name
// one number, and a bit is held for each one below it. This is 32 MiB.
const MostGiven = 1 << 28

var errGiven = errors.New("is not a roaring bitmap of 64 bits in the portable format")

// head is the number of 32-bit bitmaps and the high half of the numbers in the first.
const head = 8 + 4

// Given reads a set of customers that a caller sent, and believes nothing of it: no
// length in it makes more memory than its own bytes and MostGiven allow. Errors say
// what is wrong with the field it came in.
func Given(packed []byte) (Bits, error) {
	if len(packed) < 8 {
		return nil, errGiven
	}
	switch n := binary.LittleEndian.Uint64(packed); {
	case n == 0 && len(packed) == 8:
		return nil, nil
	case n == 0 || len(packed) < head:
		return nil, errGiven
	case n > 1 || binary.LittleEndian.Uint32(packed[8:]) != 0:
		return nil, tooFar()
	}
	set := roaring.New()
	read, err := set.ReadFrom(bytes.NewReader(packed[head:]))
	if err != nil || read != int64(len(packed)-head) || set.Validate() != nil {
		return nil, errGiven
	}
	if set.IsEmpty() {
		return nil, nil
	}
	if set.Maximum() >= MostGiven {
		return nil, tooFar()
	}
	out := Bits(set.ToDense())
	out[0] &^= 1 // 0 is nobody
	return out, nil
}

func tooFar() error { return fmt.Errorf("has numbers of %d or more, which no customer has", MostGiven) }

// Widen is the set with all numbers of everybody who has one in it.
func (b Bits) Widen(m *people.Mapping) Bits { return widen(b, m) }

// And is whoever is in both sets.
func (b Bits) And(o Bits) Bits {
	if len(o) < len(b) {
		b, o = o, b
	}
	out := make(Bits, len(b))
	for i, word := range b {
		out[i] = word & o[i]
	}
	return out
}
