package tally

import "encoding/binary"

// Set is what a response names and counts in, as in Tally.
type Set struct{ Named, Path []uint32 }

// dict numbers the distinct values of a column. Entries are kept packed as well,
// so that one is found without allocating.
type dict[T any] struct {
	entries []T
	index   map[string]uint32 // built by the first change after reading
	bytes   int
	pack    func([]byte, T) []byte
}

func packSet(b []byte, s Set) []byte { return appendSet(appendSet(b, s.Named), s.Path) }

func packFacets(b []byte, facets []Facet) []byte {
	b = binary.AppendUvarint(b, uint64(len(facets)))
	for _, f := range facets {
		b = appendString(appendString(b, f.Name), f.Value)
	}
	return b
}

// number finds the entry, or adds what own makes of it: the slab outlives the
// fact it comes from.
func (d *dict[T]) number(v T, own func(T) T) uint32 {
	if d.index == nil {
		d.index = make(map[string]uint32, len(d.entries))
		for i, e := range d.entries {
			d.index[string(d.pack(nil, e))] = uint32(i)
		}
	}
	var room [128]byte
	packed := d.pack(room[:0], v)
	if n, ok := d.index[string(packed)]; ok {
		return n
	}
	n := uint32(len(d.entries))
	d.entries = append(d.entries, own(v))
	d.index[string(packed)] = n
	d.bytes += entryCost(len(packed))
	return n
}

// entryCost estimates what one entry takes, decoded and in the index.
func entryCost(packed int) int { return 160 + 5*packed }

// used renumbers the entries in the order in which the column first uses them,
// so that equal columns pack alike however they came about.
func (d *dict[T]) used(column []uint32) (order []T, numbers []uint32) {
	numbers = make([]uint32, len(d.entries))
	for _, n := range column {
		if numbers[n] == 0 {
			order = append(order, d.entries[n])
			numbers[n] = uint32(len(order)) // from 1: 0 is unused
		}
	}
	return order, numbers
}
