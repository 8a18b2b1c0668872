package fold_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
)

func TestLoadedSlabMovesByDifference(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := w.replica(fold.Config{})
		first := r.commit(add(1, 10, 5, 5), add(2, 20, 5, 6))
		v := r.check(fold.Days(4, 8))
		if v.AsOf.Seq != 2 || v.Last.Seq != 2 || v.Last.At != w.clock.UnixMicro() {
			t.Errorf("as of %+v, last %+v", v.AsOf, v.Last)
		}
		r.commit(reverse(first[0]), add(1, 11, 5, 5))
		r.commit(add(0, 7, 100, 6)) // late: one of its days is loaded
		if v := r.check(fold.Days(4, 8)); v.Last.Seq != 5 {
			t.Errorf("last %d", v.Last.Seq)
		}
		r.commit(add(0, 7, 100, 100))
		if v := r.check(fold.Days(4, 8)); v.AsOf.Seq != 6 || v.Last.Seq != 5 {
			t.Errorf("as of %d, last %d", v.AsOf.Seq, v.Last.Seq)
		}
		r.verified()
	})
}

func TestEmptyWindowIsEmpty(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := w.replica(fold.Config{})
		if v := r.check(fold.Days(0, 10)); v.AsOf.Seq != 0 || v.Last.Seq != 0 {
			t.Errorf("%+v", v)
		}
		r.commit(add(1, 1, 3, 3))
		if v := r.check(fold.Days(0, 10)); v.Last.Seq != 1 {
			t.Errorf("%+v", v)
		}
	})
}

func TestIngestReadsWhatOthersCommitted(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		a, b := w.replica(fold.Config{Page: 2}), w.replica(fold.Config{})
		a.commit(add(1, 1, 3, 3))
		b.check(fold.Days(0, 5))
		a.check(fold.Days(0, 5))
		for range 5 {
			b.commit(add(2, 2, 3, 4))
		}
		w.append(add(3, 3, 3, 3))
		a.commit(add(1, 1, 3, 3))
		if v := a.check(fold.Days(0, 5)); v.AsOf.Seq != 8 {
			t.Errorf("as of %d", v.AsOf.Seq)
		}
		if v := b.check(fold.Days(0, 5)); v.AsOf.Seq != 6 {
			t.Errorf("as of %d", v.AsOf.Seq)
		}
		w.ok(b.Sync(t.Context(), brand))
		if v := b.check(fold.Days(0, 5)); v.AsOf.Seq != 8 {
			t.Errorf("as of %d", v.AsOf.Seq)
		}
	})
}

func TestIngestIsIdempotentInAnyOrder(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := w.replica(fold.Config{})
		r.check(fold.Days(0, 5))
		var commits [][]feed.Fact
		for i := range 6 {
			commits = append(commits, w.append(add(1, int64(i), 3, 3), add(2, 1, 4, 3)))
		}
		for _, i := range []int{3, 1, 5, 0, 3, 4, 2, 5} {
			w.ok(r.Ingest(t.Context(), brand, commits[i]))
			r.check(fold.Days(0, 5))
		}
	})
}

func TestBaseOfAReplicaThatIsAhead(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.withRedis()
		behind, ahead := w.replica(fold.Config{}), w.replica(fold.Config{})
		ahead.commit(add(1, 1, 3, 3))
		behind.check(fold.Days(0, 1)) // opens at seq 1
		ahead.commit(add(1, 2, 3, 3))
		ahead.check(fold.Days(0, 5))
		w.ok(ahead.Flush(t.Context()))
		w.ok(ahead.cache.Flush(t.Context()))
		if v := behind.check(fold.Days(0, 5)); v.AsOf.Seq != 2 {
			t.Errorf("as of %d", v.AsOf.Seq)
		}
	})
}

func TestStoredSlabSavesReadingFacts(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		a := w.replica(fold.Config{})
		a.commit(add(0, 1, 3, 3), add(2, 1, 3, 4))
		a.check(fold.Days(0, 5))
		w.ok(a.Flush(t.Context()))
		// Facts below the anchor are not read again: damage them to see.
		w.ok(w.db.Write(t.Context(), func(tx *txn) error {
			_, err := tx.Exec(t.Context(), "UPDATE fact SET kind = $1 WHERE seq = 1", kindBad)
			return err
		}))
		b := w.replica(fold.Config{})
		want := fold.Want{Measures: allMeasures, Days: fold.Days(0, 5)}
		w.ok(b.View(t.Context(), brand, want, func(v *fold.View[amount]) error {
			if got := v.Slab("sums", 3).(*sums).cells[0]; got != [2]int64{1, 1} {
				t.Errorf("sums %v", got)
			}
			return nil
		}))
	})
}

// A window that takes longer than anybody waits is read in the end: what one reader had
// time for the next one finds.
func TestReadersWithoutTimeGetOn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		const days = 9
		for day := range int32(days) {
			w.append(add(1, int64(day), day, day), add(2, 1, day, day))
		}
		r := w.replica(fold.Config{Loads: 1})
		w.ok(r.Sync(t.Context(), brand))
		read := 0
		for try := 1; ; try++ {
			ctx, leave := context.WithCancel(t.Context())
			last := int32(-1)
			r.seen = func(f *feed.Fact) {
				if f.Day == last {
					return
				}
				if read++; last >= 0 {
					leave() // the second day is more than there is time for
				}
				last = f.Day
			}
			_, err := r.compare(ctx, fold.Days(0, days))
			leave()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) || try > days {
				t.Fatalf("after %d tries: %v", try, err)
			}
		}
		if read > 2*days {
			t.Errorf("%d days read, of %d", read, days)
		}
	})
}

func TestBadFactStopsTheBrandBeforeIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := w.replica(fold.Config{})
		r.commit(add(1, 1, 3, 3))
		r.check(fold.Days(0, 5))
		bad := add(1, 1, 3, 3)
		bad.Kind = kindBad
		facts := w.append(add(1, 2, 3, 3), bad, add(1, 3, 3, 3))
		if err := r.Ingest(t.Context(), brand, facts); err == nil {
			t.Fatal("a fact that cannot be decoded was applied")
		}
		if v := r.check(fold.Days(0, 5)); v.AsOf.Seq != 2 {
			t.Errorf("as of %d", v.AsOf.Seq)
		}
	})
}

func TestDefinitionsInOrder(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.append(rule("one"), add(1, 1, 3, 3), rule("two"))
		r := w.replica(fold.Config{})
		r.check(fold.Days(0, 5))
		w.append(rule("three"))
		v := r.commit(feed.Fact{Kind: kindNote, Day: feed.NoDay, Day2: feed.NoDay}, rule("four"))
		if got := r.check(fold.Days(0, 5)); got.Defined != v[1].Seq {
			t.Errorf("defined %d", got.Defined)
		}
		if want := []string{"one", "two", "three", "four"}; !slices.Equal(r.names, want) {
			t.Errorf("defined %v", r.names)
		}
	})
}

func TestReplacedLogIsFoldedAnew(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.withRedis()
		r, other := w.replica(fold.Config{}), w.replica(fold.Config{})
		r.commit(rule("old"), add(1, 1, 3, 3), add(1, 2, 3, 3), add(1, 4, 4, 4))
		r.check(fold.Days(0, 5))
		w.ok(r.Flush(t.Context()))
		w.ok(r.cache.Flush(t.Context()))
		// A backup from after seq 2 comes back, and goes on differently. Redis
		// and the table of slabs still hold what was lost.
		w.rewind(2)
		w.append(add(1, 8, 3, 3), add(1, 16, 3, 3), add(1, 32, 3, 3))
		w.ok(r.Sync(t.Context(), brand))
		for _, x := range []*replica{r, other} {
			if v := x.check(fold.Days(0, 5)); v.AsOf.Seq != 5 {
				t.Errorf("as of %d", v.AsOf.Seq)
			}
			w.ok(x.Flush(t.Context()))
			if !slices.Equal(x.names, []string{"old"}) {
				t.Errorf("defined %v", x.names)
			}
		}
		if n := other.verified(); n == 0 {
			t.Error("nothing was verified")
		}
	})
}

// The writer of this process goes on after a restore it was not told of: its
// new facts carry numbers that were applied once already.
func TestReplacedLogIsNoticedByItsWriter(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := w.replica(fold.Config{})
		r.commit(add(1, 1, 3, 3), add(1, 2, 3, 3), add(1, 4, 4, 4))
		r.check(fold.Days(0, 5))
		w.rewind(1)
		r.commit(add(1, 8, 3, 3))
		if v := r.check(fold.Days(0, 5)); v.AsOf.Seq != 2 {
			t.Errorf("as of %d", v.AsOf.Seq)
		}
	})
}

func TestFactsLeftOutByAnAppendAreIgnored(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := w.replica(fold.Config{})
		r.check(fold.Days(0, 5))
		one, two := add(1, 1, 3, 3), add(1, 2, 3, 3)
		one.Key, two.Key = []byte("one"), []byte("two")
		r.commit(one)
		facts := []feed.Fact{two, one, add(1, 4, 3, 3), one}
		facts[1].Seq, facts[3].Seq = 0, 0
		if _, _, err := w.log.Append(t.Context(), brand, facts, w.clock); err != nil {
			t.Fatal(err)
		}
		w.ok(r.Ingest(t.Context(), brand, facts))
		if v := r.check(fold.Days(0, 5)); v.AsOf.Seq != facts[2].Seq {
			t.Errorf("as of %d, committed %d", v.AsOf.Seq, facts[2].Seq)
		}
	})
}
