package segment

import (
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Get is a segment's definition and how many are in it; nil if there is none.
func (l *Live) Get(id string) (*segmentationv1.Segment, int64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.segments[id]
	if s == nil {
		return nil, 0
	}
	return s.Def, int64(s.members.GetCardinality())
}

// IDs are those of the segments behind one, in order; the archived ones too if asked.
func (l *Live) IDs(after string, archived bool) []string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	at, found := slices.BinarySearch(l.ids, after)
	if found {
		at++
	}
	out := slices.Clone(l.ids[at:])
	if archived {
		return out
	}
	return slices.DeleteFunc(out, func(id string) bool { return l.segments[id].Def.GetArchived() })
}

// Behind tells that there may be more than was taken in, up to a head of the log.
func (l *Live) Behind(head feed.Head) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return head.Seq > l.read || head.At > l.asOf || !l.opened
}

// State is how far it is: the commit time of the last fact that counts, in Unix
// microseconds, and the day that everybody was evaluated for.
func (l *Live) State() (asOf int64, rolledTo calendar.Day) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.asOf, l.rolledTo
}

// Members is a copy of who is in a segment, and the last fact that changed that.
func (l *Live) Members(id string) (*roaring64.Bitmap, int64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.segments[id]
	if s == nil {
		return roaring64.New(), 0
	}
	return s.members.Clone(), s.changed
}

// Changed is the last fact that changed a segment's members.
func (l *Live) Changed(id string) int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if s := l.segments[id]; s != nil {
		return s.changed
	}
	return 0
}

// Of are the segments that a person is in, in order of id.
func (l *Live) Of(person int64) (ids []string) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, id := range l.ids {
		if l.segments[id].members.Contains(uint64(person)) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Has tells whether a person is in a segment.
func (l *Live) Has(id string, person int64) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.segments[id]
	return s != nil && s.members.Contains(uint64(person))
}

// User is a segment that is made of another one and not archived; "" if none is.
func (l *Live) User(of string) string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, s := range l.order {
		if slices.Contains(parts(s.Def), of) {
			return s.ID()
		}
	}
	return ""
}

// Check judges a definition against the segments there are: what an algebra is made
// of must be there, and not be made of it.
func (l *Live) Check(def *segmentationv1.Segment) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := map[string]*segmentationv1.Segment{}
	for _, s := range l.order {
		all[s.ID()] = s.Def
	}
	f := fault.Invalid()
	for i, part := range parts(def) {
		path := fmt.Sprintf("segment.rule.algebra.segment_ids[%d]", i)
		switch {
		case part == def.GetId():
			f.Field(path, "a segment cannot be made of itself")
		case all[part] == nil:
			f.Reason(commonv1.Reason_REASON_SEGMENT_UNKNOWN).Field(path, "no segment %q, or it is archived", part)
		}
	}
	if f.Len() > 0 {
		return f.Err()
	}
	all[def.GetId()] = def
	if _, cyclic := order(all); cyclic {
		return fault.Invalid().Field("segment.rule.algebra.segment_ids", "one of them is made of this segment").Err()
	}
	return nil
}

// differ tells where two differ; nothing is said of what they agree in.
func (l *Live) differ(o *Live, report func(segment, reason string)) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, id := range l.ids {
		a, b := l.segments[id], o.segments[id]
		if b == nil {
			report(id, "is not in the log")
		} else if !a.members.Equals(b.members) {
			report(id, fmt.Sprintf("%d members from its base, %d by the log alone", a.members.GetCardinality(), b.members.GetCardinality()))
		}
	}
}
