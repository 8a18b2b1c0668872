package standing

import (
	"sync"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Tail sums up what this process commits while it has it at hand, so that it is not read
// again. It is of one stretch of the log without a gap; whatever is not in it is read.
type Tail struct {
	mu    sync.Mutex
	after int64
	last  feed.Cursor
	facts int
	sums  *sums
}

// longest is how many facts a tail holds: who lags more reads the log.
const longest = 10 * batch

// Note takes in facts that were committed one behind the other, and what they say.
func (t *Tail) Note(facts []feed.Fact, records []*loyaltyv1.EntryRecord) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range facts {
		f := &facts[i]
		if f.Seq <= t.last.Seq {
			continue // somebody told of later ones first
		}
		if f.Seq != t.last.Seq+1 || t.sums == nil || t.facts >= longest {
			t.begin(f.Seq - 1)
		}
		t.last = feed.Cursor{Seq: f.Seq, CommitID: f.CommitID}
		if f.Kind != record.Movement {
			t.facts++
			continue
		}
		if len(records[i].GetUndone()) > 0 {
			t.begin(f.Seq) // what it takes back is not at hand
			continue
		}
		t.facts++
		t.sums.add(f, records[i], nil)
	}
}

// begin lets the tail be of what comes behind a fact.
func (t *Tail) begin(after int64) { t.after, t.facts, t.sums = after, 0, newSums() }

// take hands over all that stands right behind a fact. Otherwise it tells how many facts
// there are to read before that is so; 0: as many as there may be.
func (t *Tail) take(after int64) (p *piece, gap int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.sums == nil || t.facts == 0 || after >= t.last.Seq:
		return nil, 0
	case after < t.after:
		return nil, int(min(t.after-after, batch))
	case after > t.after:
		t.begin(t.last.Seq)
		return nil, 0
	}
	p = &piece{after: after, last: t.last, sums: t.sums, facts: t.facts}
	t.begin(t.last.Seq)
	return p, 0
}
