package feed_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

const brand = "acme"

var (
	noon  = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	quiet = slog.New(slog.DiscardHandler)
)

// each runs fn on a fresh log per engine; more opens further handles on it.
func each(t *testing.T, fn func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB))) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		open := func() (*feed.Log, *sqldb.DB) {
			db := sqldbtest.Open(t, url)
			return feed.New(db), db
		}
		l, db := open()
		if err := feed.Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		fn(t, l, open)
	})
}

// fact has a key, a day and something in every other field.
func fact(name string, day int32) feed.Fact {
	return feed.Fact{Kind: 1, Key: []byte(name), Day: day, Day2: day, Who: 7,
		Data: []byte("data " + name), Body: []byte("body " + name)}
}

func appendAll(t *testing.T, l *feed.Log, facts ...feed.Fact) []feed.Fact {
	t.Helper()
	if _, _, err := l.Append(t.Context(), brand, facts, noon); err != nil {
		t.Fatal(err)
	}
	return facts
}

func write(t *testing.T, db *sqldb.DB, fn func(tx *sqldb.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func seqs(facts []feed.Fact) []int64 {
	var list []int64
	for _, f := range facts {
		list = append(list, f.Seq)
	}
	return list
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(feed.Head{})); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}

func TestAppend(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		ctx := t.Context()
		facts := []feed.Fact{fact("a", 10), fact("b", 11), {Kind: 2, Day: feed.NoDay, Day2: feed.NoDay}, {Kind: 3, Day: 1, Day2: 2, Of: 1}}
		done, head, err := l.Append(ctx, brand, facts, noon)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "appended", []bool{true, true, true, true}, done)
		same(t, "head", feed.Head{Brand: brand, Seq: 4, At: noon.UnixMicro(), CommitID: facts[0].CommitID}, head)
		stored, err := l.Read(ctx, brand, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "stored", facts, stored)

		// A clock that runs backwards does not take the log's time back, a known
		// key is left out, and numbers at the end are not lost to it.
		again := []feed.Fact{fact("a", 20), fact("c", 20), fact("c", 21), fact("b", 20)}
		done, head, err = l.Append(ctx, brand, again, noon.Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "appended again", []bool{false, true, false, false}, done)
		same(t, "numbers", []int64{0, 6, 0, 0}, seqs(again))
		same(t, "head again", feed.Head{Brand: brand, Seq: 6, At: noon.UnixMicro(), CommitID: again[1].CommitID}, head)
		if again[1].CommitID == facts[0].CommitID {
			t.Error("two commits share an id")
		}
		done, nothing, err := l.Append(ctx, brand, []feed.Fact{fact("a", 1), fact("b", 1)}, noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "nothing appended", []bool{false, false}, done)
		same(t, "head unmoved", head, nothing)
		stored2, _ := more()
		got, err := stored2.Head(ctx, brand)
		same(t, "head stored", head, got)
		if ok, _ := l.Has(ctx, brand, got.Cursor()); !ok || err != nil {
			t.Error("the head is not in the log")
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, _ func() (*feed.Log, *sqldb.DB)) {
		for _, bad := range []feed.Fact{{}, {Kind: 1, Day: 3, Day2: feed.NoDay}, {Kind: 1, Day: feed.NoDay}} {
			if _, _, err := l.Append(t.Context(), brand, []feed.Fact{bad}, noon); err == nil {
				t.Errorf("took %+v", bad)
			}
		}
		if _, _, err := l.Append(t.Context(), "", []feed.Fact{fact("a", 1)}, noon); err == nil {
			t.Error("took a fact without a brand")
		}
		if done, head, err := l.Append(t.Context(), brand, nil, noon); err != nil || len(done) != 0 || head.Seq != 0 {
			t.Errorf("nothing appended: %v %v %v", done, head, err)
		}
	})
}

func TestPut(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		ctx := t.Context()
		_, db := more()
		first := appendAll(t, l, fact("a", 10))
		var head feed.Head
		var put []feed.Fact
		write(t, db, func(tx *sqldb.Tx) (err error) {
			if head, err = feed.Lock(ctx, tx, brand, noon.Add(-time.Second)); err != nil {
				return err
			}
			same(t, "locked head", feed.Head{Brand: brand, Seq: 1, At: noon.UnixMicro(), CommitID: first[0].CommitID}, head)
			old, err := feed.In(tx).ByKey(ctx, brand, [][]byte{[]byte("a")})
			if err != nil {
				return err
			}
			put = []feed.Fact{{Kind: 2, Day: 10, Day2: 10, Of: old[0].Seq}, {Kind: 1, Day: 12, Day2: 13, Of: old[0].Seq}}
			if err := feed.Put(ctx, tx, &head, put[:1]); err != nil {
				return err
			}
			return feed.Put(ctx, tx, &head, put[1:])
		})
		stored, err := l.Read(ctx, brand, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "stored", append(first, put...), stored)
		got, _ := l.Head(ctx, brand)
		same(t, "head", got, head)
		if put[0].CommitID != put[1].CommitID || put[0].At != noon.UnixMicro() {
			t.Errorf("not one commit, or back in time: %+v", put)
		}

		// A lock that leads to nothing changes nothing; a known key fails.
		write(t, db, func(tx *sqldb.Tx) error { _, err := feed.Lock(ctx, tx, brand, noon.Add(time.Hour)); return err })
		err = db.Write(ctx, func(tx *sqldb.Tx) error {
			h, err := feed.Lock(ctx, tx, brand, noon)
			if err != nil {
				return err
			}
			return feed.Put(ctx, tx, &h, []feed.Fact{fact("z", 1), fact("a", 1)})
		})
		if !sqldb.IsUnique(err) {
			t.Errorf("known key: %v", err)
		}
		got, _ = l.Head(ctx, brand)
		same(t, "head unmoved", head, got)
		err = db.Write(ctx, func(tx *sqldb.Tx) error { return feed.Put(ctx, tx, &feed.Head{Brand: "b"}, put) })
		if err == nil {
			t.Error("put without a lock")
		}
	})
}

// sample is a log of seven facts, numbered from 1, beside another brand's.
func sample(t *testing.T, l *feed.Log) []feed.Fact {
	t.Helper()
	none := func(kind int16) feed.Fact { return feed.Fact{Kind: kind, Day: feed.NoDay, Day2: feed.NoDay} }
	if _, _, err := l.Append(t.Context(), "other", []feed.Fact{fact("a", 10), none(5)}, noon); err != nil {
		t.Fatal(err)
	}
	return appendAll(t, l,
		fact("a", 10),
		feed.Fact{Kind: 1, Day: 11, Day2: 10, Who: 8, Data: []byte("x"), Body: []byte("y")},
		none(5),
		feed.Fact{Kind: 2, Day: 10, Day2: 10, Of: 1},
		none(6),
		feed.Fact{Kind: 1, Day: 9, Day2: 30, Of: 1, Who: 7},
		none(5),
	)
}

func TestLists(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, _ func() (*feed.Log, *sqldb.DB)) {
		ctx := t.Context()
		facts := sample(t, l)
		check := func(what string, want ...int64) func([]feed.Fact, error) {
			return func(got []feed.Fact, err error) {
				t.Helper()
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
				same(t, what, want, seqs(got))
			}
		}
		check("read", 3, 4)(l.Read(ctx, brand, 2, 2))
		check("back", 4, 3)(l.ReadBack(ctx, brand, 5, 2))
		check("who", 6, 1)(l.ReadWho(ctx, brand, 7, 100, 5))
		check("get", 1, 3, 7)(l.Get(ctx, brand, 7, 3, 99, 1))
		check("key", 1)(l.ByKey(ctx, brand, [][]byte{[]byte("q"), []byte("a"), []byte("r")}))
		check("versions", 1, 4, 6)(l.Versions(ctx, brand, 1))
		check("no versions")(l.Versions(ctx, brand, 0))

		collect := func(read func(fn func(*feed.Fact) error) error) (list []feed.Fact, err error) {
			err = read(func(f *feed.Fact) error { list = append(list, *f); return nil })
			return list, err
		}
		day := func(day int32, after int64) ([]feed.Fact, error) {
			return collect(func(fn func(*feed.Fact) error) error { return l.ReadDay(ctx, brand, day, after, fn) })
		}
		check("day", 1, 2, 4)(day(10, 0))
		check("rest of day", 2, 4)(day(10, 1))
		check("second day", 6)(day(30, 0))
		check("no day")(day(feed.NoDay, 0))
		whole, err := collect(func(fn func(*feed.Fact) error) error { return l.ReadDayWhole(ctx, brand, 11, 0, fn) })
		if err != nil {
			t.Fatal(err)
		}
		same(t, "whole day", facts[1:2], whole)
		check("kinds", 5, 7)(collect(func(fn func(*feed.Fact) error) error {
			return l.ReadKind(ctx, brand, []int16{6, 5}, 3, fn)
		}))
	})
}

func TestLookUps(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, _ func() (*feed.Log, *sqldb.DB)) {
		ctx := t.Context()
		facts := sample(t, l)
		touched, err := l.Touched(ctx, brand, []int32{10, 11, 12, 30, 9, feed.NoDay})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "touched", []int64{4, 2, 0, 6, 6, 0}, touched)
		first, last, ok, err := l.DayRange(ctx, brand)
		if first != 9 || last != 30 || !ok || err != nil {
			t.Errorf("days %d to %d, %v %v", first, last, ok, err)
		}
		if _, _, ok, err := l.DayRange(ctx, "nobody"); ok || err != nil {
			t.Errorf("days of nobody: %v %v", ok, err)
		}
		brands, err := l.Brands(ctx)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "brands", []string{brand, "other"}, brands)
		for c, want := range map[feed.Cursor]bool{{}: true, facts[3].Cursor(): true, {Seq: 4, CommitID: 1}: false, {Seq: 99, CommitID: 1}: false} {
			if got, err := l.Has(ctx, brand, c); got != want || err != nil {
				t.Errorf("has %v: %v %v", c, got, err)
			}
		}
	})
}

// Writers on two handles, pure and guarded, half of them rolling back now and
// then; a reader that goes on from the last number it saw misses nothing.
func TestNumbersNeverAppearBehindReader(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		const writers, commits = 8, 12
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		failed := make(chan error, writers)
		for w := range writers {
			log, db := l, (*sqldb.DB)(nil)
			if w%2 == 1 {
				log, db = more()
			}
			go func() { failed <- writeMany(ctx, log, db, w, commits) }()
		}
		seen, after, last, running := map[string]bool{}, int64(0), int64(0), writers
		for {
			done := running == 0
			facts, err := l.Read(ctx, brand, after, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range facts {
				if f.Seq <= after || f.At < last || seen[string(f.Key)] {
					t.Fatalf("fact %q: number %d after %d, at %d after %d", f.Key, f.Seq, after, f.At, last)
				}
				seen[string(f.Key)], after, last = true, f.Seq, f.At
			}
			if done && len(facts) == 0 {
				break
			}
			for running > 0 && len(failed) > 0 {
				if err := <-failed; err != nil {
					t.Fatal(err)
				}
				running--
			}
		}
		if want := writers * commits * 2; len(seen) != want {
			t.Errorf("reader saw %d facts, want %d", len(seen), want)
		}
	})
}

func writeMany(ctx context.Context, l *feed.Log, db *sqldb.DB, w, commits int) error {
	for i := range commits {
		now := noon.Add(time.Duration((i*7+w)%5) * time.Second)
		facts := []feed.Fact{fact(fmt.Sprint(w, ".", i, "a"), int32(w)), fact(fmt.Sprint(w, ".", i, "b"), int32(i))}
		if db == nil {
			// The last fact again: its number is taken back or left as a gap.
			if _, _, err := l.Append(ctx, brand, append(facts, facts[1]), now); err != nil {
				return err
			}
			continue
		}
		boom := fmt.Errorf("boom")
		for _, fail := range []error{boom, nil} {
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				h, err := feed.Lock(ctx, tx, brand, now)
				if err == nil {
					err = feed.Put(ctx, tx, &h, facts)
				}
				if err != nil {
					return err
				}
				return fail
			})
			if err != fail {
				return err
			}
		}
	}
	return nil
}
