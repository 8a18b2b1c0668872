package lake

import (
	"maps"
	"slices"

	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/journey/trail"
)

// joined are the persons that loose numbers make under one mapping.
type joined struct {
	who    *people.Mapping
	people *block
	// more are numbers that are merged too, but lie in blocks: merged since.
	more []int64
}

// join puts the persons of loose numbers together, and finds merged numbers that are
// not loose.
func (h *held) join(who *people.Mapping) {
	j := &joined{who: who}
	var together pile
	for i := range h.loose.units {
		h.loose.each(i, into(&together, who))
	}
	j.people = together.sorted()
	seen := map[int64]struct{}{}
	merged := func(u int64) {
		if _, ok := h.loose.find(u); ok {
			return
		}
		if _, ok := h.blocks[h.home(u)].find(u); ok {
			seen[u] = struct{}{}
		}
	}
	who.Each(func(id, person int64) {
		merged(id)
		merged(person)
	})
	j.more = slices.Collect(maps.Keys(seen))
	h.joined = j
}

// view is what is held, as trails, and what it takes. Units that something came for,
// and those that were merged since, are put together anew; all others stay where
// they are.
func (h *held) view(who *people.Mapping, atMost int) (*trail.Trails, int64) {
	apart := h.apart(who)
	if len(apart) > atMost {
		h.absorb(who, apart)
		apart = h.apart(who)
	}
	t := &trail.Trails{Names: h.names.snapshot(), AsOf: h.asOf}
	bytes := h.names.bytes() + h.loose.bytes() + int64(len(h.tail.events))*eventBytes
	var together pile
	add := into(&together, who)
	for _, b := range h.blocks {
		bytes += b.bytes() + addParts(t, b, apart, func(place int) { b.each(place, h.holding(add)) })
	}
	// A person of whom any number is apart is made of all its numbers.
	persons := make(map[int64]struct{}, len(apart))
	for u := range apart {
		persons[who.Person(u)] = struct{}{}
	}
	for p := range persons {
		for _, u := range who.Members(p) {
			if place, ok := h.loose.find(u); ok {
				h.loose.each(place, h.holding(add))
			}
		}
	}
	bytes += h.joined.people.bytes() + addParts(t, h.joined.people, persons, func(int) {})
	h.tail.each(func(_ int, e *event) { add(*e) })
	if together.len() > 0 {
		b := together.sorted()
		bytes += b.bytes() + addParts(t, b, nil, nil)
	}
	return t, bytes
}

// addParts adds the units of a block but for some, for whose places it calls out, and
// returns what it had to copy.
func addParts(t *trail.Trails, b *block, but map[int64]struct{}, out func(place int)) (bytes int64) {
	from, places := 0, b.places(but)
	for _, p := range append(places, len(b.units)) {
		if p > from {
			t.Parts = append(t.Parts, b.part(from, p))
		}
		from = p + 1
	}
	for _, p := range places {
		out(p)
	}
	if len(places) > 0 {
		bytes = int64(len(b.first)) * 4
	}
	return bytes
}

// eventBytes is what an event takes in a tail.
const eventBytes = 40

// holding calls fn for events that the tail has not taken out.
func (h *held) holding(fn func(event)) func(event) {
	return func(e event) {
		if !h.tail.drops(e.number) {
			fn(e)
		}
	}
}

// into adds events to a pile, under the person's number.
func into(p *pile, who *people.Mapping) func(event) {
	return func(e event) {
		e.unit = who.Person(e.unit)
		p.add(e)
	}
}

// apart are the units that are touched, or merged and not loose.
func (h *held) apart(who *people.Mapping) map[int64]struct{} {
	if h.joined == nil || !same(h.joined.who, who) {
		h.join(who)
	}
	apart := make(map[int64]struct{}, len(h.touched)+len(h.joined.more))
	for u := range h.touched {
		apart[u] = struct{}{}
	}
	for _, u := range h.joined.more {
		apart[u] = struct{}{}
	}
	return apart
}

// absorb makes the blocks anew with what came since, and the numbers that are merged
// now loose.
func (h *held) absorb(who *people.Mapping, apart map[int64]struct{}) {
	loose := map[int64]struct{}{}
	who.Each(func(id, person int64) {
		loose[id] = struct{}{}
		loose[person] = struct{}{}
	})
	var set pile
	packed := make([]pile, len(h.blocks))
	settle := func(e event) {
		if _, ok := loose[e.unit]; ok {
			set.add(e)
		} else {
			packed[h.where(e.unit)].add(e)
		}
	}
	for _, b := range h.blocks {
		for _, p := range b.places(apart) {
			b.each(p, h.holding(settle))
		}
	}
	for i := range h.loose.units {
		h.loose.each(i, h.holding(settle))
	}
	h.tail.each(func(_ int, e *event) { settle(*e) })
	for i, b := range h.blocks {
		h.blocks[i] = b.without(b.places(apart), packed[i].sorted())
	}
	h.loose, h.joined = set.sorted(), nil
	h.tail, h.touched = newTail(h.tail.number), map[int64]struct{}{}
}

// where is the block that has a unit, or may take it.
func (h *held) where(unit int64) int {
	at := h.home(unit)
	if _, ok := h.blocks[at].find(unit); ok {
		return at
	}
	for i, b := range h.blocks[Buckets:] {
		if _, ok := b.find(unit); ok {
			return Buckets + i
		}
	}
	for i, b := range h.blocks {
		if _, ok := b.find(unit); ok {
			return i
		}
	}
	return at
}

// places are where some units are in a block, ascending.
func (b *block) places(units map[int64]struct{}) []int {
	var places []int
	for u := range units {
		if p, ok := b.find(u); ok {
			places = append(places, p)
		}
	}
	slices.Sort(places)
	return places
}

// without is b without the units at some places and with those of another block.
func (b *block) without(places []int, with *block) *block {
	if len(places) == 0 && len(with.units) == 0 {
		return b
	}
	n := len(b.at) + len(with.at)
	out := &block{
		units: make([]int64, 0, len(b.units)+len(with.units)-len(places)), first: make([]uint32, 0, len(b.first)+len(with.units)),
		number: make([]int64, 0, n), at: make([]int64, 0, n), kind: make([]uint16, 0, n),
		channel: make([]uint8, 0, n), subjects: make([]uint32, 0, n),
	}
	if b.sequence != nil || with.sequence != nil {
		out.sequence = make([]int32, 0, n)
	}
	from, next := 0, 0
	for _, p := range append(places, len(b.units)) {
		for from < p {
			// Up to the next unit that comes in from the other block.
			until := p
			if next < len(with.units) {
				if at, _ := slices.BinarySearch(b.units[from:p], with.units[next]); from+at < p {
					until = from + at
				}
			}
			out.copy(b, from, until)
			if from = until; from < p {
				out.copy(with, next, next+1)
				next++
			}
		}
		from = p + 1
	}
	out.copy(with, next, len(with.units))
	out.first = append(out.first, uint32(len(out.at)))
	return out
}

// copy appends units [from, until) of another block.
func (b *block) copy(of *block, from, until int) {
	if from >= until {
		return
	}
	lo, hi := of.first[from], of.first[until]
	shift := uint32(len(b.at)) - lo
	b.units = append(b.units, of.units[from:until]...)
	for _, f := range of.first[from:until] {
		b.first = append(b.first, f+shift)
	}
	b.number, b.at = append(b.number, of.number[lo:hi]...), append(b.at, of.at[lo:hi]...)
	b.kind, b.channel = append(b.kind, of.kind[lo:hi]...), append(b.channel, of.channel[lo:hi]...)
	b.subjects = append(b.subjects, of.subjects[lo:hi]...)
	switch {
	case b.sequence == nil:
	case of.sequence != nil:
		b.sequence = append(b.sequence, of.sequence[lo:hi]...)
	default:
		b.sequence = append(b.sequence, make([]int32, hi-lo)...)
	}
}
