package feed

import "sync"

// heads is what this process knows of the logs' ends, and who waits for them.
type heads struct {
	mu sync.Mutex
	by map[string]*known
	// notices counts local commits, so that a poll that began before one does
	// not put an older head back.
	notices uint64
}

// known is a brand's head and the channel that its next change closes.
type known struct {
	head    Head
	changed chan struct{}
}

func newHeads() heads { return heads{by: map[string]*known{}} }

// entry returns a brand's entry; "" is the entry of any brand. Call with mu.
func (hs *heads) entry(brand string) *known {
	k := hs.by[brand]
	if k == nil {
		k = &known{head: Head{Brand: brand}, changed: make(chan struct{})}
		hs.by[brand] = k
	}
	return k
}

// move sets a head and wakes whoever waits for it. Call with mu.
func (hs *heads) move(h Head) {
	k := hs.entry(h.Brand)
	if k.head == h {
		return
	}
	k.head = h
	for _, k := range []*known{k, hs.entry("")} {
		close(k.changed)
		k.changed = make(chan struct{})
	}
}

// Notice tells the log of a head this process has committed or seen, so that
// its readers need not wait for the next poll. Append calls it by itself.
func (l *Log) Notice(h Head) {
	h.next = Head{}.next
	l.heads.mu.Lock()
	defer l.heads.mu.Unlock()
	l.heads.notices++
	if h.Seq > l.heads.entry(h.Brand).head.Seq {
		l.heads.move(h)
	}
}

// Known returns the last head of a brand that this process has noticed.
func (l *Log) Known(brand string) Head {
	l.heads.mu.Lock()
	defer l.heads.mu.Unlock()
	return l.heads.entry(brand).head
}

// Changed returns a channel that is closed when the brand's head next moves,
// any brand's if brand is empty. Take the channel first, then look.
func (l *Log) Changed(brand string) <-chan struct{} {
	l.heads.mu.Lock()
	defer l.heads.mu.Unlock()
	return l.heads.entry(brand).changed
}

// polled takes in all heads, as read by a poll that began after notices.
func (hs *heads) polled(all []Head, notices uint64) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	// A head that went back, or is gone, means a restored database, and whoever
	// follows it must learn of that; unless this poll is older than a local commit.
	trusted := notices == hs.notices
	listed := make(map[string]bool, len(all))
	for _, h := range all {
		listed[h.Brand] = true
		if trusted || h.Seq > hs.entry(h.Brand).head.Seq {
			hs.move(h)
		}
	}
	if !trusted {
		return
	}
	for brand := range hs.by {
		if brand != "" && !listed[brand] {
			hs.move(Head{Brand: brand})
		}
	}
}
