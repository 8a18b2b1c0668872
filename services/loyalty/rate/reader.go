package rate

import (
	"encoding/binary"
	"errors"
)

var errPacked = errors.New("rate: packed numbers are damaged")

// reader takes packed values off the front. After the first damage it yields zeros and
// bad stays set, so that callers check once, at the end. It reads from a string, so that
// texts are parts of it and no copies.
type reader struct {
	b   string
	bad bool
}

func (r *reader) fail() { r.b, r.bad = "", true }

// uint reads a number in its shortest form: equal content has one form.
func (r *reader) uint() uint64 {
	var v uint64
	for i := 0; i < len(r.b) && i < binary.MaxVarintLen64; i++ {
		c := r.b[i]
		if i == binary.MaxVarintLen64-1 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				break
			}
			r.b = r.b[i+1:]
			return v
		}
	}
	r.fail()
	return 0
}

func (r *reader) int() int64 {
	v := r.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// small reads a number of 32 bits.
func (r *reader) small() int32 {
	v := r.int()
	if v != int64(int32(v)) {
		r.fail()
		return 0
	}
	return int32(v)
}

// count reads a number of elements of at least size bytes each, so that damaged input
// cannot ask for more memory than it has bytes.
func (r *reader) count(size int) int {
	n := r.uint()
	if n > uint64(len(r.b)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.count(1)
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

// end tells whether all was read and nothing was damaged.
func (r *reader) end() error {
	if r.bad || r.b != "" {
		return errPacked
	}
	return nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendInts(b []byte, values ...int64) []byte {
	for _, v := range values {
		b = binary.AppendVarint(b, v)
	}
	return b
}
