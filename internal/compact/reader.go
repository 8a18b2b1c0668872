// Package compact reads and writes rows of numbers and texts without names: what folds
// keep of a day, millions of times. Numbers are varints in their shortest form, texts
// follow their length, so equal content has one form and can be compared byte by byte.
package compact

import (
	"encoding/binary"
	"errors"
)

// ErrDamaged says that bytes are not what was written.
var ErrDamaged = errors.New("packed values are damaged")

// Reader takes values off the front. After the first damage it yields zeros and Bad
// stays set, so that callers check once, at the end. It reads from a string, so that
// texts are parts of it and no copies.
type Reader struct {
	Rest string
	Bad  bool
}

// Fail says that what is read is damaged.
func (r *Reader) Fail() { r.Rest, r.Bad = "", true }

// End fails unless everything was read and nothing was damaged.
func (r *Reader) End() error {
	if r.Bad || r.Rest != "" {
		return ErrDamaged
	}
	return nil
}

// Flags reads a byte of at most top.
func (r *Reader) Flags(top byte) byte {
	if r.Rest == "" || r.Rest[0] > top {
		r.Fail()
		return 0
	}
	v := r.Rest[0]
	r.Rest = r.Rest[1:]
	return v
}

// Uint reads a number in its shortest form; a longer one is damage.
func (r *Reader) Uint() uint64 {
	var v uint64
	for i := 0; i < len(r.Rest) && i < binary.MaxVarintLen64; i++ {
		c := r.Rest[i]
		if i == binary.MaxVarintLen64-1 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				break
			}
			r.Rest = r.Rest[i+1:]
			return v
		}
	}
	r.Fail()
	return 0
}

// AtMost reads a number of at most top.
func (r *Reader) AtMost(top uint64) uint64 {
	v := r.Uint()
	if v > top {
		r.Fail()
		return 0
	}
	return v
}

// Int reads a number that may be below zero.
func (r *Reader) Int() int64 {
	v := r.Uint()
	return int64(v>>1) ^ -int64(v&1)
}

// Ints fills n with what AppendInts wrote.
func (r *Reader) Ints(n []int64) {
	for i := range n {
		n[i] = r.Int()
	}
}

// Int32 reads a number of 32 bits.
func (r *Reader) Int32() int32 {
	v := r.Int()
	if v != int64(int32(v)) {
		r.Fail()
		return 0
	}
	return int32(v)
}

// Count reads a number of elements of at least size bytes each, so that damaged input
// cannot ask for more memory than it has bytes.
func (r *Reader) Count(size int) int {
	n := r.Uint()
	if n > uint64(len(r.Rest)/size) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Text reads a text that AppendText wrote.
func (r *Reader) Text() string {
	n := r.Count(1)
	s := r.Rest[:n]
	r.Rest = r.Rest[n:]
	return s
}

// AppendText writes a text behind its length.
func AppendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// AppendInts writes numbers for Int, one after the other.
func AppendInts(b []byte, values ...int64) []byte {
	for _, v := range values {
		b = binary.AppendVarint(b, v)
	}
	return b
}
