package segmentation

import (
	"context"
	"errors"
	"sync"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/compare"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// comparison is one call of CompareSegments under way.
type comparison struct {
	*Server
	b     *brand
	walk  *value.Walk
	today calendar.Day
	// days are those that value is of, up to the later day.
	days calendar.Days
	// asOf is the commit time of the last fact that certainly counts.
	asOf int64
}

// CompareSegments answers from sets of members, where segments are asked for, and from
// one pass over purchases.
func (s *Server) CompareSegments(ctx context.Context, in *segmentationv1.CompareSegmentsRequest) (*segmentationv1.CompareSegmentsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := s.comparisonCadence(ctx, in); err != nil {
		return nil, err
	}
	c := &comparison{Server: s, b: b, today: b.zone.DayOf(s.clock())}
	out := &segmentationv1.CompareSegmentsResponse{}
	switch of := in.GetComparison().(type) {
	case *segmentationv1.CompareSegmentsRequest_Overlap:
		out.Overlap, err = c.overlap(ctx, of.Overlap)
	case *segmentationv1.CompareSegmentsRequest_Migration:
		out.Migration, err = c.migration(ctx, of.Migration)
	}
	if err != nil {
		return nil, floor.Lost("compare segments", err)
	}
	out.AsOf = countedTo(c.asOf)
	if s.hides(ctx) {
		hideOverlap(out.GetOverlap())
		hideMigration(out.GetMigration())
	}
	return out, nil
}

// ofPurchases counts to what as_of says where purchases alone are asked for.
func (c *comparison) ofPurchases(ctx context.Context) (err error) {
	if c.asOf, err = purchase.AsOf(ctx, c.store.db, c.b.ID); err == nil {
		c.walk, err = c.Server.walk(ctx, c.b)
	}
	return err
}

// ofSegments counts to what as_of says where segments are asked for.
func (c *comparison) ofSegments(ctx context.Context) (err error) {
	if err := c.current(ctx, c.b); err != nil {
		return err
	}
	c.asOf, _ = c.b.live.State()
	c.walk, err = c.Server.walk(ctx, c.b)
	return err
}

// setsOn are who was in segments at the end of a day. For today it is who is in them
// now, in all of them as of the same moment.
func (c *comparison) setsOn(ctx context.Context, ids []string, day calendar.Day, path string) ([]*roaring64.Bitmap, error) {
	for _, id := range ids {
		if _, err := c.knownSegment(ctx, c.b, id); err != nil {
			return nil, err
		}
	}
	if day >= c.today {
		return compare.PersonsIn(c.b.live.Sets(ids), c.walk.People), nil
	}
	past, sets := c.segmentHistory(c.b), make([]*roaring64.Bitmap, len(ids))
	for i, id := range ids {
		var err error
		if sets[i], _, err = past.On(ctx, id, day); err != nil {
			return nil, notYet(err, path, id)
		}
	}
	return sets, nil
}

// notYet says of a day that is before a segment's version under which name it was
// asked for.
func notYet(err error, path, id string) error {
	var before *segment.NotYetError
	if !errors.As(err, &before) {
		return err
	}
	return fault.Invalid().Field(path, "segment %q: %v", id, before).Err()
}

// pastDay reads a day that must not be to come; empty is today.
func (c *comparison) pastDay(text, path string, bad *fault.Fields) calendar.Day {
	if text == "" {
		return c.today
	}
	day, err := calendar.ParseDay(text)
	switch {
	case err != nil:
		bad.Field(path, "%v", err)
	case day > c.today:
		bad.Field(path, "must not be after today, %s", c.today)
	}
	return day
}

func (c *comparison) overlap(ctx context.Context, in *segmentationv1.OverlapQuery) (*segmentationv1.Overlap, error) {
	bad := fault.Invalid()
	day := c.pastDay(in.GetDay(), "overlap.day", bad)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := c.ofSegments(ctx); err != nil {
		return nil, err
	}
	sets, err := c.setsOn(ctx, in.GetSegmentIds(), day, "overlap.day")
	if err != nil {
		return nil, err
	}
	days, over := valueDaysTo(day), compare.OverlapOf(in.GetSegmentIds(), sets, c.walk.People, c.walk.Last)
	all := over.Combine()
	var mu sync.Mutex
	err = c.walk.Each(ctx, over.Any(), func(run []value.Person) error {
		part := over.Combine()
		for _, p := range run {
			part.Add(p.ID, value.Of(p.History, days))
		}
		mu.Lock()
		defer mu.Unlock()
		all.Plus(part)
		return nil
	})
	return all.Answer(days), err
}
