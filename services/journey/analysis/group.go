package analysis

import (
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/trail"
	"time"
)

// Group is what a funnel is split by, as the event of a unit's first step tells.
// At most one of them is given.
type Group struct {
	Channel bool
	// Subject is the first subject of this kind that the event names.
	Subject commonv1.SubjectKind
	// Month is the calendar month of this zone.
	Month *calendar.Zone
}

// split tells the group of an event by a number below len(keys).
type split struct {
	keys []string
	// Of these at most one is set.
	channel bool
	// subject is the group of every set of subjects.
	subject []uint32
	// months are the instants at which groups begin, from the second on.
	months []int64
}

// over prepares the groups that trails can have. What has no group of its own is in
// the one with the key "".
func (g Group) over(t *trail.Trails) *split {
	switch {
	case g.Channel:
		return byChannel()
	case g.Subject != 0:
		return bySubject(t.Names, g.Subject)
	case g.Month != nil:
		return byMonth(t, g.Month)
	default:
		return &split{keys: []string{""}}
	}
}

func byChannel() *split {
	s := &split{channel: true, keys: make([]string, 256)}
	for c := range s.keys {
		s.keys[c] = strings.TrimPrefix(commonv1.Channel(c).String(), "CHANNEL_")
	}
	return s
}

func bySubject(names *trail.Names, kind commonv1.SubjectKind) *split {
	s := &split{keys: []string{""}, subject: make([]uint32, len(names.Subjects))}
	known := map[string]uint32{}
	for i, set := range names.Subjects {
		for _, one := range set {
			if one.Kind != kind {
				continue
			}
			group, ok := known[one.ID]
			if !ok {
				group = uint32(len(s.keys))
				known[one.ID] = group
				s.keys = append(s.keys, one.ID)
			}
			s.subject[i] = group
			break
		}
	}
	return s
}

// byMonth lists the months from the earliest event to the latest.
func byMonth(t *trail.Trails, zone *calendar.Zone) *split {
	first, last, any := bounds(t)
	if !any {
		return &split{keys: []string{""}}
	}
	day := calendar.GrainMonth.First(zone.DayOf(time.UnixMicro(first)))
	s := &split{keys: []string{day.String()[:len("2006-01")]}}
	for {
		day = calendar.GrainMonth.Next(day)
		begin := zone.StartOf(day).UnixMicro()
		if begin > last {
			return s
		}
		s.keys = append(s.keys, day.String()[:len("2006-01")])
		s.months = append(s.months, begin)
	}
}

// bounds are the times of the earliest and the latest event.
func bounds(t *trail.Trails) (first, last int64, any bool) {
	for _, p := range t.Parts {
		for i := range p.Units {
			if p.First[i] == p.First[i+1] {
				continue
			}
			begin, end := p.At[p.First[i]], p.At[p.First[i+1]-1]
			if !any {
				first, last, any = begin, end, true
			}
			first, last = min(first, begin), max(last, end)
		}
	}
	return first, last, any
}

// of is the group of an event.
func (s *split) of(p *trail.Part, e uint32) uint32 {
	switch {
	case s.channel:
		return uint32(p.Channel[e])
	case s.subject != nil:
		return s.subject[p.Subjects[e]]
	case s.months != nil:
		month, begins := slices.BinarySearch(s.months, p.At[e])
		if begins {
			month++
		}
		return uint32(month)
	default:
		return 0
	}
}
