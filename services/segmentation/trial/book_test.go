package trial

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// put commits facts, and the book takes them in.
func put(t *testing.T, log *feed.Log, b *Book, facts ...feed.Fact) {
	t.Helper()
	if _, _, err := log.Append(t.Context(), "shop", facts, time.Unix(1000, 0)); err != nil {
		t.Fatal(err)
	}
	for i := range facts {
		if err := b.Apply(&facts[i]); err != nil {
			t.Fatal(err)
		}
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(one T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return one
	}
}

// Arms come back from the log as they were put there, also when more are asked for than
// are kept; and what a book gave out does not change.
func TestBook(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if err := feed.Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		log, b, fact := feed.New(db), NewBook(), must[feed.Fact](t)
		for i := range uint64(kept + 3) {
			e := experiment(fmt.Sprint("e", i), 1000, 1)
			facts, err := Begin(e, NewArms(NewSplitter(secret, "shop", e).Split(upTo(100+i))))
			if err != nil {
				t.Fatal(err)
			}
			put(t, log, b, facts[0])
			put(t, log, NewBook(), facts[1:]...)
		}
		for range 2 {
			for i, e := range b.Experiments(1000) {
				arms, err := b.Arms(t.Context(), log.Reader, "shop", e)
				if err != nil {
					t.Fatal(err)
				}
				if again, err := b.Arms(t.Context(), log.Reader, "shop", e); again != arms || err != nil {
					t.Errorf("%s: read again, %v", e.GetId(), err)
				}
				for k, want := range NewSplitter(secret, "shop", e).Split(upTo(uint64(100 + kept + 2 - i))) {
					if !arms.sets[k].Equals(want) {
						t.Errorf("%s: arm %d differs", e.GetId(), k)
					}
				}
			}
		}
		if len(b.arms) != kept {
			t.Errorf("arms of %d experiments are kept", len(b.arms))
		}
		if _, err := b.Arms(t.Context(), log.Reader, "shop", experiment("none", 1000, 1)); err == nil {
			t.Error("read arms that are not there")
		}
		was := b.Experiment("e0")
		put(t, log, b, fact(record.End("e0")))
		if was.GetStoppedAt() != nil || b.Experiment("e0").GetStoppedAt().GetSeconds() != 1000 {
			t.Errorf("stopped: %v, %v", was, b.Experiment("e0"))
		}
	})
}

func TestBookOfHypotheses(t *testing.T) {
	b, fact := NewBook(), must[feed.Fact](t)
	apply := func(f feed.Fact) {
		t.Helper()
		if err := b.Apply(&f); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"one", "two", "three"} {
		apply(fact(record.Suppose(&segmentationv1.Hypothesis{Id: id})))
	}
	was, end := b.Hypothesis("two"), &segmentationv1.HypothesisConclusion{Insight: "No."}
	apply(fact(record.Conclude("two", end)))
	apply(fact(record.Conclude("never written", end)))
	if diff := cmp.Diff(end, b.Hypothesis("two").GetConclusion(), protocmp.Transform()); diff != "" || was.GetConclusion() != nil {
		t.Error(diff, was)
	}
	ids := ""
	for _, h := range b.Hypotheses(2, func(h *segmentationv1.Hypothesis) bool { return h.GetConclusion() == nil }) {
		ids += h.GetId() + " "
	}
	if ids != "three one " {
		t.Errorf("open ones: %s", ids)
	}
	for _, kind := range record.Trials {
		if err := b.Apply(&feed.Fact{Kind: kind, Body: []byte{0xff}}); err == nil {
			t.Errorf("read a broken fact of kind %d", kind)
		}
	}
}
