package trial

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Arms are who was put where when an experiment began, in the order of Names.
type Arms struct {
	sets []*roaring64.Bitmap
	// found is what was made of it last: people merge rarely.
	found atomic.Pointer[Found]
}

// NewArms are the arms of a split.
func NewArms(sets []*roaring64.Bitmap) *Arms { return &Arms{sets: sets} }

// loadArms reads them from the log.
func loadArms(ctx context.Context, log feed.Reader, brand string, e *segmentationv1.Experiment) (*Arms, error) {
	out := &Arms{}
	for _, name := range Names(e) {
		facts, err := log.ByKey(ctx, brand, [][]byte{record.AssignmentKey(e.GetId(), name)})
		if err != nil {
			return nil, err
		}
		if len(facts) == 0 {
			return nil, fmt.Errorf("experiment %q: arm %q is not in the log", e.GetId(), name)
		}
		set, err := record.AssignmentOf(&facts[0])
		if err != nil {
			return nil, err
		}
		out.sets = append(out.sets, set)
	}
	return out, nil
}

// facts are what the log is told of the arms.
func (a *Arms) facts(e *segmentationv1.Experiment) (out []feed.Fact, err error) {
	for i, name := range Names(e) {
		f, err := record.Assign(e.GetId(), name, a.sets[i])
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// Of is the arm of a person, given all its numbers: that of the number which stands for
// it, or else of the lowest one that is in any; −1: none. Several tells that its numbers
// are in more than one.
func (a *Arms) Of(person int64, members []int64) (arm int, several bool) {
	arm = a.of(person)
	for _, id := range members {
		switch at := a.of(id); {
		case at < 0 || at == arm:
		case arm < 0:
			arm = at
		default:
			several = true
		}
	}
	return arm, several
}

func (a *Arms) of(id int64) int {
	return slices.IndexFunc(a.sets, func(set *roaring64.Bitmap) bool { return set.Contains(uint64(id)) })
}

// Found are the persons that there are of the arms, given who is who. It must not be
// changed.
type Found struct {
	version, erased uint64
	// Sets has them in the order of Names, each person once.
	Sets []*roaring64.Bitmap
	// Several are those of them whose numbers are in more than one arm: of them nobody
	// can say what came of what.
	Several *roaring64.Bitmap
}

// Find is who is found of the arms: merged numbers are one person, and of whom nothing
// personal is left is nobody. Erased numbers are only ever added to.
func (a *Arms) Find(who *people.Mapping, erased *roaring64.Bitmap) *Found {
	out := &Found{version: who.Version(), erased: erased.GetCardinality(), Several: roaring64.New()}
	if f := a.found.Load(); f != nil && f.version == out.version && f.erased == out.erased {
		return f
	}
	for _, set := range a.sets {
		out.Sets = append(out.Sets, set.Clone())
	}
	seen := roaring64.New()
	who.Each(func(_, person int64) {
		if !seen.CheckedAdd(uint64(person)) {
			return
		}
		members := who.Members(person)
		arm, several := a.Of(person, members)
		if arm < 0 {
			return
		}
		for _, id := range members {
			for _, set := range out.Sets {
				set.Remove(uint64(id))
			}
		}
		out.Sets[arm].Add(uint64(person))
		if several {
			out.Several.Add(uint64(person))
		}
	})
	for _, set := range append(out.Sets, out.Several) {
		set.AndNot(erased)
	}
	a.found.Store(out)
	return out
}

// Counted are the persons of each arm that results are of.
func (f *Found) Counted() []*roaring64.Bitmap {
	out := make([]*roaring64.Bitmap, len(f.Sets))
	for i, set := range f.Sets {
		out[i] = roaring64.AndNot(set, f.Several)
	}
	return out
}
