package analysis

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// maxGroups is how many groups are listed; the smaller ones are told together.
const maxGroups = 1000

// answer puts together what the workers kept.
func (q Funnel) answer(ctx context.Context, split *split, workers []*funnelWorker) (*FunnelAnswer, error) {
	n := len(q.Steps)
	units := reachedUnits(n, len(split.keys), workers)
	out := &FunnelAnswer{}
	places, listed := []uint32(nil), []uint32(nil)
	if q.Group != (Group{}) {
		places, listed = ranked(split.keys, units, n)
		out.OtherGroups = max(0, len(listed)-maxGroups)
		listed = listed[:min(len(listed), maxGroups)]
	}
	// all are the total, the groups, and the rest of them.
	all := make([]Reached, 1+len(listed)+1)
	for i, group := range listed {
		all[1+i].Key = split.keys[group]
	}
	for i := range all {
		all[i].Steps = make([]StepReached, n)
	}
	addUnits(all, units, places, n)
	err := each(ctx, n, func(_, step int) { addTimes(all, workers, places, step) })
	if err != nil {
		return nil, err
	}
	out.Total, out.Groups = all[0], all[1:1+len(listed)]
	if out.OtherGroups > 0 {
		out.Other = &all[1+len(listed)]
	}
	slices.SortFunc(out.Groups, func(a, b Reached) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// reachedUnits counts the units of every group that came to every step or deeper.
func reachedUnits(n, groups int, workers []*funnelWorker) []int64 {
	units := make([]int64, n*groups)
	for _, w := range workers {
		for i, ended := range w.ended {
			units[i] += ended
		}
	}
	for i := len(units) - 2; i >= 0; i-- {
		if i%n < n-1 {
			units[i] += units[i+1]
		}
	}
	return units
}

// ranked are the groups with units, those with the most first, and the place of
// every group in the answer: 1 is the first one listed.
func ranked(keys []string, units []int64, n int) (places, listed []uint32) {
	for group := range keys {
		if units[group*n] > 0 {
			listed = append(listed, uint32(group))
		}
	}
	slices.SortFunc(listed, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(units[int(b)*n], units[int(a)*n]), strings.Compare(keys[a], keys[b]))
	})
	places = make([]uint32, len(keys))
	for i, group := range listed {
		places[group] = uint32(1 + min(i, maxGroups))
	}
	return places, listed
}

// addUnits counts in the total and, if there are places, in the groups.
func addUnits(all []Reached, units []int64, places []uint32, n int) {
	for i, u := range units {
		all[0].Steps[i%n].Units += u
		if places != nil && u > 0 {
			all[places[i/n]].Steps[i%n].Units += u
		}
	}
}

// addTimes fills one step's times. They are laid out group by group: the counts of
// the step say where each group begins.
func addTimes(all []Reached, workers []*funnelWorker, places []uint32, step int) {
	if step == 0 {
		return
	}
	times := make([]int64, all[0].Steps[step].Units)
	if places == nil {
		at := 0
		for _, w := range workers {
			at += copy(times[at:], w.since[step])
		}
		all[0].Steps[step].SincePrevious = spread(times)
		return
	}
	next := make([]int64, len(all))
	for i := 1; i < len(all)-1; i++ {
		next[i+1] = next[i] + all[i].Steps[step].Units
	}
	for _, w := range workers {
		for i, took := range w.since[step] {
			place := uint32(1)
			if w.groups[step] != nil {
				place = places[w.groups[step][i]]
			}
			times[next[place]] = took
			next[place]++
		}
	}
	at := int64(0)
	for i := 1; i < len(all); i++ {
		all[i].Steps[step].SincePrevious = spread(times[at:next[i]])
		at = next[i]
	}
	all[0].Steps[step].SincePrevious = spread(times)
}
