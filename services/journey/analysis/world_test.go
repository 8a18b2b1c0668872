package analysis

import (
	"cmp"
	"math/rand/v2"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/trail"
)

// happened is one event as tests write it.
type happened struct {
	unit, at, sequence, number int64
	kind                       string
	channel                    commonv1.Channel
	subjects                   []record.Subject
}

// lay makes trails of events in any order: units are dealt over the parts.
func lay(events []happened, parts int) *trail.Trails {
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b happened) int {
		return cmp.Or(cmp.Compare(a.unit, b.unit), cmp.Compare(a.at, b.at),
			cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.number, b.number))
	})
	t := &trail.Trails{Names: &trail.Names{Subjects: [][]record.Subject{nil}}}
	for range parts {
		t.Parts = append(t.Parts, &trail.Part{First: []uint32{0}})
	}
	kinds := map[string]uint16{}
	for i, e := range events {
		p := t.Parts[int(e.unit)%parts]
		if i == 0 || events[i-1].unit != e.unit {
			p.Units = append(p.Units, e.unit)
			p.First = append(p.First, 0)
		}
		kind, ok := kinds[e.kind]
		if !ok {
			kind = uint16(len(t.Names.Kinds))
			kinds[e.kind] = kind
			t.Names.Kinds = append(t.Names.Kinds, e.kind)
		}
		p.At, p.Kind = append(p.At, e.at), append(p.Kind, kind)
		p.Channel = append(p.Channel, uint8(e.channel))
		p.Subjects = append(p.Subjects, subjectSet(t.Names, e.subjects))
		p.First[len(p.First)-1] = uint32(len(p.At))
	}
	return t
}

func subjectSet(names *trail.Names, set []record.Subject) uint32 {
	for i, known := range names.Subjects {
		if slices.Equal(known, set) {
			return uint32(i)
		}
	}
	names.Subjects = append(names.Subjects, set)
	return uint32(len(names.Subjects) - 1)
}

var (
	someKinds    = []string{"visit", "order.placed", "order.shipped", "order", "purchase", "orders"}
	someChannels = []commonv1.Channel{0, commonv1.Channel_CHANNEL_WEB, commonv1.Channel_CHANNEL_APP}
	someSubjects = []record.Subject{
		{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, ID: "a"},
		{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, ID: "b"},
		{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, ID: "a"},
	}
)

// random makes events of some units: few times, so that many are equal.
func random(r *rand.Rand, units, most int) []happened {
	var out []happened
	for unit := range units {
		for range r.IntN(most + 1) {
			e := happened{
				unit: int64(unit), at: int64(r.IntN(12)) - 3, sequence: int64(r.IntN(2)), number: int64(len(out)),
				kind: someKinds[r.IntN(len(someKinds))], channel: someChannels[r.IntN(len(someChannels))],
			}
			for _, s := range someSubjects {
				if r.IntN(3) == 0 {
					e.subjects = append(e.subjects, s)
				}
			}
			out = append(out, e)
		}
	}
	return out
}

func randomFilter(r *rand.Rand) Filter {
	var f Filter
	for range r.IntN(3) {
		f.Kinds = append(f.Kinds, someKinds[r.IntN(len(someKinds))])
	}
	if r.IntN(4) == 0 {
		f.Channels = append(f.Channels, someChannels[r.IntN(len(someChannels))])
	}
	if r.IntN(4) == 0 {
		f.Subjects = append(f.Subjects, someSubjects[r.IntN(len(someSubjects))])
	}
	return f
}

// takes is the rule of filters, event by event.
func (f Filter) takes(e happened) bool {
	kind := len(f.Kinds) == 0
	for _, k := range f.Kinds {
		kind = kind || e.kind == k || len(e.kind) > len(k) && e.kind[:len(k)+1] == k+"."
	}
	channel := len(f.Channels) == 0 || slices.Contains(f.Channels, e.channel)
	subject := len(f.Subjects) == 0
	for _, s := range f.Subjects {
		subject = subject || slices.Contains(e.subjects, s)
	}
	return kind && channel && subject
}

// byUnit lists every unit's events in order.
func byUnit(events []happened) [][]happened {
	units := map[int64][]happened{}
	for _, e := range events {
		units[e.unit] = append(units[e.unit], e)
	}
	var out [][]happened
	for _, u := range units {
		slices.SortFunc(u, func(a, b happened) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.number, b.number))
		})
		out = append(out, u)
	}
	return out
}

// sorted is the plain way to percentiles.
func sorted(v []int64) *Spread {
	if len(v) == 0 {
		return nil
	}
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	at := func(p int) int64 {
		for i := range v {
			if 100*(i+1) >= p*n {
				return v[i]
			}
		}
		return v[n-1]
	}
	return &Spread{
		N: int64(n), Median: (micros(v[(n-1)/2]) + micros(v[n/2])) / 2,
		P50: micros(at(50)), P90: micros(at(90)), P99: micros(at(99)),
	}
}
