package rate

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"

	"github.com/rapport-cx/rapport/internal/compact"
)

// sheet holds signed sums by key, in the order of keys. A row that is there costs a
// search; a new one goes into a small second part, which is merged into the first when it
// grows. Rows of zeros are dropped when merging and never written: equal sums are equal
// bytes, whatever order they came in.
type sheet[K any] struct {
	width          int
	compare        func(a, b K) int
	settled, fresh rows[K]
}

// rows are keys ascending and their numbers, width for each.
type rows[K any] struct {
	keys []K
	n    []int64
}

// Bounds of the second part: the lower keeps merges rare, the upper keeps inserting into
// it cheap.
const minFresh, maxFresh = 128, 4096

func (s *sheet[K]) add(key K, n []int64) {
	if i, ok := slices.BinarySearchFunc(s.settled.keys, key, s.compare); ok {
		plus(s.settled.n[i*s.width:], n)
		return
	}
	f := &s.fresh
	i, ok := slices.BinarySearchFunc(f.keys, key, s.compare)
	if ok {
		plus(f.n[i*s.width:], n)
		return
	}
	f.keys, f.n = slices.Insert(f.keys, i, key), slices.Insert(f.n, i*s.width, n...)
	if len(f.keys) >= max(minFresh, min(maxFresh, len(s.settled.keys)/16)) {
		s.settled, s.fresh = s.merged(len(s.settled.keys)/8), rows[K]{}
	}
}

func plus(sum, n []int64) {
	for i, v := range n {
		sum[i] += v
	}
}

// merged is both parts in one, without rows of zeros, with room for more.
func (s *sheet[K]) merged(room int) rows[K] {
	a, b := &s.settled, &s.fresh
	size := len(a.keys) + len(b.keys) + room
	out := rows[K]{make([]K, 0, size), make([]int64, 0, size*s.width)}
	push := func(from *rows[K], i int) {
		n := from.n[i*s.width : (i+1)*s.width]
		if slices.ContainsFunc(n, func(v int64) bool { return v != 0 }) {
			out.keys, out.n = append(out.keys, from.keys[i]), append(out.n, n...)
		}
	}
	i := 0
	for j, key := range b.keys {
		for ; i < len(a.keys) && s.compare(a.keys[i], key) < 0; i++ {
			push(a, i)
		}
		push(b, j)
	}
	for ; i < len(a.keys); i++ {
		push(a, i)
	}
	return out
}

// all are the rows, in no order across the two parts; numbers may all be 0. They must not
// be changed or kept.
func (s *sheet[K]) all() iter.Seq2[K, []int64] {
	return func(yield func(K, []int64) bool) {
		for _, part := range [...]*rows[K]{&s.settled, &s.fresh} {
			for i, key := range part.keys {
				if !yield(key, part.n[i*s.width:(i+1)*s.width]) {
					return
				}
			}
		}
	}
}

const sheetFormat = 1

// pack writes the rows; key writes one key behind the one before.
func (s *sheet[K]) pack(b []byte, key func(b []byte, last, k K) []byte) []byte {
	all := s.merged(0)
	b = binary.AppendUvarint(append(b, sheetFormat), uint64(len(all.keys)))
	var last K
	for i, k := range all.keys {
		b = compact.AppendInts(key(b, last, k), all.n[i*s.width:(i+1)*s.width]...)
		last = k
	}
	return b
}

// unpack replaces the rows by those that pack wrote.
func (s *sheet[K]) unpack(r *compact.Reader, key func(r *compact.Reader, last K) K) {
	if r.Uint() != sheetFormat {
		r.Fail()
		return
	}
	size := r.Count(s.width + 1)
	out := rows[K]{make([]K, size), make([]int64, size*s.width)}
	var last K
	for i := range size {
		n := out.n[i*s.width : (i+1)*s.width]
		out.keys[i] = key(r, last)
		r.Ints(n)
		if i > 0 && s.compare(last, out.keys[i]) >= 0 || !slices.ContainsFunc(n, func(v int64) bool { return v != 0 }) {
			r.Fail()
		}
		if r.Bad {
			return
		}
		last = out.keys[i]
	}
	s.settled, s.fresh = out, rows[K]{}
}

// size is the memory held, with so many bytes for a key.
func (s *sheet[K]) size(key int) int {
	return 160 + (cap(s.settled.keys)+cap(s.fresh.keys))*(key+8*s.width)
}

func compareRows(a, b rowKey) int {
	return cmp.Or(cmp.Compare(a.who, b.who), cmp.Compare(a.day, b.day), cmp.Compare(a.place, b.place))
}

func compareLots(a, b lotKey) int {
	return cmp.Or(cmp.Compare(a.earned, b.earned), cmp.Compare(a.expires, b.expires))
}

func compareStock(a, b stockKey) int {
	return cmp.Or(cmp.Compare(a.who, b.who), cmp.Compare(a.expires, b.expires))
}

func compareCounted(a, b countKey) int {
	return cmp.Or(cmp.Compare(a.who, b.who), cmp.Compare(a.day, b.day))
}
