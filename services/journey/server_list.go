package journey

import (
	"context"
	"math"
	"slices"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/page"
	"github.com/rapport-cx/rapport/services/journey/event"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// ListJourney pages through the events of one person, whatever numbers they came
// with, newest first.
func (s *Server) ListJourney(ctx context.Context, in *journeyv1.ListJourneyRequest) (*journeyv1.ListJourneyResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return nil, err
	}
	from, err := s.listFrom(in)
	if err != nil {
		return nil, err
	}
	size, day := page.Size(in.GetPageSize(), 50), int32(math.MaxInt32)
	if from.At != math.MaxInt64 {
		day = int32(b.zone.DayOf(time.UnixMicro(from.At)))
	}
	var trails []*trail
	for _, who := range b.defined.Load().people.Now().Members(in.GetCustomerId()) {
		trails = append(trails, newTrail(s.store.db, b.ID, who, day, size+2))
	}
	found, err := steps(ctx, trails, from, size+1, func(kind string) bool {
		return len(in.GetKinds()) == 0 || slices.ContainsFunc(in.GetKinds(), func(p string) bool { return event.Within(kind, p) })
	})
	if err != nil {
		return nil, floor.Lost("list journey", err)
	}
	out := &journeyv1.ListJourneyResponse{}
	if len(found) > size {
		found = found[:size]
		if out.NextPageToken, err = page.Token(s.tokens, in, found[size-1].place); err != nil {
			return nil, err
		}
	}
	out.Events, err = s.show(ctx, b.ID, found)
	return out, floor.Lost("list journey", err)
}

// listFrom is the place before which a page begins.
func (s *Server) listFrom(in *journeyv1.ListJourneyRequest) (place, error) {
	from := place{At: math.MaxInt64}
	if at := in.GetBefore(); at != nil {
		if !at.IsValid() {
			return from, fault.Invalid().Field("before", "is not a time").Err()
		}
		// Events of the very time are not before it, whatever their sequence.
		from = place{At: at.AsTime().UnixMicro(), Sequence: math.MinInt32, Number: math.MinInt64}
	}
	return from, page.Read(s.tokens, in, in.GetPageToken(), &from)
}

// show reads the events at some steps, in their order.
func (s *Server) show(ctx context.Context, brand string, found []step) ([]*journeyv1.Event, error) {
	seqs := make([]int64, 0, len(found))
	for _, f := range found {
		if seqs = append(seqs, f.seq); f.Number != f.seq {
			seqs = append(seqs, f.Number)
		}
	}
	facts, err := s.store.log.Get(ctx, brand, seqs...)
	if err != nil {
		return nil, err
	}
	bySeq := make(map[int64]*feed.Fact, len(facts))
	for i := range facts {
		bySeq[facts[i].Seq] = &facts[i]
	}
	out := make([]*journeyv1.Event, 0, len(found))
	for _, f := range found {
		version, first := bySeq[f.seq], bySeq[f.Number]
		if version == nil || first == nil {
			return nil, fault.DataLoss("event %d is not in the log", f.seq)
		}
		e, err := record.Open(version, first.At)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}
