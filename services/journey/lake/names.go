package lake

import (
	"errors"
	"math"
	"sync"

	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/trail"
)

// names gives kinds and sets of subjects numbers. They only grow: a number, once
// given, stays, so that columns decoded earlier stay true.
type names struct {
	mu    sync.Mutex
	kinds map[string]uint32
	sets  map[string]uint32
	list  trail.Names
	size  int64
}

// errKinds says that a column cannot tell so many kinds apart.
var errKinds = errors.New("more than 65,536 kinds of events")

func newNames() *names {
	return &names{kinds: map[string]uint32{}, sets: map[string]uint32{"[]": 0}, list: trail.Names{Subjects: [][]record.Subject{nil}}}
}

// kind is the number of a kind.
func (n *names) kind(text []byte) (uint32, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if k, ok := n.kinds[string(text)]; ok {
		return k, nil
	}
	k := uint32(len(n.list.Kinds))
	if k > math.MaxUint16 {
		return 0, errKinds
	}
	name := string(text)
	n.kinds[name] = k
	n.list.Kinds = append(n.list.Kinds, name)
	n.size += int64(len(name)) + entry
	return k, nil
}

// entry is about what a name costs beside its text.
const entry = 64

// set is the number of a set of subjects.
func (n *names) set(text []byte) (uint32, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s, ok := n.sets[string(text)]; ok {
		return s, nil
	}
	list, err := parseSubjects(string(text))
	if err != nil {
		return 0, err
	}
	s := uint32(len(n.list.Subjects))
	n.sets[string(text)] = s
	n.list.Subjects = append(n.list.Subjects, list)
	n.size += 2*int64(len(text)) + int64(1+len(list))*entry
	return s, nil
}

// snapshot is the names as they are now; later ones lie behind its ends.
func (n *names) snapshot() *trail.Names {
	n.mu.Lock()
	defer n.mu.Unlock()
	k, s := len(n.list.Kinds), len(n.list.Subjects)
	return &trail.Names{Kinds: n.list.Kinds[:k:k], Subjects: n.list.Subjects[:s:s]}
}

// bytes is about what the names take.
func (n *names) bytes() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.size
}
