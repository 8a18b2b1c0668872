package rfm

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Book is one brand's runs, as the log tells of them: the same on every replica.
// What it returns must not be changed.
type Book struct {
	// runs are ascending by number, without gaps from 1. It is replaced, not changed.
	runs atomic.Pointer[[]*segmentationv1.RfmRun]

	// loading keeps two from reading the same run at once.
	loading sync.Mutex
	scores  atomic.Pointer[Scores]
}

// NewBook returns a book without a run.
func NewBook() *Book {
	b := &Book{}
	b.runs.Store(&[]*segmentationv1.RfmRun{})
	return b
}

// Apply takes an RFM_RUN fact in. Calls come one at a time, in the order of the log.
func (b *Book) Apply(f *feed.Fact) error {
	run, err := record.RunOf(f)
	if err != nil {
		return err
	}
	// Whoever holds the old slice reads no further than its length.
	runs := append(*b.runs.Load(), run)
	b.runs.Store(&runs)
	return nil
}

// Newest is the last run; nil if there is none.
func (b *Book) Newest() *segmentationv1.RfmRun {
	runs := *b.runs.Load()
	if len(runs) == 0 {
		return nil
	}
	return runs[len(runs)-1]
}

// Run is the one of a number, the newest for 0; nil if there is none.
func (b *Book) Run(id int64) *segmentationv1.RfmRun {
	if id == 0 {
		return b.Newest()
	}
	for _, run := range slices.Backward(*b.runs.Load()) {
		if run.GetId() == id {
			return run
		}
	}
	return nil
}

// Last are at most n runs, newest first.
func (b *Book) Last(n int) []*segmentationv1.RfmRun {
	runs := *b.runs.Load()
	out := slices.Clone(runs[max(0, len(runs)-n):])
	slices.Reverse(out)
	return out
}

// Scores are those of the newest run, read when they are first asked for; nil if
// there is no run.
func (b *Book) Scores(ctx context.Context, q sqldb.Querier, brand string) (*Scores, error) {
	run := b.Newest()
	if run == nil {
		return nil, nil
	}
	if s := b.scores.Load(); s != nil && s.Run == run {
		return s, nil
	}
	b.loading.Lock()
	defer b.loading.Unlock()
	if s := b.scores.Load(); s != nil && s.Run == run {
		return s, nil
	}
	s, err := load(ctx, q, brand, run)
	if err == nil {
		b.scores.Store(s)
	}
	return s, err
}

// Scores are a run's places, a byte for each number up to the last person's.
type Scores struct {
	Run *segmentationv1.RfmRun
	// places are cells from 1; 0: not scored.
	places []uint8
}

// load reads all rows of a run.
func load(ctx context.Context, q sqldb.Querier, brand string, run *segmentationv1.RfmRun) (*Scores, error) {
	s, m := &Scores{Run: run, places: make([]uint8, 0, run.GetPersons()+1)}, MeasureIn(run)
	err := Each(ctx, q, brand, run.GetId(), func(r *Row) {
		if missing := int(r.Person) - len(s.places); missing > 0 {
			s.places = append(s.places, make([]uint8, missing)...)
		}
		s.places = append(s.places, uint8(m.Score(r).cell()+1))
	})
	return s, err
}

// Of is the place of a person, given all its numbers, by the rule of Find.
func (s *Scores) Of(person int64, members []int64) (Score, bool) {
	if score, ok := s.of(person); ok {
		return score, true
	}
	for _, id := range members {
		if score, ok := s.of(id); ok {
			return score, true
		}
	}
	return Score{}, false
}

func (s *Scores) of(id int64) (Score, bool) {
	if id < 0 || id >= int64(len(s.places)) || s.places[id] == 0 {
		return Score{}, false
	}
	return scoreOf(int(s.places[id]) - 1), true
}
