package analysis

import (
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/trail"
)

// Filter says which events are meant: all parts given must hold.
type Filter struct {
	// Kinds are whole dotted prefixes, any of which the kind must have.
	Kinds []string
	// Channels are those any of which the event must be in.
	Channels []commonv1.Channel
	// Subjects are those any of which the event must name.
	Subjects []record.Subject
}

// kind tells whether the filter takes a kind.
func (f *Filter) kind(kind string) bool {
	return len(f.Kinds) == 0 || slices.ContainsFunc(f.Kinds, func(prefix string) bool {
		rest, ok := strings.CutPrefix(kind, prefix)
		return ok && (rest == "" || rest[0] == '.')
	})
}

// masks are some filters looked up beforehand for every name, so that an event is
// judged by all of them at once: bit i of every table is filter i.
type masks struct {
	kind []uint64
	// channel and subject are nil if no filter looks at them.
	channel *[256]uint64
	subject []uint64
}

// compile looks up at most 64 filters.
func compile(names *trail.Names, filters ...Filter) *masks {
	m := &masks{kind: make([]uint64, len(names.Kinds))}
	for i, kind := range names.Kinds {
		for bit := range filters {
			if filters[bit].kind(kind) {
				m.kind[i] |= 1 << bit
			}
		}
	}
	m.channel = channels(filters)
	m.subject = subjects(names, filters)
	return m
}

func channels(filters []Filter) *[256]uint64 {
	var out [256]uint64
	asked := false
	for bit := range filters {
		for c := range out {
			if len(filters[bit].Channels) == 0 {
				out[c] |= 1 << bit
			}
		}
		for _, c := range filters[bit].Channels {
			asked = true
			if c >= 0 && int(c) < len(out) {
				out[c] |= 1 << bit
			}
		}
	}
	if !asked {
		return nil
	}
	return &out
}

func subjects(names *trail.Names, filters []Filter) []uint64 {
	var open uint64
	wanted := map[record.Subject]uint64{}
	for bit := range filters {
		if len(filters[bit].Subjects) == 0 {
			open |= 1 << bit
		}
		for _, s := range filters[bit].Subjects {
			wanted[s] |= 1 << bit
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	out := make([]uint64, len(names.Subjects))
	for i, set := range names.Subjects {
		out[i] = open
		for _, s := range set {
			out[i] |= wanted[s]
		}
	}
	return out
}

// of are the filters that take event e.
func (m *masks) of(p *trail.Part, e uint32) uint64 {
	bits := m.kind[p.Kind[e]]
	if bits != 0 && m.channel != nil {
		bits &= m.channel[p.Channel[e]]
	}
	if bits != 0 && m.subject != nil {
		bits &= m.subject[p.Subjects[e]]
	}
	return bits
}
