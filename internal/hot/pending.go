package hot

import (
	"sync"
	"time"
)

// overhead is about what a waiting write takes beside its content.
const overhead = 256

// write is one value on its way to Redis.
type write struct {
	family  family
	name    string
	anchor  Anchor
	content []byte
	// replace overwrites even a newer seq, because what is stored is not to be
	// believed; with no content at all (remove) it only deletes.
	replace, remove bool
}

// pending holds the last write of every key until it is due. Slabs are due
// once in a while each, so a hot day costs one write a second however many
// facts touch it.
type pending struct {
	limit int
	every time.Duration

	mu     sync.Mutex
	writes map[string]write
	recent map[string]time.Time // when a key was taken last, if not long ago
	forgot time.Time            // when recent was last looked through
	bytes  int
	// wake is told that something came.
	wake chan struct{}
}

func newPending(limit int, every time.Duration) *pending {
	return &pending{
		limit: limit, every: every,
		writes: map[string]write{}, recent: map[string]time.Time{},
		wake: make(chan struct{}, 1),
	}
}

// put adds w, or lets it replace the write of the same key that waits; false
// if there is no room. An older seq does not replace a newer one.
func (p *pending) put(w write) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, waits := p.writes[w.name]
	if waits {
		switch {
		case w.remove:
			before.replace = true
			p.writes[w.name] = before
			return true
		case !before.remove && before.anchor.Seq > w.anchor.Seq:
			return true
		}
		w.replace = before.replace
	}
	grow := len(w.content) - len(before.content)
	if !waits {
		grow += overhead
	}
	if p.bytes+grow > p.limit {
		return false
	}
	p.bytes += grow
	p.writes[w.name] = w
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return true
}

// take gives what is due at now, or everything, and says whether more waits.
func (p *pending) take(now time.Time, everything bool) (due []write, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	for name, w := range p.writes {
		if now.Sub(p.recent[name]) < p.every && !everything {
			continue
		}
		due = append(due, w)
		p.bytes -= len(w.content) + overhead
		delete(p.writes, name)
		if w.family == slab { // a result is written once anyway
			p.recent[name] = now
		}
	}
	return due, len(p.writes) > 0
}

// forget looks through recent once in every; it is called with mu held.
func (p *pending) forget(now time.Time) {
	if now.Sub(p.forgot) < p.every {
		return
	}
	p.forgot = now
	for name, at := range p.recent {
		if now.Sub(at) >= p.every {
			delete(p.recent, name)
		}
	}
}
