// Package programme has the rules of loyalty programmes: their definitions and
// versions, how long points live, what purchases earn, and how members rise and fall.
// All of it is pure: time is an argument, and nothing is read or written.
//
// Programmes are facts of the brand's log and live in memory, one fact a version.
// Versions are frozen: what happened under one is judged by it for ever.
package programme

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Book is a brand's programmes. The log's tail writes it, everybody reads. What it
// returns is shared: nobody may change it.
type Book struct {
	mu sync.RWMutex
	// byID has the versions of each programme, oldest first.
	byID map[string][]*loyaltyv1.Programme
}

// NewBook returns an empty book.
func NewBook() *Book { return &Book{byID: map[string][]*loyaltyv1.Programme{}} }

// Apply takes in one PROGRAMME fact, in the order of the log.
func (b *Book) Apply(f *feed.Fact) error {
	p := &loyaltyv1.Programme{}
	if err := proto.Unmarshal(f.Body, p); err != nil {
		return fmt.Errorf("fact %d: read programme: %w", f.Seq, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.byID[p.GetId()]
	if int(p.GetVersion()) != len(old)+1 {
		return fmt.Errorf("fact %d: version %d of programme %s follows %d others", f.Seq, p.GetVersion(), p.GetId(), len(old))
	}
	// Whoever holds the old slice reads no further than its length.
	b.byID[p.GetId()] = append(old, p)
	return nil
}

// Versions are those of a programme, oldest first; none if there is no such programme.
func (b *Book) Versions(id string) []*loyaltyv1.Programme {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.byID[id]
}

// Get is the newest version, in force or not yet.
func (b *Book) Get(id string) (*loyaltyv1.Programme, error) {
	all := b.Versions(id)
	if len(all) == 0 {
		return nil, Unknown(id)
	}
	return all[len(all)-1], nil
}

// Version is one version; nil if there is none of that number.
func (b *Book) Version(id string, version int32) *loyaltyv1.Programme {
	all := b.Versions(id)
	if version < 1 || int(version) > len(all) {
		return nil
	}
	return all[version-1]
}

// InForce is the version in force at a time; nil before the first.
func (b *Book) InForce(id string, at time.Time) *loyaltyv1.Programme {
	// Of versions that begin at the same time the newest counts.
	for _, p := range slices.Backward(b.Versions(id)) {
		if !p.GetEffectiveFrom().AsTime().After(at) {
			return p
		}
	}
	return nil
}

// Terms are what points follow that were given at a time: those in force, or the
// first where somebody gives points for what lies before them.
func (b *Book) Terms(id string, at time.Time) (*loyaltyv1.Programme, error) {
	if p := b.InForce(id, at); p != nil {
		return p, nil
	}
	all := b.Versions(id)
	if len(all) == 0 {
		return nil, Unknown(id)
	}
	return all[0], nil
}

// Idle tells whether any version of a programme lets points go after a time without
// purchases.
func (b *Book) Idle(id string) bool {
	return slices.ContainsFunc(b.Versions(id), func(p *loyaltyv1.Programme) bool { return p.GetLifetime().GetIdleDays() > 0 })
}

// List has the newest versions, ordered by id.
func (b *Book) List() []*loyaltyv1.Programme {
	b.mu.RLock()
	out := make([]*loyaltyv1.Programme, 0, len(b.byID))
	for _, all := range b.byID {
		out = append(out, all[len(all)-1])
	}
	b.mu.RUnlock()
	slices.SortFunc(out, func(a, b *loyaltyv1.Programme) int { return strings.Compare(a.GetId(), b.GetId()) })
	return out
}

// Unknown says that there is no such programme.
func Unknown(id string) error {
	return fault.NotFound(commonv1.Reason_REASON_PROGRAMME_UNKNOWN, "programme %q", id)
}
