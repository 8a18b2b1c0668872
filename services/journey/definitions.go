package journey

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	journeymaps "github.com/rapport-cx/rapport/services/journey/maps"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// definitions are what a brand's log says of no day. The log's tail writes them,
// everybody reads.
type definitions struct {
	// people tells which customers' numbers are one person.
	people *people.Book
	// maps are the journey maps.
	maps *journeymaps.Book

	mu sync.RWMutex
	// kinds are what was said of kinds of events, by kind.
	kinds map[string]*journeyv1.EventKind
	// erased are the numbers of customers that were erased.
	erased map[int64]bool
}

func newDefinitions() *definitions {
	return &definitions{people: people.NewBook(), maps: journeymaps.NewBook(), kinds: map[string]*journeyv1.EventKind{}, erased: map[int64]bool{}}
}

// apply takes in one fact, in the order of the log.
func (d *definitions) apply(f *feed.Fact) error {
	switch f.Kind {
	case record.Kind:
		return d.describe(f)
	case record.Person:
		return d.person(f)
	case record.Map:
		return d.maps.Apply(f)
	}
	return nil
}

// person takes in what Segmentation told of a customer.
func (d *definitions) person(f *feed.Fact) error {
	e := &segmentationv1.CustomerEvent{}
	if err := proto.Unmarshal(f.Body, e); err != nil {
		return fmt.Errorf("fact %d: read event of a customer: %w", f.Seq, err)
	}
	d.people.Apply(e)
	if e.GetKind() == segmentationv1.CustomerEvent_KIND_ERASED {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.erased[e.GetId()] = true
	}
	return nil
}

// wasErased tells whether a customer was erased: nothing personal of later events
// may stay either.
func (d *definitions) wasErased(id int64) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.erased[id]
}

func (d *definitions) describe(f *feed.Fact) error {
	k := &journeyv1.EventKind{}
	if err := proto.Unmarshal(f.Body, k); err != nil {
		return fmt.Errorf("fact %d: read kind of events: %w", f.Seq, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kinds[k.GetKind()] = k
	return nil
}

// titles are the names of a kind for people; they must not be changed.
func (d *definitions) titles(kind string) map[string]string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.kinds[kind].GetTitles()
}

// described tells whether anything was said of a kind.
func (d *definitions) described(kind string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.kinds[kind] != nil
}

// describedKinds are the kinds of which something was said.
func (d *definitions) describedKinds() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return slices.Collect(maps.Keys(d.kinds))
}
