package tally

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Run is a stretch of cells, ascending, and how often each was counted.
type Run struct {
	Cells  []Cell
	Counts []int64
}

// part is the sub-run of cells from first up to, but without, end.
func (r Run) part(first, end Cell) Run {
	i := search(r.Cells, first)
	j := i + search(r.Cells[i:], end)
	return Run{r.Cells[i:j], r.Counts[i:j]}
}

// search is where c stands or would stand.
func search(cells []Cell, c Cell) int {
	low, high := 0, len(cells)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if cells[mid] < c {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

func (r Run) at(c Cell) (int, bool) {
	i := search(r.Cells, c)
	return i, i < len(r.Cells) && r.Cells[i] == c
}

func (r *Run) push(c Cell, n int64) {
	if n != 0 {
		r.Cells, r.Counts = append(r.Cells, c), append(r.Counts, n)
	}
}

// ledger holds signed counts by cell. Most changes hit a cell that is there and
// cost a search; a new cell goes into a small second run, which is merged into
// the first when it grows. Counts may reach 0, and below while facts are applied
// out of order; cells of 0 are dropped when merging and never written.
type ledger struct{ settled, fresh Run }

// Bounds of the second run: the lower keeps merges rare, the upper keeps
// inserting into it cheap.
const minFresh, maxFresh = 128, 1024

func (l *ledger) add(c Cell, n int64) {
	if i, ok := l.settled.at(c); ok {
		l.settled.Counts[i] += n
		return
	}
	i, ok := l.fresh.at(c)
	if ok {
		l.fresh.Counts[i] += n
		return
	}
	l.fresh.Cells = slices.Insert(l.fresh.Cells, i, c)
	l.fresh.Counts = slices.Insert(l.fresh.Counts, i, n)
	if len(l.fresh.Cells) >= max(minFresh, min(maxFresh, len(l.settled.Cells)/16)) {
		*l = ledger{settled: l.merged(len(l.settled.Cells) / 8)}
	}
}

// merged is both runs in one, without cells of 0, with room for more.
func (l *ledger) merged(room int) Run {
	a, b := l.settled, l.fresh
	n := len(a.Cells) + len(b.Cells)
	out := Run{make([]Cell, 0, n+room), make([]int64, 0, n+room)}
	i := 0
	for j, c := range b.Cells {
		for ; i < len(a.Cells) && a.Cells[i] < c; i++ {
			out.push(a.Cells[i], a.Counts[i])
		}
		out.push(c, b.Counts[j])
	}
	for ; i < len(a.Cells); i++ {
		out.push(a.Cells[i], a.Counts[i])
	}
	return out
}

// count is how often the cell was counted.
func (l *ledger) count(c Cell) int64 {
	if i, ok := l.settled.at(c); ok {
		return l.settled.Counts[i]
	}
	if i, ok := l.fresh.at(c); ok {
		return l.fresh.Counts[i]
	}
	return 0
}

// negative finds a cell that was taken out more often than put in.
func (l *ledger) negative() (Cell, bool) {
	for _, r := range [...]Run{l.settled, l.fresh} {
		for i, n := range r.Counts {
			if n < 0 {
				return r.Cells[i], true
			}
		}
	}
	return 0, false
}

func (l *ledger) size() int {
	return 16 * (cap(l.settled.Cells) + cap(l.fresh.Cells))
}

// append packs the cells as differences. Most cells were counted once: the
// lowest bit of a difference says so, and other counts follow it.
func (l *ledger) append(b []byte) []byte {
	run := l.merged(0)
	b = binary.AppendUvarint(b, uint64(len(run.Cells)))
	last := Cell(0)
	for i, c := range run.Cells {
		step := uint64(c-last) << 1
		if run.Counts[i] == 1 {
			b = binary.AppendUvarint(b, step|once)
		} else {
			b = binary.AppendUvarint(b, step)
			b = binary.AppendVarint(b, run.Counts[i])
		}
		last = c
	}
	return b
}

// once marks a cell whose count is 1.
const once = 1

var errSlab = errors.New("tally: packed slab is damaged")

// read unpacks what append packed; ok judges each cell. A question about a month
// reads 30 slabs of ten thousand cells, so this loop is what it waits for: it
// keeps its place in a local variable.
func (l *ledger) read(r *reader, ok func(Cell) bool) {
	n := r.count(1)
	run := Run{make([]Cell, n), make([]int64, n)}
	cells, counts := run.Cells, run.Counts[:n]
	b, at, last := r.b, 0, Cell(0)
	for i := range cells {
		head, size := short(b[at:])
		at += size
		c := last + Cell(head>>1)
		if size == 0 || c < last || i > 0 && c == last || !ok(c) {
			r.fail()
			return
		}
		count := int64(1)
		if head&once == 0 {
			v, size := short(b[at:])
			at += size
			if count = int64(v>>1) ^ -int64(v&1); size == 0 || count == 0 || count == 1 {
				r.fail()
				return
			}
		}
		cells[i], counts[i], last = c, count, c
	}
	r.b = b[at:]
	*l = ledger{settled: run}
}

// short reads one number in its shortest form; size 0 says that it is not one.
// Most take one or three bytes.
func short(b []byte) (v uint64, size int) {
	if len(b) >= 3 {
		if b[0] < 0x80 {
			return uint64(b[0]), 1
		}
		if b[1]&0x80 != 0 && b[2]-1 < 0x7f {
			return uint64(b[0]&0x7f) | uint64(b[1]&0x7f)<<7 | uint64(b[2])<<14, 3
		}
	}
	v, size = binary.Uvarint(b)
	if size <= 0 || size > 1 && b[size-1] == 0 {
		return 0, 0
	}
	return v, size
}
