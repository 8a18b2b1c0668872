package query

import (
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/survey/segments"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// block is how many rows are picked before they are counted: few enough for what
// was read to be near still.
const block = 2048

// sift picks the rows of one slab that a plan counts. It goes through a block once
// for each condition, which is a short loop over one column: conditions that were
// not asked for cost nothing, and rows that one has dropped cost the next nothing.
type sift struct {
	// sets and facets are what the plan makes of the slab's, nil if nothing.
	sets, facets []judged

	customer []int64
	// laid says that only members count or, outside, only other known customers.
	laid, outside bool
	members       segments.Bits
	wide          []condition[uint32]
	small         []condition[uint8]
}

// condition lets pass the rows whose number in a column is marked.
type condition[T uint8 | uint32] struct {
	column []T
	pass   []bool
}

// sift is made anew for each slab.
func (s *rowSum) sift(rows *tally.Rows, on calendar.Day, day *daySlot, part int) sift {
	scope := &s.p.scope
	out := sift{sets: s.sets(rows), facets: s.facets(rows), customer: rows.Customer}
	if s.crowd.whose != nil {
		out.laid, out.outside, out.members = true, s.crowd.outside, s.crowd.on(on)
	}
	wide := func(column []uint32, pass []bool) {
		if pass != nil {
			out.wide = append(out.wide, condition[uint32]{column, pass})
		}
	}
	small := func(column []uint8, pass []bool) {
		if pass != nil {
			out.small = append(out.small, condition[uint8]{column, pass})
		}
	}
	if s.given != nil || s.labelled != nil {
		wide(rows.Set, passing(out.sets))
	}
	if len(scope.facets) > 0 {
		wide(rows.FacetSet, passing(out.facets))
	}
	wide(rows.Survey, s.surveys)
	small(rows.Channel, s.channels)
	small(rows.Mode, s.modes)
	if s.p.subject.parts[part] == tally.LowShare {
		small(rows.Score, scored[:])
	}
	if s.p.window.live && day.quarters != nil {
		small(rows.Quarter, within(day))
	}
	return out
}

func passing(of []judged) []bool {
	out := make([]bool, len(of))
	for i := range of {
		out[i] = of[i].ok
	}
	return out
}

// scored marks the scores that count.
var scored = func() (out [tally.NoScore]bool) {
	for i := range out {
		out[i] = true
	}
	return out
}()

// allowed marks the numbers that pass a mask; nil if all do.
func allowed(mask uint32) []bool {
	if mask == everything {
		return nil
	}
	out := make([]bool, 32)
	for n := range out {
		out[n] = passes(mask, uint8(n))
	}
	return out
}

// within marks the quarter hours that are in the window.
func within(day *daySlot) []bool {
	out := make([]bool, len(day.quarters))
	for q := range out {
		out[q] = day.quarters[q] != outside
	}
	return out
}

// pick lists the rows from one to another that count, in room for a block.
func (s *sift) pick(room []int32, from, to int) []int32 {
	out := room[:to-from]
	switch {
	case s.outside:
		out = pickOthers(room, s.customer[from:to], s.members, from)
	case s.laid:
		out = pickMembers(room, s.customer[from:to], s.members, from)
	default:
		for i := range out {
			out[i] = int32(from + i)
		}
	}
	for _, c := range s.wide {
		out = only(out, c.column, c.pass)
	}
	for _, c := range s.small {
		out = only(out, c.column, c.pass)
	}
	return out
}

// pickMembers lists whose numbers are in the set. Membership is as good as random,
// so there is no branch on it to be guessed wrong.
func pickMembers(room []int32, customers []int64, members segments.Bits, from int) []int32 {
	n := 0
	for i, c := range customers {
		word := uint64(c) >> 6
		if word >= uint64(len(members)) {
			continue
		}
		room[n] = int32(from + i)
		n += int(members[word] >> (uint64(c) & 63) & 1)
	}
	return room[:n]
}

// pickOthers lists whose numbers are known and not in the set, as pickMembers does.
func pickOthers(room []int32, customers []int64, members segments.Bits, from int) []int32 {
	n := 0
	for i, c := range customers {
		in, word := uint64(0), uint64(c)>>6
		if word < uint64(len(members)) {
			in = members[word] >> (uint64(c) & 63)
		}
		known := (uint64(c) | -uint64(c)) >> 63 // 1 but for 0
		room[n] = int32(from + i)
		n += int(known &^ in)
	}
	return room[:n]
}

// ofMembers appends those of the rows whose customers are in the set.
func ofMembers(into []int32, customers []int64, members segments.Bits, rows []int32) []int32 {
	room, n := into[:len(rows)], 0
	for _, i := range rows {
		c := customers[i]
		word := uint64(c) >> 6
		if word >= uint64(len(members)) {
			continue
		}
		room[n] = i
		n += int(members[word] >> (uint64(c) & 63) & 1)
	}
	return room[:n]
}

// only keeps the rows whose number in a column is marked.
func only[T uint8 | uint32](rows []int32, column []T, pass []bool) []int32 {
	n := 0
	for _, i := range rows {
		if v := column[i]; int(v) < len(pass) && pass[v] {
			rows[n] = i
			n++
		}
	}
	return rows[:n]
}
