package compare

import (
	"cmp"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// had is an occasion and how many purchases a person made for it.
type had struct {
	name string
	n    int64
}

// Occasions are the moves of a person's occasions from one stretch of days to another,
// each once. An occasion that it had in both stays; of the others it gave up and took up
// the most frequent go together.
func Occasions(h *purchase.History, from, to calendar.Days) (moves []Move) {
	if h == nil {
		return nil
	}
	before, after := occasions(h, from), occasions(h, to)
	gone := slices.DeleteFunc(slices.Clone(before), func(o had) bool {
		stays := has(after, o.name)
		if stays {
			moves = append(moves, Move{o.name, o.name})
		}
		return stays
	})
	taken := slices.DeleteFunc(after, func(o had) bool { return has(before, o.name) })
	for i := range max(len(gone), len(taken)) {
		var m Move
		if i < len(gone) {
			m.From = gone[i].name
		}
		if i < len(taken) {
			m.To = taken[i].name
		}
		moves = append(moves, m)
	}
	return moves
}

func has(all []had, name string) bool {
	return slices.ContainsFunc(all, func(o had) bool { return o.name == name })
}

// occasions are those of some days: the most purchases first, then by name.
func occasions(h *purchase.History, within calendar.Days) (all []had) {
	for _, d := range h.Days(within) {
		for _, s := range d.Seen {
			if s.Kind != purchase.Occasion {
				continue
			}
			at := slices.IndexFunc(all, func(o had) bool { return o.name == s.Name })
			if at < 0 {
				at, all = len(all), append(all, had{name: s.Name})
			}
			all[at].n += s.Purchases
		}
	}
	slices.SortFunc(all, func(a, b had) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name)) })
	return all
}
