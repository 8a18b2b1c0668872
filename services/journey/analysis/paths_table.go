package analysis

import (
	"cmp"
	"math/bits"
	"slices"
)

// pathTable numbers distinct paths. The hash only says where to look: two paths are
// one if they are equal kind by kind.
type pathTable struct {
	paths []pathEntry
	// kinds are those of all paths, one behind the other.
	kinds []uint16
	// slots hold a path's number plus one, at its hash or behind; 0 is free. There are
	// twice as many as paths, or more, and always a power of two.
	slots []uint32
}

type pathEntry struct {
	hash  uint64
	from  int
	n     int
	units int64
}

func newPathTable() *pathTable { return &pathTable{slots: make([]uint32, 1<<10)} }

// roll takes one more kind into a hash.
func roll(hash uint64, kind uint16) uint64 {
	return bits.RotateLeft64(hash, 23)*0x9e3779b97f4a7c15 + uint64(kind) + 1
}

// slot is where a hash is looked for first. The product's upper bits depend on all
// bits of the hash.
func (t *pathTable) slot(hash uint64) int {
	return int(hash * 0xd6e8feb86659fd93 >> (64 - bits.Len(uint(len(t.slots)-1))))
}

// add counts units on a path and returns its number.
func (t *pathTable) add(hash uint64, kinds []uint16, units int64) uint32 {
	i := t.slot(hash)
	for t.slots[i] != 0 {
		id := t.slots[i] - 1
		if p := &t.paths[id]; p.hash == hash && slices.Equal(t.of(id), kinds) {
			p.units += units
			return id
		}
		i = (i + 1) & (len(t.slots) - 1)
	}
	id := uint32(len(t.paths))
	t.slots[i] = id + 1
	t.paths = append(t.paths, pathEntry{hash: hash, from: len(t.kinds), n: len(kinds), units: units})
	t.kinds = append(t.kinds, kinds...)
	if 2*len(t.paths) > len(t.slots) {
		t.grow()
	}
	return id
}

func (t *pathTable) grow() {
	t.slots = make([]uint32, 4*len(t.slots))
	for id := range t.paths {
		i := t.slot(t.paths[id].hash)
		for t.slots[i] != 0 {
			i = (i + 1) & (len(t.slots) - 1)
		}
		t.slots[i] = uint32(id) + 1
	}
}

// of are the kinds of a path.
func (t *pathTable) of(id uint32) []uint16 {
	p := &t.paths[id]
	return t.kinds[p.from : p.from+p.n]
}

// maxKinds is how many kinds of a path are written out: somebody with a million
// events has a path, but not one to read.
const maxKinds = 100

func (t *pathTable) names(id uint32, kinds *taken) []string {
	all := t.of(id)
	all = all[:min(len(all), maxKinds)]
	out := make([]string, 0, len(all))
	for _, kind := range all {
		out = append(out, kinds.names[kind])
	}
	return out
}

// merge adds another table and tells where its paths now stand.
func (t *pathTable) merge(other *pathTable) []uint32 {
	place := make([]uint32, len(other.paths))
	for id := range other.paths {
		p := &other.paths[id]
		place[id] = t.add(p.hash, other.of(uint32(id)), p.units)
	}
	return place
}

// top are the n paths with the most units; of equally many, those whose kinds come
// first.
func (t *pathTable) top(n int) []uint32 {
	order := func(a, b uint32) int {
		return cmp.Or(cmp.Compare(t.paths[b].units, t.paths[a].units), slices.Compare(t.of(a), t.of(b)))
	}
	var out []uint32
	for i := range t.paths {
		id := uint32(i)
		if n == 0 || len(out) == n && order(id, out[n-1]) > 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(out, id, order)
		if len(out) < n {
			out = append(out, 0)
		}
		copy(out[at+1:], out[at:])
		out[at] = id
	}
	return out
}
