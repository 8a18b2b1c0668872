package tally

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/rapport-cx/rapport/internal/compact"
)

// Events are the events of one kind on one day: how many each customer had of each
// Trait.
type Events struct {
	rows   ledger
	traits dict[Trait]
}

// NewEvents returns an empty slab.
func NewEvents() *Events { return &Events{traits: dict[Trait]{read: readTrait}} }

// Apply counts the event, or takes it out.
func (e *Events) Apply(_ int32, f *Fact) {
	e.rows.add(f.who, e.traits.number(f.packed), f.sign)
}

// Runs are the rows; no customer and Trait stands in both, and counts may be 0.
// They must not be changed or kept.
func (e *Events) Runs() [2]*Run { return [2]*Run{&e.rows.settled, &e.rows.fresh} }

// Traits are what the rows' numbers stand for. They must not be changed or kept.
func (e *Events) Traits() []Trait { return e.traits.entries }

const eventsFormat = 1

// AppendBinary packs the rows; equal rows give equal bytes. Most rows count one
// event of the only Trait, or of one of few.
func (e *Events) AppendBinary(b []byte) []byte {
	run := e.rows.merged(0)
	used := make([]bool, len(e.traits.packed))
	for _, t := range run.Trait {
		used[t] = true
	}
	order := e.traits.ordered(used)
	rank := make([]uint32, len(used))
	b = binary.AppendUvarint(append(b, eventsFormat), uint64(len(order)))
	for i, t := range order {
		rank[t] = uint32(i)
		b = compact.AppendText(b, e.traits.packed[t])
	}
	rows := ranked(run, rank)
	b = binary.AppendUvarint(b, uint64(len(rows)))
	last := int64(0)
	for _, r := range rows {
		step := uint64(r.who-last) << 1
		if r.count == 1 {
			step |= once
		}
		b = binary.AppendUvarint(b, step)
		if len(order) > 1 {
			b = binary.AppendUvarint(b, uint64(r.trait))
		}
		if r.count != 1 {
			b = binary.AppendVarint(b, int64(r.count))
		}
		last = r.who
	}
	return b
}

// once marks a row whose count is 1.
const once = 1

type row struct {
	who   int64
	trait uint32
	count int32
}

// ranked are the rows by customer and rank of their Trait: the numbers of Traits
// depend on the order of facts, their ranks do not.
func ranked(run Run, rank []uint32) []row {
	rows := make([]row, len(run.Who))
	for i, who := range run.Who {
		rows[i] = row{who, rank[run.Trait[i]], run.Count[i]}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.who, b.who), cmp.Compare(a.trait, b.trait))
	})
	return rows
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (e *Events) UnmarshalBinary(data []byte) error {
	r := reader{compact.Reader{Rest: string(data)}}
	if r.Flags(eventsFormat) != eventsFormat {
		return errSlab
	}
	out := NewEvents()
	for range r.Count(1) {
		if !out.traits.readOne(&r) {
			return errSlab
		}
	}
	out.rows.settled = readRun(&r, len(out.traits.packed))
	if r.End() != nil {
		return errSlab
	}
	*e = *out
	return nil
}

func readRun(r *reader, traits int) Run {
	n := r.Count(1)
	run := Run{make([]int64, n), make([]uint32, n), make([]int32, n)}
	used := make([]bool, traits)
	unused, last := traits, int64(0)
	for i := range n {
		head := r.Uint()
		who, trait, count := last+int64(head>>1), uint32(0), int64(1)
		if traits > 1 {
			trait = uint32(r.Uint())
		}
		if head&once == 0 {
			count = r.Int()
			if count == 0 || count == 1 || count != int64(int32(count)) {
				r.Fail()
			}
		}
		if r.Bad || who < last || int(trait) >= traits || i > 0 && who == last && trait <= run.Trait[i-1] {
			r.Fail()
			return Run{}
		}
		if !used[trait] {
			used[trait] = true
			unused--
		}
		run.Who[i], run.Trait[i], run.Count[i], last = who, trait, int32(count), who
	}
	if unused > 0 {
		r.Fail()
	}
	return run
}

// Size is the memory held, in bytes.
func (e *Events) Size() int { return 200 + e.rows.size() + e.traits.bytes }
