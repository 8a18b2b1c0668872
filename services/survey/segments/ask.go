package segments

import (
	"context"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
)

// ask brings the set held up to date. Called by whoever has the turn.
func (c *Cache) ask(ctx context.Context, s *segment) (*Set, error) {
	now := c.clock()
	if set := s.recent(now); set != nil {
		return set, nil
	}
	s.mu.Lock()
	old, rest, known := s.now, !s.failed.IsZero() && now.Sub(s.failed) < restless, int64(0)
	if old != nil && now.Sub(s.whole) < anew {
		known = old.Seq
	}
	s.mu.Unlock()
	if rest {
		return c.lastKnown(s, now, nil)
	}
	set, asOf, err := c.fetch(ctx, s, "", old, known)
	if err == nil {
		c.renew(s, set, asOf, now, known == 0)
		return set, nil
	}
	if err = c.failed(ctx, s, err); fault.Retryable(err) {
		return c.lastKnown(s, now, err)
	}
	return nil, err
}

// failed is what a call that failed means to the caller.
func (c *Cache) failed(ctx context.Context, s *segment, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err() // the caller left, which says nothing about the neighbour
	case fault.Is(err, commonv1.Reason_REASON_SEGMENT_UNKNOWN):
		c.drop(s)
		return unknown(s.id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = c.clock()
	return away(s.id, err)
}

// renew takes in what Segmentation said at a moment.
func (c *Cache) renew(s *segment, set *Set, asOf, now time.Time, whole bool) {
	s.mu.Lock()
	if whole || s.now != set {
		s.whole = now
	}
	if whole || s.now != nil && s.now.Version != set.Version {
		// Another rule has another past; so has, perhaps, another log.
		s.days = map[calendar.Day]past{}
	}
	s.now, s.asOf, s.checked, s.failed = set, asOf, now, time.Time{}
	s.mu.Unlock()
	c.weigh(s)
}

// lastKnown is the set held, while Segmentation cannot be asked.
func (c *Cache) lastKnown(s *segment, now time.Time, cause error) (*Set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil && now.Sub(s.checked) < Enough {
		return s.now, nil
	}
	if cause == nil {
		cause = away(s.id, nil)
	}
	return nil, cause
}

// fetch asks for the set of a day, or of now, and up to which commit it is. If its
// number is known it is old.
func (c *Cache) fetch(ctx context.Context, s *segment, day string, old *Set, known int64) (set *Set, asOf time.Time, err error) {
	if c.client == nil {
		return nil, asOf, away(s.id, nil)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := c.client.GetSegmentBitmap(ctx, &segmentationv1.GetSegmentBitmapRequest{
		Brand: s.brand, SegmentId: s.id, Day: day, KnownSeq: known,
	})
	if err != nil {
		return nil, asOf, err
	}
	asOf = out.GetAsOf().AsTime()
	if out.GetUnchanged() && known != 0 {
		return old, asOf, nil
	}
	set = &Set{Seq: out.GetSeq(), Version: out.GetVersion()}
	if len(out.GetBitmap()) > 0 {
		set.persons, err = read(out.GetBitmap())
	}
	return set, asOf, err
}

func unknown(id string) error {
	return fault.NotFound(commonv1.Reason_REASON_SEGMENT_UNKNOWN, "segment %q", id)
}

func away(id string, cause error) error {
	return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "members of segment %q cannot be asked for: try again", id).Because(cause)
}
