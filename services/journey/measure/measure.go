// Package measure sums the slabs of days into answers: success index, contact
// rate, retention and the numbers of a journey map. Everything here is a pure
// function of slabs; nothing is rounded, and a share of nothing is absent.
//
// Customers stand in slabs under the numbers their events came with. Who that is
// now is asked once per number and answer, so a merge or unmerge moves nothing
// but the answer.
package measure

import (
	"fmt"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// Filter says which events or orders count: in any of the channels and naming any
// of the subjects; empty means any.
type Filter struct {
	channels []commonv1.Channel
	subjects map[record.Subject]bool
}

// NewFilter reads channels and subjects of a filter; its kinds are not ours.
func NewFilter(in *journeyv1.EventFilter) Filter {
	f := Filter{channels: in.GetChannels(), subjects: map[record.Subject]bool{}}
	for _, s := range in.GetSubjects() {
		f.subjects[record.Subject{Kind: s.GetKind(), ID: s.GetId()}] = true
	}
	return f
}

func (f *Filter) takes(channel commonv1.Channel, subjects []record.Subject) bool {
	if len(f.channels) > 0 && !slices.Contains(f.channels, channel) {
		return false
	}
	return len(f.subjects) == 0 || slices.ContainsFunc(subjects, func(s record.Subject) bool { return f.subjects[s] })
}

// rows tells which of a slab's Traits the filter takes.
func (f *Filter) rows(traits []tally.Trait) []bool {
	take := make([]bool, len(traits))
	for i := range traits {
		take[i] = f.takes(traits[i].Channel, traits[i].Subjects)
	}
	return take
}

// Split says what an answer is split by.
type Split struct {
	By journeyv1.MeasureGroup
	// Kind of the subjects, for SUBJECT.
	Kind commonv1.SubjectKind
}

// keys are the groups that something counts in.
func (s Split) keys(day calendar.Day, channel commonv1.Channel, subjects []record.Subject, into []string) []string {
	switch s.By {
	case journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL:
		into = append(into, strings.TrimPrefix(channel.String(), "CHANNEL_"))
	case journeyv1.MeasureGroup_MEASURE_GROUP_MONTH:
		into = append(into, monthName(monthOf(day)))
	case journeyv1.MeasureGroup_MEASURE_GROUP_SUBJECT:
		for _, one := range subjects {
			if one.Kind == s.Kind {
				into = append(into, one.ID)
			}
		}
	}
	return into
}

// monthOf numbers calendar months in their order.
func monthOf(day calendar.Day) int {
	year, month, _ := day.Date()
	return 12*year + int(month) - 1
}

func monthName(month int) string { return fmt.Sprintf("%04d-%02d", month/12, month%12+1) }

// reasons are counts by reason, the commonest first, then by reason.
func reasons(counts map[string]int64) []*journeyv1.ReasonCount {
	var out []*journeyv1.ReasonCount
	for reason, n := range counts {
		if n != 0 {
			out = append(out, &journeyv1.ReasonCount{Reason: reason, Count: n})
		}
	}
	slices.SortFunc(out, func(a, b *journeyv1.ReasonCount) int {
		if a.GetCount() != b.GetCount() {
			return int(max(-1, min(1, b.GetCount()-a.GetCount())))
		}
		return strings.Compare(a.GetReason(), b.GetReason())
	})
	return out
}

// groups are sums by key; the empty split has none.
type groups[T any] map[string]*T

func (g groups[T]) of(key string) *T {
	one := g[key]
	if one == nil {
		one = new(T)
		g[key] = one
	}
	return one
}

// answers renders the groups, ordered by key; nil for those that count nothing.
func answers[T, A any](g groups[T], render func(key string, sum *T) *A) []*A {
	var out []*A
	for _, key := range sortedKeys(g) {
		if one := render(key, g[key]); one != nil {
			out = append(out, one)
		}
	}
	return out
}

func sortedKeys[T any](g groups[T]) []string {
	keys := make([]string, 0, len(g))
	for key := range g {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
