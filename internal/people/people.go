// Package people tells services who their customers are, as far as Segmentation
// knows: which numbers are one person (Book, Mapping), which number belongs to an
// identity (Resolver), and what to do while nobody answers (Sealed, Resolving).
// Followed brings Segmentation's log into a service's own.
//
// A fact keeps the number it came with for ever. Who that is now is a Mapping,
// applied when facts are read: a merge moves everything at once, and to take it
// back is to drop it.
package people

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// Book is one brand's merges. Changes wait for each other; whoever reads takes
// the Mapping of the moment and waits for nobody.
type Book struct {
	now atomic.Pointer[Mapping]

	mu sync.Mutex
	// into has the merges as they were named: each number stands behind at most
	// one other. behind is the same seen from the other side.
	into   map[int64]int64
	behind map[int64][]int64
}

// NewBook returns a book in which everybody is somebody else.
func NewBook() *Book {
	b := &Book{into: map[int64]int64{}, behind: map[int64][]int64{}}
	b.now.Store(&Mapping{})
	return b
}

// Now is who stands for whom at this moment. It never changes.
func (b *Book) Now() *Mapping { return b.now.Load() }

// Apply takes in an event of Segmentation's log. CREATED and UPDATED change
// nothing.
func (b *Book) Apply(e *segmentationv1.CustomerEvent) {
	switch e.GetKind() {
	case segmentationv1.CustomerEvent_KIND_MERGED:
		b.Merge(e.GetId(), e.GetIntoId())
	case segmentationv1.CustomerEvent_KIND_UNMERGED:
		b.Unmerge(e.GetId())
	case segmentationv1.CustomerEvent_KIND_ERASED:
		b.Erase(e.GetId())
	}
}

// ApplyBody is Apply for the body of a definition that Followed wrote.
func (b *Book) ApplyBody(body []byte) error {
	e, err := ReadEvent(body)
	if err == nil {
		b.Apply(e)
	}
	return err
}

// ReadEvent reads the body of a definition that Followed wrote.
func ReadEvent(body []byte) (*segmentationv1.CustomerEvent, error) {
	e := &segmentationv1.CustomerEvent{}
	if err := proto.Unmarshal(body, e); err != nil {
		return nil, fmt.Errorf("read event of a customer: %w", err)
	}
	return e, nil
}

// Merge lets from, and whoever stands behind it, stand behind into. Segmentation
// refuses what would contradict an earlier merge; if one arrives nevertheless,
// from a log that was replaced, the newer word counts.
func (b *Book) Merge(from, into int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if from == into || b.into[from] == into {
		return
	}
	next := b.now.Load().next()
	b.part(next, from)
	if next.Person(into) == from {
		b.part(next, into)
	}
	b.into[from] = into
	b.behind[into] = append(b.behind[into], from)
	next.join(next.Members(from), next.Person(into))
	b.now.Store(next)
}

// Unmerge takes the merge of from into another number back. Who was merged into
// from stays with it.
func (b *Book) Unmerge(from int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.into[from] == 0 {
		return
	}
	next := b.now.Load().next()
	b.part(next, from)
	b.now.Store(next)
}

// Erase notes that a number was erased, for good. It stays merged as it is.
func (b *Book) Erase(id int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now.Load().Erased(id) {
		return
	}
	next := b.now.Load().next()
	own(&next.erased, &next.own[2], id)[id] = struct{}{}
	b.now.Store(next)
}

// part drops the edge out of from, if there is one. Called under Lock.
func (b *Book) part(next *Mapping, from int64) {
	into := b.into[from]
	if into == 0 {
		return
	}
	delete(b.into, from)
	b.behind[into] = slices.DeleteFunc(b.behind[into], func(id int64) bool { return id == from })
	if len(b.behind[into]) == 0 {
		delete(b.behind, into)
	}
	gone := b.all(from, nil)
	slices.Sort(gone)
	next.leave(gone, next.Person(from))
	next.join(gone, from)
}

// all collects from and everybody behind it. Called under Lock.
func (b *Book) all(from int64, into []int64) []int64 {
	into = append(into, from)
	for _, id := range b.behind[from] {
		into = b.all(id, into)
	}
	return into
}

// edges are events that take every merge back.
func (b *Book) edges() []*segmentationv1.CustomerEvent {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []*segmentationv1.CustomerEvent
	for _, from := range slices.Sorted(maps.Keys(b.into)) {
		out = append(out, &segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_UNMERGED, Id: from, IntoId: b.into[from]})
	}
	return out
}
