package rfm

import (
	"encoding/binary"
	"errors"
	"math"
)

// packed is the version of the form of a block:
//
//	version, number of rows
//	each row: steps since the person before, days, purchases, spent
//
// A row is about eight bytes. Scores are not in it: cuts and values give them.
const packed = 1

// blockRows is how many rows a block has.
const blockRows = 4096

func pack(rows []Row) []byte {
	out := make([]byte, 0, 10*len(rows)+8)
	out = binary.AppendUvarint(append(out, packed), uint64(len(rows)))
	before := int64(0)
	for i := range rows {
		r := &rows[i]
		out = binary.AppendUvarint(out, uint64(r.Person-before))
		for _, n := range [...]int64{r.Days, r.Purchases, r.Spent} {
			out = binary.AppendVarint(out, n)
		}
		before = r.Person
	}
	return out
}

var errPacked = errors.New("block of an RFM run cannot be read")

// unpack calls fn for each row of a block, as long as it returns true.
func unpack(b []byte, fn func(*Row) bool) error {
	if len(b) == 0 || b[0] != packed {
		return errPacked
	}
	b = b[1:]
	n, size := binary.Uvarint(b)
	if size <= 0 || n > blockRows {
		return errPacked
	}
	b = b[size:]
	var r Row
	for range n {
		step, size := binary.Uvarint(b)
		if size <= 0 || step == 0 || step > uint64(math.MaxInt64-r.Person) {
			return errPacked
		}
		r.Person += int64(step)
		b = b[size:]
		for _, into := range [...]*int64{&r.Days, &r.Purchases, &r.Spent} {
			if *into, size = binary.Varint(b); size <= 0 {
				return errPacked
			}
			b = b[size:]
		}
		if !fn(&r) {
			return nil
		}
	}
	if len(b) > 0 {
		return errPacked
	}
	return nil
}
