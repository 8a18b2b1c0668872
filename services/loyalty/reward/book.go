// Package reward has what members get for points or for belonging: the catalogue, who
// may take what, and the pieces that are set aside and given.
//
// Definitions are facts of the brand's log and live in memory. Pieces and takings are
// guarded state: a piece is set aside in the transaction that holds its points, and goes
// back in the one that returns them, so that no stock falls below zero and nobody pays
// for nothing. A taking whose time is over ends for its piece as its hold ends for the
// points: from that moment, whenever somebody writes it down.
package reward

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Book is a brand's catalogue. The log's tail writes it, everybody reads. What it returns
// is shared: nobody may change it.
type Book struct {
	mu   sync.RWMutex
	byID map[string]*loyaltyv1.Reward
}

// NewBook returns an empty catalogue.
func NewBook() *Book { return &Book{byID: map[string]*loyaltyv1.Reward{}} }

// Apply takes in one REWARD fact, in the order of the log.
func (b *Book) Apply(f *feed.Fact) error {
	r := &loyaltyv1.Reward{}
	if err := proto.Unmarshal(f.Body, r); err != nil {
		return fmt.Errorf("fact %d: read reward: %w", f.Seq, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.byID[r.GetId()] = r
	return nil
}

// Find is the newest version; nil: there is no such reward.
func (b *Book) Find(id string) *loyaltyv1.Reward {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.byID[id]
}

// Get is Find for callers who named it.
func (b *Book) Get(id string) (*loyaltyv1.Reward, error) {
	if r := b.Find(id); r != nil {
		return r, nil
	}
	return nil, fault.NotFound(commonv1.Reason_REASON_REWARD_UNKNOWN, "reward %q", id)
}

// List has a programme's rewards, ordered by id; "": those of all. Closed ones only if
// asked for.
func (b *Book) List(programme string, closed bool) []*loyaltyv1.Reward {
	b.mu.RLock()
	var out []*loyaltyv1.Reward
	for _, r := range b.byID {
		if (programme == "" || r.GetProgrammeId() == programme) && (closed || !r.GetClosed()) {
			out = append(out, r)
		}
	}
	b.mu.RUnlock()
	slices.SortFunc(out, func(a, b *loyaltyv1.Reward) int { return strings.Compare(a.GetId(), b.GetId()) })
	return out
}

// birthdays are the ids of a programme's birthday gifts, of all times.
func (b *Book) birthdays(programme string) (out []string) {
	for _, r := range b.List(programme, true) {
		if r.GetKind() == loyaltyv1.Reward_KIND_BIRTHDAY {
			out = append(out, r.GetId())
		}
	}
	return out
}
