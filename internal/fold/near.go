package fold

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// resultOverhead is what an entry costs beside key and value.
const resultOverhead = 256

// nearShards keeps callers of different questions off each other's locks.
const nearShards = 16

// near keeps results in memory, within a budget.
type near[F any] struct {
	seed   maphash.Seed
	budget int64 // of one shard
	size   atomic.Int64
	shards [nearShards]shard[F]
}

// shard is a map whose entries stand in a ring; the hand passes those used
// since its last round and takes the first that was not.
type shard[F any] struct {
	mu    sync.RWMutex
	byKey map[string]*result[F]
	ring  []*result[F]
	hand  int
	size  int64
}

// result is one kept answer. All but the atomics is fixed.
type result[F any] struct {
	b       *brand[F]
	key     string
	version version
	value   any
	size    int64
	epoch   int64
	// checked is the brand's applied seq at which the answer last proved right:
	// at the same seq it needs no second look.
	checked atomic.Int64
	used    atomic.Bool
	place   int // in the shard's ring
}

func newNear[F any](budget int64) *near[F] {
	n := &near[F]{seed: maphash.MakeSeed(), budget: budget / nearShards}
	for i := range n.shards {
		n.shards[i].byKey = map[string]*result[F]{}
	}
	return n
}

func (n *near[F]) shard(key []byte) *shard[F] {
	return &n.shards[maphash.Bytes(n.seed, key)%nearShards]
}

func (n *near[F]) get(key []byte) *result[F] {
	s := n.shard(key)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byKey[string(key)]
}

// fresh returns the answer if nothing at all happened in its brand since it
// last proved right. This is the way of nearly every repeated question.
func (n *near[F]) fresh(key []byte, extra uint64) (any, bool) {
	r := n.get(key)
	if r == nil || r.version.extra != extra || r.b.seq.Load() != r.checked.Load() || r.b.epoch.Load() != r.epoch {
		return nil, false
	}
	r.touch()
	return r.value, true
}

// checked returns the answer if it was made of exactly what one would be made
// of now.
func (n *near[F]) checked(key []byte, now version, at stamp) (any, bool) {
	r := n.get(key)
	if r == nil || r.version != now || r.epoch != at.epoch {
		return nil, false
	}
	// A slower caller may lower it again; that costs another look, no more.
	r.checked.Store(at.seq)
	r.touch()
	return r.value, true
}

func (r *result[F]) touch() {
	if !r.used.Load() {
		r.used.Store(true)
	}
}

// put keeps an answer, replacing an older one to the same question.
func (n *near[F]) put(r *result[F], at int64) {
	if r.size > n.budget {
		return
	}
	r.checked.Store(at)
	s := n.shard([]byte(r.key))
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.size
	if old := s.byKey[r.key]; old != nil {
		s.take(old.place)
	}
	for s.size+r.size > n.budget && len(s.ring) > 0 {
		s.drop()
	}
	r.place = len(s.ring)
	s.ring = append(s.ring, r)
	s.byKey[r.key] = r
	s.size += r.size
	n.size.Add(s.size - before)
}

// drop moves the hand to the first entry not used lately, and takes it out.
func (s *shard[F]) drop() {
	for {
		s.hand %= len(s.ring)
		r := s.ring[s.hand]
		if r.used.Swap(false) {
			s.hand++
			continue
		}
		s.take(s.hand)
		return
	}
}

// take removes the entry at a place; the last one moves there.
func (s *shard[F]) take(place int) {
	r, end := s.ring[place], len(s.ring)-1
	s.ring[place] = s.ring[end]
	s.ring[place].place = place
	s.ring[end] = nil
	s.ring = s.ring[:end]
	s.size -= r.size
	delete(s.byKey, r.key)
}
