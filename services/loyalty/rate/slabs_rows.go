package rate

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/compact"
)

// Rows are the points issued and spent on a day by number, place, and the day that they count for.
type Rows struct{ sheet[rowKey] }

// NewRows returns an empty slab.
func NewRows() *Rows { return &Rows{sheet[rowKey]{width: flowWidth, compare: compareRows}} }

// Apply adds a movement. Nobody asks whose points expired, and there may be millions of
// them a night.
func (s *Rows) Apply(_ int32, f *Fact) {
	for i := range f.flows {
		n := f.flows[i].n
		if n[expired] = 0; n != [flowWidth]int64{} {
			s.add(f.flows[i].at, n[:])
		}
	}
}

// AppendBinary packs the sums; places are few, and named once.
func (s *Rows) AppendBinary(b []byte) []byte {
	all := s.merged(0)
	places := make([]string, len(all.keys))
	for i, k := range all.keys {
		places[i] = k.place
	}
	slices.Sort(places)
	places = slices.Compact(places)
	b = binary.AppendUvarint(b, uint64(len(places)))
	for _, p := range places {
		b = compact.AppendText(b, p)
	}
	return s.pack(b, func(b []byte, last, k rowKey) []byte {
		at, _ := slices.BinarySearch(places, k.place)
		return binary.AppendUvarint(compact.AppendInts(b, k.who-last.who, int64(k.day)), uint64(at))
	})
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (s *Rows) UnmarshalBinary(data []byte) error {
	r, out := compact.Reader{Rest: string(data)}, NewRows()
	places := make([]string, r.Count(1))
	unused := map[uint64]bool{}
	for i := range places {
		places[i], unused[uint64(i)] = r.Text(), true
		if _, err := readPlace(places[i]); err != nil || i > 0 && places[i-1] >= places[i] {
			r.Fail()
		}
	}
	out.unpack(&r, func(r *compact.Reader, last rowKey) rowKey {
		k := rowKey{who: last.who + r.Int(), day: r.Int32()}
		at := r.Uint()
		if at >= uint64(len(places)) {
			r.Fail()
			return k
		}
		delete(unused, at)
		k.place = places[at]
		return k
	})
	if err := r.End(); err != nil || len(unused) > 0 {
		return compact.ErrDamaged
	}
	*s = *out
	return nil
}

// Size is the memory held, in bytes.
func (s *Rows) Size() int { return s.size(48) }

// Bought are the receipts of a day by number, and what they came to.
type Bought struct{ sheet[int64] }

// NewBought returns an empty slab.
func NewBought() *Bought {
	return &Bought{sheet[int64]{width: receiptWidth, compare: cmp.Compare[int64]}}
}

// Apply adds a receipt.
func (s *Bought) Apply(_ int32, f *Fact) { s.add(f.who, []int64{1, f.amount}) }

// AppendBinary packs the sums.
func (s *Bought) AppendBinary(b []byte) []byte {
	return s.pack(b, func(b []byte, last, who int64) []byte { return compact.AppendInts(b, who-last) })
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (s *Bought) UnmarshalBinary(data []byte) error {
	r, out := compact.Reader{Rest: string(data)}, NewBought()
	out.unpack(&r, func(r *compact.Reader, last int64) int64 { return last + r.Int() })
	if err := r.End(); err != nil {
		return err
	}
	*s = *out
	return nil
}

// Size is the memory held, in bytes.
func (s *Bought) Size() int { return s.size(8) }

// Crowd is who moved anything on a day, who earned or spent, and who spent: movements
// stand for ever, so nobody leaves.
type Crowd struct{ moved, active, spenders *roaring64.Bitmap }

// NewCrowd returns an empty slab.
func NewCrowd() *Crowd { return &Crowd{roaring64.New(), roaring64.New(), roaring64.New()} }

// Apply adds a movement.
func (s *Crowd) Apply(_ int32, f *Fact) {
	s.moved.Add(uint64(f.who))
	if f.to != 0 {
		s.moved.Add(uint64(f.to))
	}
	if f.active {
		s.active.Add(uint64(f.who))
	}
	if f.spender {
		s.spenders.Add(uint64(f.who))
	}
}

// AppendBinary packs the sets number by number: a bitmap's own form depends on how it came
// about.
func (s *Crowd) AppendBinary(b []byte) []byte {
	for _, set := range []*roaring64.Bitmap{s.moved, s.active, s.spenders} {
		b = binary.AppendUvarint(b, set.GetCardinality())
		last := uint64(0)
		for it := set.Iterator(); it.HasNext(); {
			who := it.Next()
			b = binary.AppendUvarint(b, who-last)
			last = who
		}
	}
	return b
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (s *Crowd) UnmarshalBinary(data []byte) error {
	r, out := compact.Reader{Rest: string(data)}, NewCrowd()
	for _, set := range []*roaring64.Bitmap{out.moved, out.active, out.spenders} {
		last := uint64(0)
		for i := range r.Count(1) {
			step := r.Uint()
			if i > 0 && step == 0 || last+step < last {
				r.Fail()
				break
			}
			last += step
			set.Add(last)
		}
	}
	if err := r.End(); err != nil {
		return err
	}
	*s = *out
	return nil
}

// Size is the memory held, in bytes.
func (s *Crowd) Size() int {
	return int(160 + s.moved.GetSizeInBytes() + s.active.GetSizeInBytes() + s.spenders.GetSizeInBytes())
}
