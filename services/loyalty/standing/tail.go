package standing

import (
	"cmp"
	"sync"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Tail sums up what this process commits while it has it at hand, so that it is not read
// again. It is of one stretch of the log without a gap; whatever is not in it is read.
type Tail struct {
	mu   sync.Mutex
	last feed.Cursor
	// after is behind which fact the sums of each part begin.
	after heads
	sums  *sums
	// since is when the first fact came that no head has reached.
	since time.Time
	// enough is how many rows are saved at once; 0: as many as usual.
	enough int
}

const (
	// longest is how many rows a tail holds: who lags more reads the log.
	longest = 200_000
	// enough is how many rows are usually worth a save.
	enough = 500
)

// Note takes in facts that were committed one behind the other, and what they say.
func (t *Tail) Note(facts []feed.Fact, records []*loyaltyv1.EntryRecord) {
	t.mu.Lock()
	defer t.mu.Unlock()
	full, now := t.sums != nil && t.sums.rows() >= longest, time.Now()
	for i := range facts {
		f := &facts[i]
		if f.Seq <= t.last.Seq {
			continue // somebody told of later ones first
		}
		if f.Seq != t.last.Seq+1 || t.sums == nil || full {
			t.begin(f.Seq - 1)
			full = false
		}
		if t.since.IsZero() {
			t.since = now
		}
		t.last, t.sums.now = f.Cursor(), now
		if f.Kind != record.Movement {
			continue
		}
		if len(records[i].GetUndone()) > 0 {
			t.begin(f.Seq) // what it takes back is not at hand
			continue
		}
		t.sums.add(f, records[i], nil)
	}
}

// begin lets the tail be of what comes behind a fact.
func (t *Tail) begin(after int64) {
	t.after, t.since = heads{}.reach(after), time.Time{}
	t.sums = &sums{behind: &t.after}
}

// take hands over what has waited long enough, right behind heads: whole parts, those that
// have waited longest first. If nothing has, wait is for how long not to ask again; if
// facts are missing in between, gap is how many there are to read before; all 0: read
// whatever there may be.
func (t *Tail) take(from heads, now time.Time) (p *piece, gap int, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sums == nil {
		return nil, 0, 0
	}
	if !t.meets(from) {
		return nil, int(min(max(0, t.after[0]-from.least()), batch)), 0
	}
	if from.least() >= t.last.Seq {
		return nil, 0, 0
	}
	waiting := t.sums.waiting()
	began := t.since
	if len(waiting) > 0 {
		began = t.sums.of[waiting[0]].since
	}
	if wait := began.Add(gathered).Sub(now); wait > 0 {
		return nil, 0, wait
	}
	p = &piece{from: from, to: from, last: t.last, sums: &sums{}, facts: 1}
	for rows := 0; len(waiting) > 0 && rows < cmp.Or(t.enough, enough); waiting = waiting[1:] {
		i := waiting[0]
		rows += t.sums.of[i].rows()
		p.sums.of[i], t.sums.of[i] = t.sums.of[i], share{}
	}
	for i := range t.sums.of {
		if t.sums.of[i].rows() == 0 { // it is saved now, or nothing happened there
			p.to[i], t.after[i] = t.last.Seq, t.last.Seq
		}
	}
	t.since = time.Time{}
	return p, 0, 0
}

// meets tells that the tail begins right behind heads. If it does not, nor will once the
// facts before it are read, it is begun anew: somebody else was faster, or what was taken
// was not saved.
func (t *Tail) meets(from heads) bool {
	if from == t.after {
		return true
	}
	ahead := false
	for p := range from {
		ahead = ahead || from[p] > t.after[p]
	}
	if ahead || t.after != (heads{}).reach(t.after[0]) {
		t.begin(t.last.Seq)
	}
	return false
}
