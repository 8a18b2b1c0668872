package segment

import "github.com/RoaringBitmap/roaring/v2/roaring64"

// Sets are copies of who is in some segments, all as of one moment.
func (l *Live) Sets(ids []string) []*roaring64.Bitmap {
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := make([]*roaring64.Bitmap, len(ids))
	for i, id := range ids {
		if s := l.segments[id]; s != nil {
			out[i] = s.members.Clone()
		} else {
			out[i] = roaring64.New()
		}
	}
	return out
}
