package lake

import (
	"cmp"
	"slices"

	"github.com/rapport-cx/rapport/services/journey/trail"
)

// event is what analysis needs of one event, and what it is ordered and found by.
type event struct {
	unit, number, at int64
	sequence         int32
	subjects         uint32
	kind             uint16
	channel          uint8
}

// pile is events in columns, in any order.
type pile struct {
	unit, number, at []int64
	sequence         []int32
	subjects         []uint32
	kind             []uint16
	channel          []uint8
}

func (p *pile) len() int { return len(p.unit) }

func (p *pile) grow(n int) {
	if free := cap(p.unit) - len(p.unit); free >= n {
		return
	}
	n = max(n, len(p.unit)/2)
	p.unit, p.number, p.at = slices.Grow(p.unit, n), slices.Grow(p.number, n), slices.Grow(p.at, n)
	p.sequence, p.subjects = slices.Grow(p.sequence, n), slices.Grow(p.subjects, n)
	p.kind, p.channel = slices.Grow(p.kind, n), slices.Grow(p.channel, n)
}

func (p *pile) add(e event) {
	p.unit, p.number, p.at = append(p.unit, e.unit), append(p.number, e.number), append(p.at, e.at)
	p.sequence, p.subjects = append(p.sequence, e.sequence), append(p.subjects, e.subjects)
	p.kind, p.channel = append(p.kind, e.kind), append(p.channel, e.channel)
}

// block is events in columns, by unit and in their order. It is never changed.
type block struct {
	units    []int64
	first    []uint32
	number   []int64
	sequence []int32 // nil: all are 0
	at       []int64
	kind     []uint16
	channel  []uint8
	subjects []uint32
}

// emptyBlock has no unit.
func emptyBlock() *block { return &block{first: []uint32{0}} }

// sorted puts a pile in order.
func (p *pile) sorted() *block {
	n := p.len()
	order := byUnit(p.unit)
	b := &block{number: gather(p.number, order), at: gather(p.at, order)}
	for from := 0; from < n; {
		unit := p.unit[order[from]]
		until := from + 1
		for until < n && p.unit[order[until]] == unit {
			until++
		}
		b.units = append(b.units, unit)
		b.first = append(b.first, uint32(from))
		p.settle(b, order, from, until)
		from = until
	}
	b.first = append(b.first, uint32(n))
	b.units, b.first = slices.Clip(b.units), slices.Clip(b.first)
	if slices.ContainsFunc(p.sequence, func(s int32) bool { return s != 0 }) {
		b.sequence = gather(p.sequence, order)
	}
	b.kind, b.channel, b.subjects = gather(p.kind, order), gather(p.channel, order), gather(p.subjects, order)
	return b
}

// settle puts the events of one unit in order. Mostly they are: files are sorted by
// customer and time, and taken by their days.
func (p *pile) settle(b *block, order []uint32, from, until int) {
	ascending := true
	for i := from + 1; i < until && ascending; i++ {
		ascending = b.at[i-1] < b.at[i]
	}
	if ascending {
		return
	}
	slices.SortFunc(order[from:until], func(i, j uint32) int {
		return cmp.Or(cmp.Compare(p.at[i], p.at[j]), cmp.Compare(p.sequence[i], p.sequence[j]), cmp.Compare(p.number[i], p.number[j]))
	})
	for i := from; i < until; i++ {
		b.at[i], b.number[i] = p.at[order[i]], p.number[order[i]]
	}
}

func gather[T any](from []T, order []uint32) []T {
	out := make([]T, len(order))
	for i, o := range order {
		out[i] = from[o]
	}
	return out
}

// byUnit are the places of keys in ascending order, equal ones as they stood: a radix
// sort over the digits in which keys differ.
func byUnit(keys []int64) []uint32 {
	const digit = 11
	order, spare := make([]uint32, len(keys)), make([]uint32, len(keys))
	differ := uint64(0)
	for i := range keys {
		order[i] = uint32(i)
		differ |= uint64(keys[i]) ^ uint64(keys[0])
	}
	const sign = 1 << 63
	for shift := 0; shift < 64; shift += digit {
		if differ>>shift&(1<<digit-1) == 0 {
			continue
		}
		var count [1<<digit + 1]uint32
		for _, k := range keys {
			count[(uint64(k)^sign)>>shift&(1<<digit-1)+1]++
		}
		for i := range count[1:] {
			count[i+1] += count[i]
		}
		for _, o := range order {
			d := (uint64(keys[o]) ^ sign) >> shift & (1<<digit - 1)
			spare[count[d]] = o
			count[d]++
		}
		order, spare = spare, order
	}
	return order
}

// find is the place of a unit; false: it is not there.
func (b *block) find(unit int64) (int, bool) { return slices.BinarySearch(b.units, unit) }

// each calls fn for the events of the unit at a place.
func (b *block) each(place int, fn func(event)) {
	for i := b.first[place]; i < b.first[place+1]; i++ {
		e := event{unit: b.units[place], number: b.number[i], at: b.at[i], kind: b.kind[i], channel: b.channel[i], subjects: b.subjects[i]}
		if b.sequence != nil {
			e.sequence = b.sequence[i]
		}
		fn(e)
	}
}

// part is units [from, until) as analysis wants them, without a copy of their events.
func (b *block) part(from, until int) *trail.Part {
	lo, hi := b.first[from], b.first[until]
	first := b.first[from : until+1]
	if lo > 0 {
		first = slices.Clone(first)
		for i := range first {
			first[i] -= lo
		}
	}
	return &trail.Part{Units: b.units[from:until], First: first, At: b.at[lo:hi], Kind: b.kind[lo:hi],
		Channel: b.channel[lo:hi], Subjects: b.subjects[lo:hi]}
}

// bytes is what the block takes.
func (b *block) bytes() int64 {
	return int64(len(b.units))*8 + int64(len(b.first))*4 + int64(len(b.number))*(8+8+2+1+4) + int64(len(b.sequence))*4
}
