package tally

import (
	"encoding/binary"
	"errors"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/journey/record"
)

var errSlab = errors.New("tally: packed slab is damaged")

// reader takes packed values off the front. After the first damage it yields zeros
// and bad stays set, so that callers check once, at the end. It reads from a
// string, so that texts are parts of it and no copies.
type reader struct {
	b   string
	bad bool
}

func (r *reader) fail() { r.b, r.bad = "", true }

// flags reads a byte of flags up to top.
func (r *reader) flags(top byte) byte {
	if len(r.b) == 0 || r.b[0] > top {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

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

// atMost reads a number that must not be above top.
func (r *reader) atMost(top uint64) uint64 {
	v := r.uint()
	if v > top {
		r.fail()
		return 0
	}
	return v
}

// count reads a number of elements of at least size bytes each, so that damaged
// input cannot ask for more memory than it has bytes.
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

func (r *reader) subjects() []record.Subject {
	n := r.count(2)
	if n == 0 {
		return nil
	}
	out := make([]record.Subject, n)
	for i := range out {
		out[i] = record.Subject{Kind: commonv1.SubjectKind(r.atMost(1<<31 - 1)), ID: r.text()}
		if r.bad || i > 0 && compareSubjects(out[i-1], out[i]) >= 0 {
			r.fail()
			return nil
		}
	}
	return out
}
