package tally

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Hist is the histogram of one metric on one day: how many answers of each
// score count in each subject, by channel. The live one, by the day of the
// answer, has them by quarter hour as well.
type Hist struct {
	metric uint32
	live   bool
	cells  ledger
	// above counts, by subject, the answers that reached it through a subject
	// below it and did not name it.
	above ledger
	// shared counts the answers that name several subjects.
	shared int64
}

// NewHist returns the empty histogram of a metric, by day of experience or live.
func NewHist(metric uint32, live bool) *Hist { return &Hist{metric: metric, live: live} }

// Apply counts the answers of t, or takes them out.
func (h *Hist) Apply(_ int32, t *Tally) {
	quarter := uint8(0)
	if h.live {
		quarter = t.Quarter
	}
	for _, s := range t.Scores {
		if s.Metric == h.metric {
			h.add(t, cellOf(t.Channel, quarter, s.Importance, s.Score))
		}
	}
}

func (h *Hist) add(t *Tally, c Cell) {
	n := int64(t.Sign)
	named := t.Named
	for _, p := range t.Path {
		h.cells.add(firstOf(p)|c, n)
		for len(named) > 0 && named[0] < p {
			named = named[1:]
		}
		if len(named) == 0 || named[0] != p {
			h.above.add(Cell(p), n)
		}
	}
	h.cells.add(firstOf(Whole)|c, n)
	if len(t.Named) > 1 {
		h.shared += n
	}
}

// Of returns the cells of one subject. The two runs may hold the same channels
// and scores, never the same cell. They must not be changed or kept.
func (h *Hist) Of(subject uint32) [2]Run {
	first := firstOf(subject)
	end := first + 1<<subjectShift
	return [2]Run{h.cells.settled.part(first, end), h.cells.fresh.part(first, end)}
}

// Runs returns the cells of all subjects and of Whole, in two runs as Of.
func (h *Hist) Runs() [2]Run { return [2]Run{h.cells.settled, h.cells.fresh} }

// Apart says for certain that no answer counts in two of the subjects (given
// ascending), so that their histograms may be added. It is false where that
// cannot be told without the rows: an answer that counts in two subjects either
// names several, or reached one of the two through the other.
func (h *Hist) Apart(subjects []uint32) bool {
	if len(subjects) < 2 {
		return true
	}
	if h.shared != 0 {
		return false
	}
	for _, r := range [...]Run{h.above.settled, h.above.fresh} {
		for i, c := range r.Cells {
			if _, in := slices.BinarySearch(subjects, uint32(c)); in && r.Counts[i] != 0 {
				return false
			}
		}
	}
	return true
}

// Check reports a cell from which more was taken than was put in.
func (h *Hist) Check() error {
	if c, bad := h.cells.negative(); bad {
		return fmt.Errorf("metric %d: %d answers of score %d in subject %d", h.metric, h.cells.count(c), c.Score(), c.Subject())
	}
	if c, bad := h.above.negative(); bad || h.shared < 0 {
		return fmt.Errorf("metric %d: %d answers below subject %d, %d shared", h.metric, h.above.count(c), c, h.shared)
	}
	return nil
}

const histFormat = 2

// AppendBinary packs the histogram; equal content gives equal bytes.
func (h *Hist) AppendBinary(b []byte) []byte {
	b = append(b, histFormat)
	b = h.cells.append(b)
	b = h.above.append(b)
	return binary.AppendVarint(b, h.shared)
}

// UnmarshalBinary replaces the content by what AppendBinary packed.
func (h *Hist) UnmarshalBinary(b []byte) error {
	r := reader{b: b}
	if r.byte() != histFormat {
		return errSlab
	}
	var cells, above ledger
	cells.read(&r, func(c Cell) bool { return c.valid() && (h.live || c.Quarter() == 0) })
	above.read(&r, func(c Cell) bool { return c < Cell(Whole) })
	shared := r.varint()
	if r.bad || len(r.b) > 0 {
		return errSlab
	}
	h.cells, h.above, h.shared = cells, above, shared
	return nil
}

// Size is the memory held, in bytes.
func (h *Hist) Size() int { return 160 + h.cells.size() + h.above.size() }
