// Package record is what Journey writes into its log: the kinds of facts and what
// of them is packed for folds and for the lake.
//
// An event is an EVENT fact. One that came without a known customer and is
// resolved later is two facts of one commit: a REVERSAL of the version before and
// an EVENT whose Of names the first. The outcome of an order is an OUTCOME fact;
// another outcome is a REVERSAL of the one before and a new OUTCOME. So every fold
// is a signed sum.
package record

import (
	"strconv"

	"github.com/rapport-cx/rapport/internal/feed"
)

// Kinds of facts in Journey's log. Numbers are stored: never reuse one.
const (
	// Event adds one version of an event; body EventRecord, data Packed.
	Event int16 = 1
	// Reversal takes one version of an event out; data that of the version.
	Reversal int16 = 2
	// Outcome adds the outcome of an order; no body, data an Order of this package;
	// the day is the day it ended, or was placed while it is open.
	Outcome int16 = 3
	// OutcomeReversal takes an outcome out; data that of the outcome.
	OutcomeReversal int16 = 4
	// Map replaces a journey map; body JourneyMap, its versions only the one published
	// by this fact, if any.
	Map int16 = 10
	// Kind describes a kind of events; body EventKind.
	Kind int16 = 11
	// Person is a merge or unmerge that Segmentation told of; body CustomerEvent.
	Person int16 = 12
	// Erased says that a customer's personal data were blanked in place; body
	// CustomerEvent, data the days of the events it was (Days), who the customer.
	Erased int16 = 13
)

// Definitions are the kinds that belong to no day.
var Definitions = []int16{Map, Kind, Person}

// First is the log number of a thing's first version: its id.
func First(f *feed.Fact) int64 {
	if f.Of != 0 {
		return f.Of
	}
	return f.Seq
}

// ID renders an event's number.
func ID(first int64) string { return strconv.FormatInt(first, 10) }
