package rate

import (
	"cmp"

	"github.com/rapport-cx/rapport/internal/compact"
)

// Flows are the points issued, spent and expired on a day, by place, and what is owed.
type Flows struct {
	sheet[string]
	owed int64
}

// NewFlows returns an empty slab.
func NewFlows() *Flows {
	return &Flows{sheet: sheet[string]{width: flowWidth, compare: cmp.Compare[string]}}
}

// Apply adds a movement.
func (s *Flows) Apply(_ int32, f *Fact) {
	for i := range f.flows {
		s.add(f.flows[i].at.place, f.flows[i].n[:])
	}
	s.owed += f.owed
}

// AppendBinary packs the sums.
func (s *Flows) AppendBinary(b []byte) []byte {
	return s.pack(compact.AppendInts(b, s.owed), func(b []byte, _, place string) []byte { return compact.AppendText(b, place) })
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (s *Flows) UnmarshalBinary(data []byte) error {
	r, out := compact.Reader{Rest: string(data)}, NewFlows()
	out.owed = r.Int()
	out.unpack(&r, func(r *compact.Reader, _ string) string { return r.Text() })
	for place := range out.all() {
		if _, err := readPlace(place); err != nil {
			return err
		}
	}
	if err := r.End(); err != nil {
		return err
	}
	*s = *out
	return nil
}

// Size is the memory held, in bytes.
func (s *Flows) Size() int { return s.size(64) }

// Lots are what became of lots on a day: what more is outstanding, spent and expired.
type Lots struct{ sheet[lotKey] }

// NewLots returns an empty slab.
func NewLots() *Lots { return &Lots{sheet[lotKey]{width: lotWidth, compare: compareLots}} }

// Apply adds a movement.
func (s *Lots) Apply(_ int32, f *Fact) {
	for i := range f.parts {
		s.add(f.parts[i].at, f.parts[i].n[:])
	}
}

// AppendBinary packs the sums.
func (s *Lots) AppendBinary(b []byte) []byte {
	return s.pack(b, func(b []byte, last, k lotKey) []byte {
		return compact.AppendInts(b, int64(k.earned)-int64(last.earned), k.expires)
	})
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (s *Lots) UnmarshalBinary(data []byte) error {
	r, out := compact.Reader{Rest: string(data)}, NewLots()
	out.unpack(&r, func(r *compact.Reader, last lotKey) lotKey { return lotKey{last.earned + r.Int32(), r.Int()} })
	if err := r.End(); err != nil {
		return err
	}
	*s = *out
	return nil
}

// Size is the memory held, in bytes.
func (s *Lots) Size() int { return s.size(16) }

// Stock is what numbers got and gave on a day, by expiry.
type Stock struct{ sheet[stockKey] }

// NewStock returns an empty slab.
func NewStock() *Stock { return &Stock{sheet[stockKey]{width: 1, compare: compareStock}} }

// Apply adds a movement.
func (s *Stock) Apply(_ int32, f *Fact) {
	for i := range f.parts {
		if p := &f.parts[i]; p.n[stock] != 0 {
			s.add(stockKey{p.who, p.at.expires}, p.n[stock:stock+1])
		}
	}
}

// AppendBinary packs the sums.
func (s *Stock) AppendBinary(b []byte) []byte {
	return s.pack(b, func(b []byte, last, k stockKey) []byte { return compact.AppendInts(b, k.who-last.who, k.expires) })
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (s *Stock) UnmarshalBinary(data []byte) error {
	r, out := compact.Reader{Rest: string(data)}, NewStock()
	out.unpack(&r, func(r *compact.Reader, last stockKey) stockKey { return stockKey{last.who + r.Int(), r.Int()} })
	if err := r.End(); err != nil {
		return err
	}
	*s = *out
	return nil
}

// Size is the memory held, in bytes.
func (s *Stock) Size() int { return s.size(16) }

// Counted is what counts for tiers, as told on a day: of that day's purchases, and less of
// earlier ones that came back.
type Counted struct{ sheet[countKey] }

// NewCounted returns an empty slab.
func NewCounted() *Counted {
	return &Counted{sheet[countKey]{width: countWidth, compare: compareCounted}}
}

// Apply adds a movement.
func (s *Counted) Apply(_ int32, f *Fact) {
	for i := range f.counted {
		s.add(f.counted[i].at, f.counted[i].n[:])
	}
}

// AppendBinary packs the sums.
func (s *Counted) AppendBinary(b []byte) []byte {
	return s.pack(b, func(b []byte, last, k countKey) []byte { return compact.AppendInts(b, k.who-last.who, int64(k.day)) })
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (s *Counted) UnmarshalBinary(data []byte) error {
	r, out := compact.Reader{Rest: string(data)}, NewCounted()
	out.unpack(&r, func(r *compact.Reader, last countKey) countKey { return countKey{last.who + r.Int(), r.Int32()} })
	if err := r.End(); err != nil {
		return err
	}
	*s = *out
	return nil
}

// Size is the memory held, in bytes.
func (s *Counted) Size() int { return s.size(16) }
