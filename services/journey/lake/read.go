package lake

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// reader decodes the columns that analysis needs of files, one after the other, into
// a pile. It is used by one goroutine; what it decodes into is used again.
type reader struct {
	names *names
	unit  journeyv1.Unit
	days  calendar.Days
	// drops tells which events of the files no longer hold.
	drops func(number int64) bool
	pile  pile

	unitID, number, at        []int64
	sequence, day             []int32
	kind, channel, subjects   []uint32
	employee                  []bool
	kindAt, channelAt, setsAt []uint32
}

// read adds a file's events.
func (r *reader) read(content *parquet.File, partial bool) error {
	for _, g := range content.RowGroups() {
		if err := r.group(content, g, partial); err != nil {
			return err
		}
		r.take(int(g.NumRows()), partial)
	}
	return nil
}

// group decodes the columns of a row group.
func (r *reader) group(content *parquet.File, g parquet.RowGroup, partial bool) error {
	r.unitID, r.number, r.at = r.unitID[:0], r.number[:0], r.at[:0]
	r.sequence, r.day, r.employee = r.sequence[:0], r.day[:0], r.employee[:0]
	r.kind, r.channel, r.subjects = r.kind[:0], r.channel[:0], r.subjects[:0]
	r.kindAt, r.channelAt, r.setsAt = r.kindAt[:0], r.channelAt[:0], r.setsAt[:0]
	columns := map[string]func(parquet.Page) error{
		"event_id":    func(p parquet.Page) error { return int64s(p, &r.number) },
		"occurred_at": func(p parquet.Page) error { return int64s(p, &r.at) },
		"sequence":    func(p parquet.Page) error { return int32s(p, &r.sequence) },
		"kind":        func(p parquet.Page) error { return texts(p, r.names.kind, &r.kindAt, &r.kind) },
		"channel":     func(p parquet.Page) error { return texts(p, channelOf, &r.channelAt, &r.channel) },
		"subjects":    func(p parquet.Page) error { return texts(p, r.names.set, &r.setsAt, &r.subjects) },
	}
	if r.unit == journeyv1.Unit_UNIT_ORDER {
		columns["order_id"] = func(p parquet.Page) error { return orders(p, &r.unitID) }
	} else {
		columns["customer_id"] = func(p parquet.Page) error { return int64s(p, &r.unitID) }
		columns["employee"] = func(p parquet.Page) error { return bools(p, &r.employee) }
	}
	if partial {
		columns["day"] = func(p parquet.Page) error { return int32s(p, &r.day) }
	}
	chunks := g.ColumnChunks()
	for name, take := range columns {
		leaf, ok := content.Schema().Lookup(name)
		if !ok {
			return fmt.Errorf("no column %s", name)
		}
		if err := pages(chunks[leaf.ColumnIndex], take); err != nil {
			return fmt.Errorf("column %s: %w", name, err)
		}
	}
	for _, n := range []int{len(r.unitID), len(r.number), len(r.at), len(r.sequence), len(r.kind), len(r.channel), len(r.subjects)} {
		if n != int(g.NumRows()) {
			return fmt.Errorf("a column has %d of %d values", n, g.NumRows())
		}
	}
	return nil
}

// take adds what was decoded and is asked for.
func (r *reader) take(n int, partial bool) {
	r.pile.grow(n)
	people := r.unit != journeyv1.Unit_UNIT_ORDER
	for i := range n {
		switch {
		case r.unitID[i] == 0, people && r.employee[i],
			partial && !r.days.Has(calendar.Day(r.day[i])), r.drops(r.number[i]):
			continue
		}
		r.pile.add(event{unit: r.unitID[i], number: r.number[i], at: r.at[i], sequence: r.sequence[i],
			kind: uint16(r.kind[i]), channel: uint8(r.channel[i]), subjects: r.subjects[i]})
	}
}

// pages calls take for each page of a column.
func pages(chunk parquet.ColumnChunk, take func(parquet.Page) error) error {
	all := chunk.Pages()
	defer all.Close()
	for {
		p, err := all.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = take(p)
		parquet.Release(p)
		if err != nil {
			return err
		}
	}
}

var errShape = errors.New("unexpected type")

func data(p parquet.Page, kind encoding.Kind) (encoding.Values, error) {
	v := p.Data()
	if v.Kind() != kind {
		return v, fmt.Errorf("%s, not %s: %w", v.Kind(), kind, errShape)
	}
	return v, nil
}

func int64s(p parquet.Page, to *[]int64) error {
	v, err := data(p, encoding.Int64)
	if err == nil {
		*to = append(*to, v.Int64()...)
	}
	return err
}

func int32s(p parquet.Page, to *[]int32) error {
	v, err := data(p, encoding.Int32)
	if err == nil {
		*to = append(*to, v.Int32()...)
	}
	return err
}

func bools(p parquet.Page, to *[]bool) error {
	values, ok := p.Values().(parquet.BooleanReader)
	if !ok {
		return errShape
	}
	from := len(*to)
	*to = append(*to, make([]bool, p.NumValues())...)
	if n, err := values.ReadBooleans((*to)[from:]); n != len(*to)-from {
		return fmt.Errorf("%d of %d values: %w", n, len(*to)-from, err)
	}
	return nil
}

// texts turns texts into the numbers that stand for them. All files we write have a
// dictionary; at holds the numbers of its entries.
func texts(p parquet.Page, number func([]byte) (uint32, error), at *[]uint32, to *[]uint32) error {
	dict := p.Dictionary()
	if dict == nil {
		return errShape
	}
	for i := len(*at); i < dict.Len(); i++ { // once for all pages of a column
		n, err := number(dict.Index(int32(i)).ByteArray())
		if err != nil {
			return err
		}
		*at = append(*at, n)
	}
	v, err := data(p, encoding.Int32)
	if err != nil {
		return err
	}
	for _, i := range v.Int32() {
		*to = append(*to, (*at)[i])
	}
	return nil
}

// orders turns orders into the numbers that stand for them; 0 for none.
func orders(p parquet.Page, to *[]int64) error {
	v, err := data(p, encoding.ByteArray)
	if err != nil {
		return err
	}
	text, ends := v.ByteArray()
	for i := range len(ends) - 1 {
		*to = append(*to, orderUnit(text[ends[i]:ends[i+1]]))
	}
	return nil
}

// orderUnit is the unit of an order; 0 stands for events without one.
func orderUnit[T string | []byte](order T) int64 {
	if len(order) == 0 {
		return 0
	}
	if h := hashOrder(order); h != 0 {
		return h
	}
	return 1
}

func channelOf(text []byte) (uint32, error) {
	n, err := parseChannel(string(text))
	return uint32(n), err
}
