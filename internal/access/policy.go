package access

import (
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// policy is access.yaml as it was read at one moment.
type policy struct {
	issuers map[string]*issuer
	roles   map[string]*role
	revoked []revocation
}

// lookAgain is how often the file is looked at, when somebody calls: whoever takes a
// token back does not wait for a restart.
const lookAgain = time.Second

// source is access.yaml and what was last read from it.
type source struct {
	name  string
	now   atomic.Pointer[policy]
	next  atomic.Int64 // when to look again, Unix nanoseconds
	mu    sync.Mutex
	stamp fileStamp
}

// fileStamp tells one state of a file from another.
type fileStamp struct {
	at   time.Time
	size int64
}

func stampOf(name string) fileStamp {
	info, err := os.Stat(name)
	if err != nil {
		return fileStamp{}
	}
	return fileStamp{info.ModTime(), info.Size()}
}

// policy is what the file says now; empty without one. A file that has become wrong
// changes nothing: what was read before stands, and the log says so.
func (g *Guard) policy() *policy {
	s := &g.source
	known := s.now.Load()
	if known == nil || g.clock().UnixNano() < s.next.Load() || !s.mu.TryLock() {
		return known
	}
	defer s.mu.Unlock()
	s.next.Store(g.clock().Add(lookAgain).UnixNano())
	stamp := stampOf(s.name)
	if stamp == s.stamp {
		return known
	}
	s.stamp = stamp
	fresh, err := g.read(s.name, known)
	if err != nil {
		slog.Error("access.yaml has changed and cannot be read: what it said before stands", "cause", err.Error())
		return known
	}
	slog.Info("access.yaml was read again", "issuers", len(fresh.issuers), "roles", len(fresh.roles), "revoked", len(fresh.revoked))
	s.now.Store(fresh)
	return fresh
}

// load reads the file for the first time.
func (g *Guard) load(name string) error {
	g.source.name, g.source.stamp = name, stampOf(name)
	first, err := g.read(name, nil)
	g.source.now.Store(first)
	return err
}
