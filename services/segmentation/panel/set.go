package panel

import (
	"math/bits"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// Set is persons by number, a bit each: numbers are given out without gaps, and to
// go over a dense set costs less than to unpack a compressed one.
type Set []uint64

// newSet has room for numbers below size, and nobody in it.
func newSet(size int) Set { return make(Set, (size+63)/64) }

func (s Set) add(id int64)    { s[id>>6] |= 1 << (id & 63) }
func (s Set) remove(id int64) { s[id>>6] &^= 1 << (id & 63) }

// Len is how many are in it.
func (s Set) Len() (n int64) {
	for _, w := range s {
		n += int64(bits.OnesCount64(w))
	}
	return n
}

// dense is a compressed set as one of numbers below size.
func dense(from *roaring64.Bitmap, size int) Set {
	out := newSet(size)
	buf := make([]uint64, 4096)
	for it := from.ManyIterator(); ; {
		n := it.NextMany(buf)
		if n == 0 {
			return out
		}
		for _, id := range buf[:n] {
			if id < uint64(size) {
				out.add(int64(id))
			}
		}
	}
}

// Portable is the set in the portable format of roaring bitmaps.
func (s Set) Portable() ([]byte, error) {
	out := roaring64.New()
	some := make([]uint64, 0, 4096)
	for at, w := range s {
		for ; w != 0; w &= w - 1 {
			some = append(some, uint64(at<<6+bits.TrailingZeros64(w)))
		}
		if len(some) > cap(some)-64 {
			out.AddMany(some)
			some = some[:0]
		}
	}
	out.AddMany(some)
	out.RunOptimize()
	return out.ToPortableBytes()
}
