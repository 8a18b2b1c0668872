// Package fold keeps derived numbers: for every brand, measure and day one
// slab, a signed sum of the facts that touch the day, true up to a seq of the
// log. A report sums slabs and never scans facts, so its cost does not grow
// with history.
//
// A slab is loaded from the newest base that can be trusted (memory, Redis, the
// table slab, or nothing at all) plus the facts of its day that came after.
// Once loaded it moves by difference with every fact that touches its day; a
// slab that is not loaded costs nothing when facts arrive and is folded once,
// when next read. Everything here can be lost and is then folded again: the
// log is the only truth.
//
// The package knows order, days and bytes. What a fact means, which measures
// it moves and what a slab holds is the owning service's business (Rules).
package fold

import (
	"github.com/rapport-cx/rapport/internal/feed"
)

// Measure names one derived value of a day; a view ("by minute", "columns") is
// part of the name.
type Measure = string

// Key names one slab.
type Key struct {
	Brand   string
	Measure Measure
	Day     int32
}

// Slab is one derived value of one day. Implementations need no locks: the
// engine calls Apply alone, and everything else beside readers only.
type Slab[F any] interface {
	// Apply adds the fact or takes it away, by the fact's own sign. It is called
	// in the order of the log, once per fact.
	Apply(day int32, f F)
	// AppendBinary is deterministic: equal content gives equal bytes, whatever
	// the order of facts that led there.
	AppendBinary([]byte) []byte
	// UnmarshalBinary replaces the content. The bytes may be kept but not changed:
	// others read them too. It must refuse what AppendBinary cannot have written.
	UnmarshalBinary([]byte) error
	// Size is the memory held, in bytes.
	Size() int
}

// Rules are what a service teaches the engine about its facts.
type Rules[F any] struct {
	// Decode is called once per fact that touches a day; false: nothing to fold.
	// F may keep the fact's bytes, which never change, not the fact. An error stops the brand
	// at the fact before, rather than leave it silently out of the numbers.
	Decode func(brand string, f *feed.Fact) (F, bool, error)
	// Measures appends the measures of that day which the fact moves, each once.
	Measures func(f F, day int32, into []Measure) []Measure
	// New returns an empty slab.
	New func(Measure) Slab[F]
	// Definitions are the kinds of facts of no day that say what questions mean.
	Definitions []int16
	// Define sees them, in log order and before any later fact is folded, so
	// that a service keeps its directory with the same tail. No view runs
	// meanwhile, and cached results made before it no longer count. It must not
	// call the engine.
	Define func(brand string, f *feed.Fact) error
	// Forget drops what Define built for the brand, because its log is not the
	// one that was read (a restore from backup): it is defined again. Optional.
	Forget func(brand string)
}

// Span is a run of days [From, To).
type Span struct{ From, To int32 }

// Days is the span of that one run, ready to be put into a Want or a Question.
func Days(from, to int32) []Span { return []Span{{from, to}} }

// Want is what a view reads: every measure on every day.
type Want struct {
	Measures []Measure
	Days     []Span
}

// each calls fn for every day of the spans until it returns false.
func each(spans []Span, fn func(day int32) bool) bool {
	for _, s := range spans {
		for d := s.From; d < s.To; d++ {
			if !fn(d) {
				return false
			}
		}
	}
	return true
}
