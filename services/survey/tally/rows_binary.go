package tally

import "encoding/binary"

const rowsFormat = 1

// AppendBinary packs the rows column by column; equal rows give equal bytes.
func (r *Rows) AppendBinary(b []byte) []byte {
	b = append(b, rowsFormat)
	b = appendAscending(b, r.Row)
	b = appendDict(b, &r.sets, r.Set)
	b = appendDict(b, &r.facets, r.FacetSet)
	b = appendColumn(b, r.Survey)
	b = appendColumn(b, r.Customer)
	for _, column := range r.small() {
		b = appendColumn(b, *column)
	}
	return appendAscending(b, r.owed)
}

// UnmarshalBinary replaces the rows by what AppendBinary packed.
func (r *Rows) UnmarshalBinary(b []byte) error {
	in := reader{b: b}
	if in.byte() != rowsFormat {
		return errSlab
	}
	out := NewRows(r.metric, r.live)
	out.Row = readAscending(&in)
	n := len(out.Row)
	out.Set = readDict(&in, n, &out.sets, func(in *reader) Set { return Set{in.set(), in.set()} })
	out.FacetSet = readDict(&in, n, &out.facets, (*reader).facets)
	out.Survey = readColumn[uint32](&in, n, 1<<32-1)
	out.Customer = readColumn[int64](&in, n, 1<<63-1)
	for c, column := range out.small() {
		*column = readColumn[uint8](&in, n, [...]uint64{maxChannel, 255, maxQuarter, maxHour, 255, maxImportance, 1}[c])
	}
	for _, s := range out.Score {
		if s > maxScore && (s != NoScore || r.metric != LowShare) {
			return errSlab
		}
	}
	out.owed = readAscending(&in)
	if in.bad || len(in.b) > 0 {
		return errSlab
	}
	*r = *out
	return nil
}

// appendAscending packs numbers, ascending with repeats, as differences.
func appendAscending(b []byte, column []int64) []byte {
	b = binary.AppendUvarint(b, uint64(len(column)))
	last := int64(0)
	for _, v := range column {
		b = binary.AppendUvarint(b, uint64(v-last))
		last = v
	}
	return b
}

func readAscending(in *reader) []int64 {
	n := in.count(1)
	column := make([]int64, n)
	last := int64(0)
	for i := range column {
		v := last + int64(in.uvarint())
		if v < last {
			in.fail()
			return nil
		}
		column[i], last = v, v
	}
	return column
}

// A column is packed as one value if all are equal, as they often are.
const (
	columnEqual  = 0
	columnVaried = 1
)

func allEqual[T comparable](column []T) bool {
	for _, v := range column {
		if v != column[0] {
			return false
		}
	}
	return true
}

func appendColumn[T uint8 | uint32 | int64](b []byte, column []T) []byte {
	if len(column) == 0 {
		return b
	}
	if allEqual(column) {
		return binary.AppendUvarint(append(b, columnEqual), uint64(column[0]))
	}
	b = append(b, columnVaried)
	if small, ok := any(column).([]uint8); ok {
		return append(b, small...)
	}
	for _, v := range column {
		b = binary.AppendUvarint(b, uint64(v))
	}
	return b
}

func readColumn[T uint8 | uint32 | int64](in *reader, n int, top uint64) []T {
	if n == 0 || in.bad {
		return nil
	}
	kind := in.byte()
	if kind > columnVaried || kind == columnVaried && len(in.b) < n {
		in.fail()
		return nil
	}
	column := make([]T, n)
	if kind == columnEqual {
		v := in.atMost(top)
		for i := range column {
			column[i] = T(v)
		}
		return column
	}
	if small, ok := any(column).([]uint8); ok {
		copy(small, in.b)
		in.b = in.b[n:]
		for _, v := range small {
			if uint64(v) > top {
				in.fail()
			}
		}
	} else {
		for i := range column {
			column[i] = T(in.atMost(top))
		}
	}
	// Equal values are never packed one by one: equal content has one form.
	if allEqual(column) {
		in.fail()
	}
	return column
}

func appendDict[T any](b []byte, d *dict[T], column []uint32) []byte {
	order, numbers := d.used(column)
	b = binary.AppendUvarint(b, uint64(len(order)))
	for _, e := range order {
		b = d.pack(b, e)
	}
	if len(order) < 2 {
		return b
	}
	for _, n := range column {
		b = binary.AppendUvarint(b, uint64(numbers[n]-1))
	}
	return b
}

func readDict[T any](in *reader, rows int, d *dict[T], read func(*reader) T) []uint32 {
	n := in.count(1)
	if n > rows || n == 0 && rows > 0 {
		in.fail()
		return nil
	}
	d.entries = make([]T, n)
	for i := range d.entries {
		before := len(in.b)
		d.entries[i] = read(in)
		d.bytes += entryCost(before - len(in.b))
	}
	column := make([]uint32, rows)
	if n < 2 || in.bad {
		return column
	}
	next := uint64(0) // entries stand in the order of their first use
	for i := range column {
		v := in.atMost(next)
		if v == next {
			next++
		}
		column[i] = uint32(v)
	}
	if next != uint64(n) {
		in.fail()
	}
	return column
}
