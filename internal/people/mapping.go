package people

import (
	"maps"
	"slices"
)

// parts is into how many pieces a Mapping is cut: the next one copies only those
// that a merge touches.
const parts = 256

// Mapping is who stands for whom at one moment. It is never changed; the zero
// value is the identity.
type Mapping struct {
	version uint64
	merged  int
	// person has the numbers that are merged into others, members the persons
	// that have more than one number.
	person  [parts]map[int64]int64
	members [parts]map[int64][]int64
	// erased has the numbers of which nothing personal may be kept.
	erased [parts]map[int64]struct{}
	// own tells which parts this mapping has copied while it is being made.
	own [3][parts]bool
}

// Person is the number that stands for the person of a number.
func (m *Mapping) Person(id int64) int64 {
	if p, ok := m.person[part(id)][id]; ok {
		return p
	}
	return id
}

// Members are all numbers of a number's person, ascending, itself among them. The
// slice must not be changed.
func (m *Mapping) Members(id int64) []int64 {
	id = m.Person(id)
	if all, ok := m.members[part(id)][id]; ok {
		return all
	}
	return []int64{id}
}

// Alone tells that a number is a person and nobody else's is.
func (m *Mapping) Alone(id int64) bool {
	if m.merged == 0 {
		return true
	}
	if _, behind := m.person[part(id)][id]; behind {
		return false
	}
	_, others := m.members[part(id)][id]
	return !others
}

// Erased tells that a number was erased: nothing personal may be kept of it, also
// not of a fact that comes in only now.
func (m *Mapping) Erased(id int64) bool {
	_, ok := m.erased[part(id)][id]
	return ok
}

// Each calls fn for every number that is merged into another one, with the one
// that stands for it, in no particular order.
func (m *Mapping) Each(fn func(id, person int64)) {
	for _, p := range m.person {
		for id, person := range p {
			fn(id, person)
		}
	}
}

// Version counts the changes that led here: the same for all who read one log.
func (m *Mapping) Version() uint64 { return m.version }

// Empty tells that nobody is merged.
func (m *Mapping) Empty() bool { return m.merged == 0 }

// Merged is how many numbers stand behind others.
func (m *Mapping) Merged() int { return m.merged }

func part(id int64) uint64 { return uint64(id) % parts }

// next is a mapping to be changed; it leaves m as it is.
func (m *Mapping) next() *Mapping {
	n := *m
	n.version++
	n.own = [3][parts]bool{}
	return &n
}

// join lets ids, ascending, stand behind person: beside whoever does already.
func (m *Mapping) join(ids []int64, person int64) {
	all := slices.Clone(m.Members(person))
	for _, id := range ids {
		m.drop(id)
		if id != person {
			m.set(id, person)
		}
	}
	all = append(all, ids...)
	slices.Sort(all)
	m.gather(person, slices.Compact(all))
}

// leave lets ids, ascending, no longer stand behind person.
func (m *Mapping) leave(ids []int64, person int64) {
	left := slices.DeleteFunc(slices.Clone(m.Members(person)), func(id int64) bool {
		_, gone := slices.BinarySearch(ids, id)
		return gone
	})
	m.gather(person, left)
	for _, id := range ids {
		m.unset(id)
	}
}

// drop forgets the members of a number that stands for nobody any more.
func (m *Mapping) drop(id int64) {
	if _, ok := m.members[part(id)][id]; ok {
		delete(own(&m.members, &m.own[1], id), id)
	}
}

// gather sets the numbers of a person.
func (m *Mapping) gather(person int64, all []int64) {
	if len(all) < 2 {
		m.drop(person)
		return
	}
	own(&m.members, &m.own[1], person)[person] = all
}

func (m *Mapping) set(id, person int64) {
	if _, ok := m.person[part(id)][id]; !ok {
		m.merged++
	}
	own(&m.person, &m.own[0], id)[id] = person
}

func (m *Mapping) unset(id int64) {
	if _, ok := m.person[part(id)][id]; ok {
		m.merged--
		delete(own(&m.person, &m.own[0], id), id)
	}
}

// own is the part of a number, copied if this mapping shares it with an older one.
func own[V any](of *[parts]map[int64]V, copied *[parts]bool, id int64) map[int64]V {
	i := part(id)
	if !copied[i] {
		copied[i] = true
		if of[i] = maps.Clone(of[i]); of[i] == nil {
			of[i] = map[int64]V{}
		}
	}
	return of[i]
}
