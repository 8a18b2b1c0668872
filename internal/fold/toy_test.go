package fold_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
)

// A toy service: amounts under keys, on the day they belong to and on the day
// they were told. A reversal carries the data of what it takes back.
const (
	kindAmount int16 = 1 + iota
	kindReversal
	kindRule // no day; its data is a name in the directory
	kindNote // no day, no effect
	kindBad  // cannot be decoded
)

type amount struct {
	sign       int64
	key        byte
	value      int64
	day, heard int32
}

func data(key byte, value int64, day, heard int32) []byte {
	p := []byte{key}
	p = binary.BigEndian.AppendUint64(p, uint64(value))
	p = binary.BigEndian.AppendUint32(p, uint32(day))
	return binary.BigEndian.AppendUint32(p, uint32(heard))
}

func decode(_ string, f *feed.Fact) (amount, bool, error) {
	a := amount{sign: 1}
	switch f.Kind {
	case kindAmount:
	case kindReversal:
		a.sign = -1
	case kindBad:
		return a, false, errors.New("bad fact")
	default:
		return a, false, nil
	}
	a.key = f.Data[0]
	a.value = int64(binary.BigEndian.Uint64(f.Data[1:]))
	a.day = int32(binary.BigEndian.Uint32(f.Data[9:]))
	a.heard = int32(binary.BigEndian.Uint32(f.Data[13:]))
	return a, true, nil
}

func measures(a amount, day int32, into []fold.Measure) []fold.Measure {
	if day == a.day {
		into = append(into, "sums", "rows")
		if a.key == 0 {
			into = append(into, "rare")
		}
	}
	if day == a.heard {
		into = append(into, "heard")
	}
	return into
}

var allMeasures = []fold.Measure{"sums", "rows", "rare", "heard"}

func newSlab(m fold.Measure) fold.Slab[amount] {
	if m == "rows" {
		return &rows{}
	}
	return &sums{}
}

// sums is a histogram: count and sum per key.
type sums struct{ cells [256][2]int64 }

func (s *sums) Apply(_ int32, a amount) {
	s.cells[a.key][0] += a.sign
	s.cells[a.key][1] += a.sign * a.value
}

func (s *sums) AppendBinary(p []byte) []byte {
	for k, c := range s.cells {
		if c != [2]int64{} {
			p = append(p, byte(k))
			p = binary.AppendVarint(binary.AppendVarint(p, c[0]), c[1])
		}
	}
	return p
}

func (s *sums) UnmarshalBinary(p []byte) error {
	*s = sums{}
	for len(p) > 0 {
		k := p[0]
		p = p[1:]
		for i := range s.cells[k] {
			v, n := binary.Varint(p)
			if n <= 0 {
				return errors.New("cut short")
			}
			s.cells[k][i], p = v, p[n:]
		}
	}
	return nil
}

func (s *sums) Size() int { return 4096 }

// rows keeps every amount, in no order until packed.
type rows struct{ all []row }

type row struct {
	key   byte
	value int64
}

func (r *rows) Apply(_ int32, a amount) {
	if a.sign > 0 {
		r.all = append(r.all, row{a.key, a.value})
		return
	}
	i := slices.Index(r.all, row{a.key, a.value})
	if i < 0 {
		panic(fmt.Sprintf("reversal of %v that is not there", a))
	}
	r.all[i] = r.all[len(r.all)-1]
	r.all = r.all[:len(r.all)-1]
}

func (r *rows) AppendBinary(p []byte) []byte {
	sorted := slices.Clone(r.all)
	slices.SortFunc(sorted, func(a, b row) int {
		if a.key != b.key {
			return int(a.key) - int(b.key)
		}
		return int(a.value - b.value)
	})
	for _, x := range sorted {
		p = binary.BigEndian.AppendUint64(append(p, x.key), uint64(x.value))
	}
	return p
}

func (r *rows) UnmarshalBinary(p []byte) error {
	if len(p)%9 != 0 {
		return errors.New("cut short")
	}
	r.all = nil
	for ; len(p) > 0; p = p[9:] {
		r.all = append(r.all, row{p[0], int64(binary.BigEndian.Uint64(p[1:]))})
	}
	return nil
}

func (r *rows) Size() int { return 16 * cap(r.all) }
