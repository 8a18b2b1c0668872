// Package maps keeps journey maps: what a journey is meant to be, drafted, and
// published in versions that never change. Maps are facts of the brand's log and
// live in memory; each fact has the whole map, but of the versions only the one
// that it publishes.
package maps

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// Book is a brand's maps. The log's tail writes it, everybody reads. Maps that it
// returns are shared: nobody may change them.
type Book struct {
	mu sync.RWMutex
	// byID has the maps with all their versions, ids their ids in order.
	byID map[string]*journeyv1.JourneyMap
	ids  []string
}

// NewBook returns an empty book.
func NewBook() *Book { return &Book{byID: map[string]*journeyv1.JourneyMap{}} }

// Apply takes in one MAP fact, in the order of the log.
func (b *Book) Apply(f *feed.Fact) error {
	next := &journeyv1.JourneyMap{}
	if err := proto.Unmarshal(f.Body, next); err != nil {
		return fmt.Errorf("fact %d: read journey map: %w", f.Seq, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.byID[next.GetId()]; old != nil {
		next.Versions = append(slices.Clip(old.GetVersions()), next.GetVersions()...)
	} else {
		i, _ := slices.BinarySearch(b.ids, next.GetId())
		b.ids = slices.Insert(b.ids, i, next.GetId())
	}
	b.byID[next.GetId()] = next
	return nil
}

// Find returns a map with all its versions; nil if there is none.
func (b *Book) Find(id string) *journeyv1.JourneyMap {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.byID[id]
}

// List returns up to limit maps behind an id, without their versions, and whether
// there are more.
func (b *Book) List(after string, limit int) (page []*journeyv1.JourneyMap, more bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	i, found := slices.BinarySearchFunc(b.ids, after, strings.Compare)
	if found {
		i++
	}
	rest := b.ids[i:]
	for _, id := range rest[:min(limit, len(rest))] {
		m := b.byID[id]
		page = append(page, &journeyv1.JourneyMap{Id: m.GetId(), Draft: m.GetDraft(), Etag: m.GetEtag()})
	}
	return page, len(rest) > limit
}

// fact is what the log keeps of a map's next state.
func fact(next *journeyv1.JourneyMap) ([]feed.Fact, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(next)
	return []feed.Fact{{Kind: record.Map, Day: feed.NoDay, Day2: feed.NoDay, Body: body}}, err
}
