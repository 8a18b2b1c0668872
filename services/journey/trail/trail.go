// Package trail is how events lie in memory while they are analysed: in columns,
// every unit's events together and in their order. The lake fills trails, the
// analysis goes over them in one pass.
package trail

import "github.com/rapport-cx/rapport/services/journey/record"

// Trails are the events of a question, cut into parts that can be gone over in
// parallel: all events of a unit are in one part, each unit in one part alone.
// They are shared: nobody may change them.
type Trails struct {
	Parts []*Part
	Names *Names
	// AsOf is the commit time of the last fact included, in Unix microseconds; 0 before
	// the first.
	AsOf int64
}

// Part is the events of some units. The columns have one entry per event, ordered
// by unit, then time, sequence and number of the event.
type Part struct {
	// Units are the persons' numbers, or the hashes of the orders' ids; one per unit.
	Units []int64
	// First has one entry per unit, and one more: the events of unit i are
	// [First[i], First[i+1]).
	First []uint32
	// At is the time in Unix microseconds, ascending within a unit.
	At []int64
	// Kind and Subjects are places in Names.
	Kind     []uint16
	Channel  []uint8
	Subjects []uint32
}

// Names are what the numbers in columns stand for.
type Names struct {
	Kinds []string
	// Subjects are the sets of subjects that events name, in the events' order; the
	// first is the empty set.
	Subjects [][]record.Subject
}
