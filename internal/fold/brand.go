package fold

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/rapport-cx/rapport/internal/feed"
)

// brand is what an engine holds in memory of one brand's log.
type brand[F any] struct {
	name string
	// turn orders those who apply facts. Whoever has it may read applied without
	// mu, since nobody else moves it.
	turn turn
	// opened, seq and epoch mirror the state below for readers without the lock.
	// The epoch changes when the log turns out to be another one.
	opened atomic.Bool
	seq    atomic.Int64
	epoch  atomic.Int64
	// flush keeps two write-backs of one brand from overtaking each other.
	flush sync.Mutex

	// mu guards what follows, and the content of the slabs: facts are applied
	// under Lock, views run under RLock.
	mu      sync.RWMutex
	applied feed.Head
	defined feed.Cursor // last fact that changed a definition
	days    map[int32]*day[F]
	dirty   []*slot[F]
	stale   map[int32]struct{} // days touched while not loaded, for the sweeper
	wake    chan struct{}      // closed at the next change; nil while nobody waits
	scratch []Measure

	known   anchors
	flights flights
}

// day is what is known of one day. It exists from the first time it is asked for.
type day[F any] struct {
	// probed: last is exactly the last applied fact that touched the day. Until
	// then it only collects what is applied. CommitID and At are 0 if the seq is
	// known from the index alone.
	probed bool
	last   feed.Head
	slots  map[Measure]*slot[F]
}

// slot holds one slab, or its place while it is being loaded.
type slot[F any] struct {
	measure Measure
	day     int32
	// slab is nil until ready; meanwhile facts wait in pending, so that none is
	// lost or counted twice.
	slab    Slab[F]
	ready   bool
	pending []arrival[F]
	// done closes when the load ends, well or not.
	done chan struct{}
	// anchor is the last fact of the day that was read when loading. Later facts
	// of the day move the slab too, so it is only a lower bound while loaded.
	anchor feed.Cursor
	// dirty: not written back as it is. queued: stands in the brand's dirty list.
	dirty, queued bool
	pins          int
	// rest is how many rounds of write-back to sit out, a big slab more.
	rest int64
	size atomic.Int64
	used atomic.Int64
}

// arrival is a fact that came while its slab was being loaded.
type arrival[F any] struct {
	seq  int64
	fact F
}

func newBrand[F any](name string) *brand[F] {
	return &brand[F]{
		name:  name,
		turn:  make(turn, 1),
		days:  map[int32]*day[F]{},
		stale: map[int32]struct{}{},
	}
}

// slotOf returns the slot if it is still the one views read.
func (b *brand[F]) slotOf(d int32, m Measure) *slot[F] {
	if at := b.days[d]; at != nil {
		return at.slots[m]
	}
	return nil
}

// live says that s has not been evicted or forgotten: only then do facts reach it.
func (b *brand[F]) live(s *slot[F]) bool { return b.slotOf(s.day, s.measure) == s }

// mark notes that s must be written back. Called under Lock.
func (b *brand[F]) mark(s *slot[F]) {
	s.dirty = true
	if !s.queued {
		s.queued = true
		b.dirty = append(b.dirty, s)
	}
}

// anchorOf is the newest fact that a ready, live slot is known to include: it is
// true up to the brand's applied seq, hence up to the last touch of its day.
func (b *brand[F]) anchorOf(s *slot[F]) feed.Cursor {
	last := b.days[s.day].last
	if last.CommitID != 0 && last.Seq > s.anchor.Seq {
		return feed.Cursor{Seq: last.Seq, CommitID: last.CommitID}
	}
	return s.anchor
}

// announce wakes those who wait for a change. Called under Lock.
func (b *brand[F]) announce() {
	b.seq.Store(b.applied.Seq)
	if b.wake != nil {
		close(b.wake)
		b.wake = nil
	}
}

// turn is a mutex whose wait ends with the context.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	default:
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

func headAt(f *feed.Fact) feed.Head {
	return feed.Head{Seq: f.Seq, At: f.At, CommitID: f.CommitID}
}
