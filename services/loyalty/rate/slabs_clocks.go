package rate

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/rapport-cx/rapport/internal/compact"
)

// Clock is until when points of a number live without purchases, as of some movements: when
// the last purchase was told to have happened, until when points live by it, and until when
// by points that came otherwise. Clocks come to the same in whatever order they are put
// together, and are never taken back.
type Clock struct{ bought, until, given int64 }

func (c Clock) join(o Clock) Clock {
	if cmp.Or(cmp.Compare(c.bought, o.bought), cmp.Compare(c.until, o.until)) < 0 {
		c.bought, c.until = o.bought, o.until
	}
	c.given = max(c.given, o.given)
	return c
}

// end is when all points go.
func (c Clock) end() int64 {
	if c.bought == 0 && c.given == 0 {
		return Never
	}
	return max(c.until, c.given)
}

// Clocks are those that movements of a day left numbers with.
type Clocks struct{ by map[int64]Clock }

// NewClocks returns an empty slab.
func NewClocks() *Clocks { return &Clocks{map[int64]Clock{}} }

// Apply adds a movement.
func (s *Clocks) Apply(_ int32, f *Fact) {
	if f.clocked != 0 {
		s.by[f.clocked] = s.by[f.clocked].join(f.clock)
	}
}

// AppendBinary packs the clocks by number.
func (s *Clocks) AppendBinary(b []byte) []byte {
	b = binary.AppendUvarint(append(b, sheetFormat), uint64(len(s.by)))
	last := int64(0)
	for _, who := range slices.Sorted(maps.Keys(s.by)) {
		c := s.by[who]
		b = compact.AppendInts(b, who-last, c.bought, c.until, c.given)
		last = who
	}
	return b
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (s *Clocks) UnmarshalBinary(data []byte) error {
	r, out := compact.Reader{Rest: string(data)}, NewClocks()
	if r.Uint() != sheetFormat {
		r.Fail()
	}
	last := int64(0)
	for i := range r.Count(4) {
		who := last + r.Int()
		c := Clock{r.Int(), r.Int(), r.Int()}
		if i > 0 && who <= last || c == (Clock{}) {
			r.Fail()
			break
		}
		out.by[who], last = c, who
	}
	if err := r.End(); err != nil {
		return err
	}
	*s = *out
	return nil
}

// Size is the memory held, in bytes.
func (s *Clocks) Size() int { return 64 + 64*len(s.by) }
