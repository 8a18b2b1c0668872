package analysis

import (
	"slices"
	"strings"

	"github.com/rapport-cx/rapport/services/journey/trail"
)

// taken numbers the kinds that a filter takes by their names' order, from 0: the
// numbers compare as the names do.
type taken struct {
	masks *masks
	// number is by place in Names; none is not taken.
	number []int32
	names  []string
}

const none = -1

// take prepares to go over the events of a filter.
func take(names *trail.Names, f Filter) *taken {
	t := &taken{masks: compile(names, f), number: make([]int32, len(names.Kinds))}
	var order []int
	for kind, mask := range t.masks.kind {
		t.number[kind] = none
		if mask != 0 {
			order = append(order, kind)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(names.Kinds[a], names.Kinds[b]) })
	for i, kind := range order {
		t.number[kind] = int32(i)
		t.names = append(t.names, names.Kinds[kind])
	}
	return t
}

// of is the number of event e's kind, or none if the filter does not take it.
func (t *taken) of(p *trail.Part, e uint32) int32 {
	n := t.number[p.Kind[e]]
	if n != none && (t.masks.channel != nil || t.masks.subject != nil) && t.masks.of(p, e) == 0 {
		return none
	}
	return n
}
