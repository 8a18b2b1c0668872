package directory

import (
	"slices"
	"time"
)

// parentAt is the parent a subject's links give for a moment: the last link
// that had begun by then.
func parentAt(links []link, at time.Time) (uint32, bool) {
	for i := len(links) - 1; i >= 0; i-- {
		if !links[i].since.After(at) {
			return links[i].parent, !links[i].none
		}
	}
	return 0, false
}

// maxDepth bounds a walk up the structure. Circles are refused when an entry is
// written; this keeps a walk finite even so.
const maxDepth = 32

// PathAt lists the named subjects and all their ancestors as the structure
// stood at a moment, ascending and distinct.
func (b *Book) PathAt(named []uint32, at time.Time) []uint32 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.pathAt(named, at)
}

func (b *Book) pathAt(named []uint32, at time.Time) []uint32 {
	out := make([]uint32, 0, len(named)*3)
	for _, n := range named {
		for depth := 0; depth < maxDepth; depth++ {
			out = append(out, n)
			up, ok := parentAt(b.subjects[n].links, at)
			if !ok {
				break
			}
			n = up
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Up lists the ancestors of one subject at a moment, nearest first.
func (b *Book) Up(n uint32, at time.Time) []uint32 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []uint32
	for len(out) < maxDepth {
		up, ok := parentAt(b.subjects[n].links, at)
		if !ok {
			break
		}
		out = append(out, up)
		n = up
	}
	return out
}

// Under lists a subject and everything that stands below it by the newest link
// that has begun at now, ascending.
func (b *Book) Under(top uint32, now time.Time) []uint32 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	children := map[uint32][]uint32{}
	for n, s := range b.subjects {
		if up, ok := parentAt(s.links, now); ok {
			children[up] = append(children[up], uint32(n))
		}
	}
	seen := map[uint32]bool{top: true}
	out := []uint32{top}
	for i := 0; i < len(out); i++ {
		for _, c := range children[out[i]] {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	slices.Sort(out)
	return out
}
