package trial

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Book is one brand's hypotheses and experiments, as the log tells of them: the same on
// every replica. What it returns must not be changed.
type Book struct {
	mu          sync.RWMutex
	hypotheses  listed[*segmentationv1.Hypothesis]
	experiments listed[*segmentationv1.Experiment]

	// arms has those of the experiments asked for last, the latest at the end.
	asking sync.Mutex
	arms   []*loaded
}

// listed are things by id, and their ids in the order of the log.
type listed[T any] struct {
	byID map[string]T
	ids  []string
}

func (l *listed[T]) put(id string, one T) {
	if _, known := l.byID[id]; !known {
		l.ids = append(l.ids, id)
	}
	l.byID[id] = one
}

// loaded are the arms of an experiment, nil until they have been read.
type loaded struct {
	id string
	// loading keeps two from reading the same ones at once.
	loading sync.Mutex
	arms    *Arms
}

// NewBook returns an empty book.
func NewBook() *Book {
	b := &Book{}
	b.hypotheses.byID, b.experiments.byID = map[string]*segmentationv1.Hypothesis{}, map[string]*segmentationv1.Experiment{}
	return b
}

// Apply takes a fact of one of record.Trials in. Calls come one at a time, in the order
// of the log.
func (b *Book) Apply(f *feed.Fact) error {
	switch f.Kind {
	case record.Hypothesis:
		h, err := record.HypothesisOf(f)
		if err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.hypotheses.put(h.GetId(), h)
	case record.Conclusion:
		c, err := record.ConclusionOf(f)
		if err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		// Whoever has the old one keeps it as it was.
		if h := proto.CloneOf(b.hypotheses.byID[c.GetId()]); h != nil {
			h.Conclusion = c.GetConclusion()
			b.hypotheses.put(c.GetId(), h)
		}
	case record.Experiment:
		e, err := record.ExperimentOf(f)
		if err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.experiments.put(e.GetId(), e)
	case record.Stop:
		id, err := record.EndOf(f)
		if err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if e := proto.CloneOf(b.experiments.byID[id]); e != nil {
			e.StoppedAt = timestamppb.New(time.UnixMicro(f.At))
			b.experiments.put(id, e)
		}
	}
	return nil
}

// Hypothesis is the one of an id; nil if there is none.
func (b *Book) Hypothesis(id string) *segmentationv1.Hypothesis {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.hypotheses.byID[id]
}

// Experiment is the one of an id; nil if there is none.
func (b *Book) Experiment(id string) *segmentationv1.Experiment {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.experiments.byID[id]
}

// Hypotheses are at most n that are wanted, newest first.
func (b *Book) Hypotheses(n int, wanted func(*segmentationv1.Hypothesis) bool) []*segmentationv1.Hypothesis {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.hypotheses.last(n, wanted)
}

// Experiments are at most n, newest first.
func (b *Book) Experiments(n int) []*segmentationv1.Experiment {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.experiments.last(n, func(*segmentationv1.Experiment) bool { return true })
}

func (l *listed[T]) last(n int, wanted func(T) bool) (out []T) {
	for _, id := range slices.Backward(l.ids) {
		if one := l.byID[id]; len(out) < n && wanted(one) {
			out = append(out, one)
		}
	}
	return out
}

// kept is how many experiments' arms are kept in memory: one of a million persons takes
// about two bytes a person.
const kept = 16

// Arms are those of an experiment, read when they are first asked for.
func (b *Book) Arms(ctx context.Context, log feed.Reader, brand string, e *segmentationv1.Experiment) (*Arms, error) {
	one := b.recent(e.GetId())
	one.loading.Lock()
	defer one.loading.Unlock()
	if one.arms != nil {
		return one.arms, nil
	}
	var err error
	one.arms, err = loadArms(ctx, log, brand, e)
	return one.arms, err
}

// recent is the place of an experiment's arms, which from now on is the latest.
func (b *Book) recent(id string) *loaded {
	b.asking.Lock()
	defer b.asking.Unlock()
	one := &loaded{id: id}
	if at := slices.IndexFunc(b.arms, func(l *loaded) bool { return l.id == id }); at >= 0 {
		one = b.arms[at]
		b.arms = slices.Delete(b.arms, at, at+1)
	} else if len(b.arms) == kept {
		b.arms = slices.Delete(b.arms, 0, 1)
	}
	b.arms = append(b.arms, one)
	return one
}
