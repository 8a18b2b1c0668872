package tally

import (
	"slices"

	"github.com/rapport-cx/rapport/internal/compact"
)

// dict numbers distinct values by their packed form.
type dict[T any] struct {
	packed  []string
	entries []T
	index   map[string]uint32 // built by the first change after reading
	bytes   int
	read    func(*reader) T
}

// number finds the entry, or adds it.
func (d *dict[T]) number(packed string) uint32 {
	if d.index == nil {
		d.index = make(map[string]uint32, len(d.packed))
		for i, p := range d.packed {
			d.index[p] = uint32(i)
		}
	}
	if n, ok := d.index[packed]; ok {
		return n
	}
	n := uint32(len(d.packed))
	d.add(packed, d.read(&reader{compact.Reader{Rest: packed}}))
	d.index[packed] = n
	return n
}

func (d *dict[T]) add(packed string, entry T) {
	d.packed, d.entries = append(d.packed, packed), append(d.entries, entry)
	d.bytes += entryCost + 3*len(packed)
}

// entryCost estimates what one entry takes beside its text: decoded, packed and in
// the index.
const entryCost = 200

// ordered are the numbers of the entries in use, ascending by their packed form.
func (d *dict[T]) ordered(used []bool) []uint32 {
	order := make([]uint32, 0, len(used))
	for n, u := range used {
		if u {
			order = append(order, uint32(n))
		}
	}
	slices.SortFunc(order, func(a, b uint32) int {
		if d.packed[a] < d.packed[b] {
			return -1
		}
		return 1
	})
	return order
}

// readOne takes one more packed entry, which must stand behind the last.
func (d *dict[T]) readOne(r *reader) bool {
	packed := r.Text()
	in := reader{compact.Reader{Rest: packed}}
	entry := d.read(&in)
	last := len(d.packed) - 1
	if r.Bad || in.Bad || in.Rest != "" || last >= 0 && d.packed[last] >= packed {
		r.Fail()
		return false
	}
	d.add(packed, entry)
	return true
}
