package compare

import (
	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/people"
)

// Places are for each person the first of some sets that any of its numbers is in.
type Places struct {
	names []string
	// at has for each number one more than the place of its set; 0: in none.
	at []uint8
}

// PlacesIn lays at most 255 sets, each with its name, over the numbers up to last.
func PlacesIn(names []string, sets []*roaring64.Bitmap, who *people.Mapping, last int64) *Places {
	p := &Places{names, make([]uint8, last+1)}
	for i, set := range sets {
		each(set, who, last, func(person int64) {
			if p.at[person] == 0 {
				p.at[person] = uint8(i + 1)
			}
		})
	}
	return p
}

// PersonsIn takes those out of sets who were merged into somebody since the sets were
// found: of that person the number that stands for it tells where it is, until it is
// found out anew. Otherwise a person would be in a segment and in its opposite.
func PersonsIn(sets []*roaring64.Bitmap, who *people.Mapping) []*roaring64.Bitmap {
	if who.Empty() {
		return sets
	}
	for _, set := range sets {
		var merged []uint64
		for it := set.Iterator(); it.HasNext(); {
			if id := it.Next(); who.Person(int64(id)) != int64(id) {
				merged = append(merged, id)
			}
		}
		set.AndNot(roaring64.BitmapOf(merged...))
	}
	return sets
}

// each calls fn for the person of every number in a set, up to a last one: a person of
// several numbers may come more than once.
func each(set *roaring64.Bitmap, who *people.Mapping, last int64, fn func(person int64)) {
	many := set.ManyIterator()
	var some [1024]uint64
	for {
		n := many.NextMany(some[:])
		if n == 0 {
			return
		}
		for _, id := range some[:n] {
			if person := who.Person(int64(id)); person > 0 && person <= last {
				fn(person)
			}
		}
	}
}

// Of is a person's state.
func (p *Places) Of(person int64) string {
	if i := p.at[person]; i > 0 {
		return p.names[i-1]
	}
	return None
}
