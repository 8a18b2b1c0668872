// Package segment keeps groups of persons up with what is known of them.
//
// Truth is in the log: what a segment is (SEGMENT facts), and who entered and left
// each version of it (MEMBERS facts). Live is one brand's segments in memory, the
// same on every replica since all replay the same facts; it is restored from a stored
// base and what the log has behind it.
//
// One Evaluator a brand, on whichever replica comes first, reads the log as a
// consumer: of each batch it takes the persons touched and where their knowledge
// changed, asks only the rules that read there, and writes who entered and left in
// the transaction that moves its cursor. When the brand's day begins it asks anew
// about those for whom a window moved. What it found out before the transaction is
// used only if nobody else wrote memberships meanwhile, which the turn in its state
// row tells.
package segment

import (
	"cmp"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Segment is one segment as the log last said.
type Segment struct {
	// Def is without members. It never changes.
	Def *segmentationv1.Segment
	// base is the number of the version's first MEMBERS fact, 0 until it was read,
	// changed that of the last fact that changed the members, day what it counts for.
	base, changed int64
	day           calendar.Day
	// members are changed by Live alone, under its lock.
	members *roaring64.Bitmap
}

// ID is the brand's own name for it.
func (s *Segment) ID() string { return s.Def.GetId() }

// parts are the segments that a segment is made of.
func parts(def *segmentationv1.Segment) []string { return def.GetRule().GetAlgebra().GetSegmentIds() }

// order puts segments behind those that they are made of, otherwise by id; cyclic
// tells that one is made of itself.
func order(all map[string]*segmentationv1.Segment) (ids []string, cyclic bool) {
	const open, done = 1, 2
	state := map[string]int{}
	var visit func(id string)
	visit = func(id string) {
		if state[id] != 0 || all[id] == nil {
			cyclic = cyclic || state[id] == open
			return
		}
		state[id] = open
		for _, part := range parts(all[id]) {
			visit(part)
		}
		state[id] = done
		ids = append(ids, id)
	}
	for _, id := range sorted(all) {
		visit(id)
	}
	return ids, cyclic
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
