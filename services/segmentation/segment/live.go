package segment

import (
	"context"
	"sync"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Live is who is in which segment of one brand, up to a fact of the log.
type Live struct {
	brand string
	// broken says which stored base could not be read; nil: none.
	broken error
	// catching lets one at a time read the log.
	catching sync.Mutex

	mu sync.RWMutex
	// seq is the last fact of either kind that was taken in, defined the last that
	// said what a segment is; opened tells that the log was read at all.
	seq, defined int64
	// read is up to where the log was read, beyond seq if nothing else was in it.
	read int64
	// asOf is the commit time of the last fact that certainly counts, rolledTo the day
	// that everybody was evaluated for.
	asOf     int64
	rolledTo calendar.Day
	opened   bool
	// ids are those of the segments, sorted; order has those that are not archived,
	// parts before what is made of them.
	segments map[string]*Segment
	ids      []string
	order    []*Segment
}

// NewLive has read nothing.
func NewLive(brand string) *Live { return &Live{brand: brand, segments: map[string]*Segment{}} }

// change is one fact, read.
type change struct {
	seq    int64
	define *segmentationv1.Segment
	move   *record.Membership
}

// Catch takes in what the log has behind what was taken in before. Within a
// transaction that has the log's lock that is all there is.
func (l *Live) Catch(ctx context.Context, q sqldb.Querier, log feed.Reader) error {
	l.catching.Lock()
	defer l.catching.Unlock()
	if !l.opened {
		if err := l.open(ctx, q, log); err != nil {
			return err
		}
	}
	// First what was said to be done, so that all of it is read.
	st, err := loadState(ctx, q, l.brand)
	if err != nil {
		return err
	}
	head, err := log.Head(ctx, l.brand)
	if err != nil {
		return err
	}
	changes, err := l.changes(ctx, log, record.Segments, l.seq)
	if err != nil {
		return err
	}
	l.take(changes)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read, l.asOf, l.rolledTo = max(l.seq, head.Seq), st.asOf, st.rolledTo
	return nil
}

// open restores what stored bases tell.
func (l *Live) open(ctx context.Context, q sqldb.Querier, log feed.Reader) error {
	state, err := loadState(ctx, q, l.brand)
	if err != nil {
		return err
	}
	rows, err := basesUntil(ctx, q, l.brand, state.based)
	if err != nil {
		return err
	}
	sets := make([]*roaring64.Bitmap, len(rows))
	for i, r := range rows {
		if sets[i], err = r.set(); err != nil {
			// The log says it all; it only takes longer.
			l.broken, rows, state.based = err, nil, 0
			break
		}
	}
	known, err := l.changes(ctx, log, []int16{record.Segment}, 0)
	if err != nil {
		return err
	}
	for i := range known {
		if known[i].seq > state.based {
			known = known[:i]
			break
		}
	}
	l.take(known)
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, r := range rows {
		s := l.segments[r.segment]
		if s == nil || s.Def.GetVersion() != r.version || s.Def.GetArchived() {
			continue
		}
		s.members, s.base, s.changed, s.day = sets[i], r.base, r.changed, r.day
	}
	l.seq, l.opened = state.based, true
	return nil
}

func (l *Live) changes(ctx context.Context, log feed.Reader, kinds []int16, after int64) (all []change, err error) {
	err = log.ReadKind(ctx, l.brand, kinds, after, func(f *feed.Fact) (err error) {
		c := change{seq: f.Seq}
		if f.Kind == record.Segment {
			c.define, err = record.SegmentOf(f)
		} else {
			c.move, err = record.MembershipOf(f)
		}
		all = append(all, c)
		return err
	})
	return all, err
}

func (l *Live) take(changes []change) {
	if len(changes) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range changes {
		if l.seq = c.seq; c.define != nil {
			l.define(c.define, c.seq)
		} else {
			l.move(c.move, c.seq)
		}
	}
}

func (l *Live) define(def *segmentationv1.Segment, seq int64) {
	now := &Segment{Def: def, members: roaring64.New()}
	if was := l.segments[def.GetId()]; was != nil && was.Def.GetVersion() == def.GetVersion() {
		now.base, now.changed, now.day = was.base, was.changed, was.day
		if !def.GetArchived() {
			now.members = was.members
		}
	}
	if def.GetArchived() {
		// Whoever has the set must learn that it is empty now.
		now.changed = seq
	}
	l.segments[def.GetId()], l.defined = now, seq
	all := map[string]*segmentationv1.Segment{}
	for id, s := range l.segments {
		all[id] = s.Def
	}
	l.ids, l.order = sorted(all), nil
	ids, _ := order(all)
	for _, id := range ids {
		if s := l.segments[id]; !s.Def.GetArchived() {
			l.order = append(l.order, s)
		}
	}
}

func (l *Live) move(m *record.Membership, seq int64) {
	s := l.segments[m.Segment]
	if s == nil || s.Def.GetVersion() != m.Version || s.Def.GetArchived() {
		return // of a version that is over
	}
	if s.changed, s.day = seq, m.Day; m.Base {
		s.base, s.members = seq, m.Entered
		return
	}
	s.members.Or(m.Entered)
	s.members.AndNot(m.Left)
}

// Forget drops everything, since the log turned out to be another one.
func (l *Live) Forget() {
	l.catching.Lock()
	defer l.catching.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq, l.defined, l.read, l.asOf, l.opened = 0, 0, 0, 0, false
	l.segments, l.ids, l.order = map[string]*Segment{}, nil, nil
}
