package segments

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/people"
)

// Bits is a set of customer numbers, a bit for each. Numbers are given out from 1
// on without gaps, so that this takes an eighth of a byte per customer, and to look
// one up is a load and a shift.
type Bits []uint64

// Has tells whether a number is in the set; 0, an unknown customer, never is.
func (b Bits) Has(n int64) bool {
	word := uint64(n) >> 6
	return word < uint64(len(b)) && b[word]>>(uint64(n)&63)&1 != 0
}

// mostBits bounds the memory of one set to 512 MiB: no brand has more customers.
const mostBits = 1 << 32

// read unpacks a set of persons as Segmentation sends it.
func read(packed []byte) (Bits, error) {
	set := roaring64.New()
	if err := set.UnmarshalBinary(packed); err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	set.Remove(0)
	if set.IsEmpty() {
		return nil, nil
	}
	if top := set.Maximum(); top >= mostBits {
		return nil, fmt.Errorf("read members: customer %d is beyond what can be held", top)
	}
	out := make(Bits, set.Maximum()>>6+1)
	var room [4096]uint64
	for next := set.ManyIterator(); ; {
		n := next.NextMany(room[:])
		if n == 0 {
			return out, nil
		}
		for _, v := range room[:n] {
			out[v>>6] |= 1 << (v & 63)
		}
	}
}

// widen gives the set with all numbers of everybody who has one in it.
func widen(persons Bits, m *people.Mapping) Bits {
	if m.Empty() || len(persons) == 0 {
		return persons
	}
	out := append(make(Bits, 0, len(persons)+len(persons)/8), persons...)
	// First whoever stands for one of the set, which after a merge not heard of yet
	// may still hold the number that was merged away; then everybody behind those.
	m.Each(func(id, person int64) {
		if persons.Has(id) {
			out = out.with(person)
		}
	})
	m.Each(func(id, person int64) {
		if out.Has(person) {
			out = out.with(id)
		}
	})
	return out
}

// with is the set with n in it, longer if need be.
func (b Bits) with(n int64) Bits {
	word := n >> 6
	if n <= 0 || n >= mostBits {
		return b
	}
	for int64(len(b)) <= word {
		b = append(b, 0)
	}
	b[word] |= 1 << (n & 63)
	return b
}
