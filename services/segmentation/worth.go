package segmentation

import (
	"context"
	"sync"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// worthOf keeps what a brand's customers bought, counted.
func (s *Server) worthOf(b *brand) *value.Kept {
	return value.NewKept(value.Source{
		Brand: b.ID, DB: s.store.db, Log: s.store.log.Reader, Clock: s.clock,
		Now: func(ctx context.Context) (value.Now, error) { return heads(ctx, s.store.db, b.ID) },
		People: func(ctx context.Context) (*people.Mapping, error) {
			if err := s.store.folds.Sync(ctx, b.ID); err != nil {
				return nil, err
			}
			return b.book.Load().Now(), nil
		},
	})
}

// valueKey is a question about a segment or about periods; of the same days, so many
// periods are the same ones.
type valueKey struct {
	segment         string
	days            calendar.Days
	periods, active int
}

// valueVersion changes with everything that the answer depends on.
type valueVersion struct {
	purchases [3]int64
	members   int64
}

// mostValues is how many answers are kept.
const mostValues = 64

// values are answers, each with what it depends on. What is kept is never changed.
type values struct {
	mu  sync.Mutex
	all map[valueKey]keptValue
}

type keptValue struct {
	version valueVersion
	out     *segmentationv1.GetSegmentValueResponse
}

// find is the answer of a version; nil: it is not kept.
func (v *values) find(key valueKey, version valueVersion) *segmentationv1.GetSegmentValueResponse {
	v.mu.Lock()
	defer v.mu.Unlock()
	if have, ok := v.all[key]; ok && have.version == version {
		return have.out
	}
	return nil
}

// keep keeps one; if there are too many any other makes room.
func (v *values) keep(key valueKey, version valueVersion, out *segmentationv1.GetSegmentValueResponse) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all == nil {
		v.all = map[valueKey]keptValue{}
	}
	for other := range v.all {
		if len(v.all) < mostValues {
			break
		}
		delete(v.all, other)
	}
	v.all[key] = keptValue{version, out}
}
