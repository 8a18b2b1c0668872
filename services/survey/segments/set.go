package segments

import (
	"sync"

	"github.com/rapport-cx/rapport/internal/people"
)

// Set is the members of a segment at one point of its log. It does not change.
type Set struct {
	// Seq is the number of the last fact that changed the segment, Version that of
	// its rule. Together they name the set among all that the segment ever had.
	Seq     int64
	Version int32

	persons Bits

	mu   sync.Mutex
	by   *people.Mapping
	wide Bits
}

// Bits are all numbers of the members, as m says who is who. The last mapping's are
// kept: it is nearly always asked for again.
func (s *Set) Bits(m *people.Mapping) Bits {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by != m {
		s.by, s.wide = m, widen(s.persons, m)
	}
	return s.wide
}

// size is about the memory held, in bytes. Widened sets stand apart.
func (s *Set) size() int64 { return 2*8*int64(len(s.persons)) + 200 }
