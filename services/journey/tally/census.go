package tally

import (
	"encoding/binary"
	"iter"

	"github.com/rapport-cx/rapport/internal/compact"
)

// census counts distinct values.
type census[T any] struct {
	dict   dict[T]
	counts []int64
}

func (c *census[T]) apply(packed string, n int64) {
	i := c.dict.number(packed)
	if int(i) == len(c.counts) {
		c.counts = append(c.counts, 0)
	}
	c.counts[i] += n
}

// All are the values and how often each was counted. Values must not be changed.
func (c *census[T]) All() iter.Seq2[T, int64] {
	return func(yield func(T, int64) bool) {
		for i, n := range c.counts {
			if n != 0 && !yield(c.dict.entries[i], n) {
				return
			}
		}
	}
}

const censusFormat = 1

// AppendBinary packs the counts that are not 0, ascending by value.
func (c *census[T]) AppendBinary(b []byte) []byte {
	used := make([]bool, len(c.counts))
	for i, n := range c.counts {
		used[i] = n != 0
	}
	order := c.dict.ordered(used)
	b = binary.AppendUvarint(append(b, censusFormat), uint64(len(order)))
	for _, i := range order {
		b = binary.AppendVarint(compact.AppendText(b, c.dict.packed[i]), c.counts[i])
	}
	return b
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (c *census[T]) UnmarshalBinary(data []byte) error {
	r := reader{compact.Reader{Rest: string(data)}}
	if r.Flags(censusFormat) != censusFormat {
		return errSlab
	}
	out := census[T]{dict: dict[T]{read: c.dict.read}}
	for range r.Count(2) {
		if !out.dict.readOne(&r) {
			return errSlab
		}
		n := r.Int()
		if n == 0 {
			return errSlab
		}
		out.counts = append(out.counts, n)
	}
	if r.End() != nil {
		return errSlab
	}
	*c = out
	return nil
}

// Size is the memory held, in bytes.
func (c *census[T]) Size() int { return 120 + c.dict.bytes + 8*cap(c.counts) }

// Kinds are the kinds of events of a day, and how many events each has.
type Kinds struct{ census[string] }

// NewKinds returns an empty slab.
func NewKinds() *Kinds {
	return &Kinds{census[string]{dict: dict[string]{read: func(r *reader) string { return r.Text() }}}}
}

// Apply counts the event, or takes it out.
func (k *Kinds) Apply(_ int32, f *Fact) { k.apply(f.packedKind, int64(f.sign)) }

// Orders are the outcomes of a day's orders.
type Orders struct{ census[Outcome] }

// NewOrders returns an empty slab.
func NewOrders() *Orders {
	return &Orders{census[Outcome]{dict: dict[Outcome]{read: readOutcome}}}
}

// Apply counts the outcome, or takes it out.
func (o *Orders) Apply(_ int32, f *Fact) { o.apply(f.packed, int64(f.sign)) }
