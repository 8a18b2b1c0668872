package feed_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// restore replaces the log's end by other facts with the same numbers, as a
// restored backup that was written to would.
func restore(t *testing.T, db *sqldb.DB, after int64) {
	t.Helper()
	write(t, db, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(t.Context(), "UPDATE fact SET commit_id = commit_id + 1 WHERE seq > $1", after); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), "UPDATE log_head SET commit_id = commit_id + 1")
		return err
	})
}

// background runs fn until the test ends and fails the test by its error.
func background(t *testing.T, fn func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fn(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestTailSeesOtherReplica(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		other, _ := more()
		background(t, func(ctx context.Context) error { return other.Tail(ctx, time.Millisecond, quiet) })
		one, any := other.Changed(brand), other.Changed("")
		facts := appendAll(t, l, fact("a", 1), fact("b", 1))
		<-one
		<-any
		if h := other.Known(brand); h.Cursor() != facts[1].Cursor() {
			t.Errorf("knows %+v, want %+v", h, facts[1].Cursor())
		}
		// Its own commit is known without a poll, here one that never comes.
		one = l.Changed(brand)
		facts = appendAll(t, l, fact("c", 1))
		<-one
		if h := l.Known(brand); h.Cursor() != facts[0].Cursor() {
			t.Errorf("knows %+v, want %+v", h, facts[0].Cursor())
		}
		l.Notice(feed.Head{Brand: brand, Seq: 1})
		if h := l.Known(brand); h.Seq != 3 {
			t.Errorf("went back to %d", h.Seq)
		}
	})
}

func TestFollow(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		other, db := more()
		background(t, func(ctx context.Context) error { return other.Tail(ctx, time.Millisecond, quiet) })
		start := appendAll(t, l, fact("a", 1), fact("b", 1))
		got := make(chan feed.Fact)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- other.Follow(ctx, brand, start[0].Cursor(), func(facts []feed.Fact) error {
				for _, f := range facts {
					got <- f
				}
				return nil
			})
		}()
		same(t, "behind the cursor", start[1], <-got)
		for _, name := range []string{"c", "d", "e"} {
			same(t, "as it arrives", appendAll(t, l, fact(name, 2))[0], <-got)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}

		restore(t, db, 3)
		nothing := func([]feed.Fact) error { return errors.New("stop") }
		for _, c := range []feed.Cursor{{Seq: 4, CommitID: 5}, {Seq: 77, CommitID: 5}, {Seq: 1, CommitID: 1}} {
			if err := other.Follow(t.Context(), brand, c, nothing); !errors.Is(err, feed.ErrReplaced) {
				t.Errorf("cursor %v: %v", c, err)
			}
		}
		if err := other.Follow(t.Context(), brand, start[1].Cursor(), nothing); errors.Is(err, feed.ErrReplaced) {
			t.Error("refused a cursor from before the backup")
		}
	})
}

// Who reads to the end is not held up by gaps in front of it, nor kept by what comes
// meanwhile.
func TestFollowToEnd(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		_, db := more()
		read := func(from feed.Cursor) (got []feed.Fact) {
			t.Helper()
			err := l.FollowToEnd(t.Context(), brand, from, func(facts []feed.Fact) error {
				got = append(got, facts...)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			return got
		}
		same(t, "an empty log", []feed.Fact(nil), read(feed.Cursor{}))
		var all []feed.Fact
		for i := range 3 {
			facts := make([]feed.Fact, 400)
			for j := range facts {
				facts[j] = fact(fmt.Sprint(i, " ", j), 1)
			}
			all = append(all, appendAll(t, l, facts...)...)
		}
		same(t, "from the beginning", seqs(all), seqs(read(feed.Cursor{})))
		same(t, "from within", seqs(all[700:]), seqs(read(all[699].Cursor())))
		same(t, "from the end", []feed.Fact(nil), read(all[len(all)-1].Cursor()))
		write(t, db, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE log_head SET seq = seq + 5 WHERE brand = $1", brand)
			return err
		})
		same(t, "before a gap", seqs(all[700:]), seqs(read(all[699].Cursor())))
		if err := l.FollowToEnd(t.Context(), brand, feed.Cursor{Seq: 7777, CommitID: 1}, nil); !errors.Is(err, feed.ErrReplaced) {
			t.Errorf("another log: %v", err)
		}
		n, late := 0, 0
		err := l.FollowToEnd(t.Context(), brand, feed.Cursor{}, func(facts []feed.Fact) error {
			late++
			n += len(facts)
			appendAll(t, l, fact(fmt.Sprint("late ", late), 1))
			return nil
		})
		if err != nil || n < len(all) || n > len(all)+late {
			t.Errorf("%d facts, %v", n, err)
		}
	})
}

// A follower at the end of the log learns of a restored, shorter log.
func TestFollowNoticesShorterLog(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		_, db := more()
		facts := appendAll(t, l, fact("a", 1), fact("b", 1))
		background(t, func(ctx context.Context) error { return l.Tail(ctx, time.Millisecond, quiet) })
		ended := make(chan error, 1)
		go func() {
			ended <- l.Follow(t.Context(), brand, facts[1].Cursor(), func([]feed.Fact) error { return nil })
		}()
		write(t, db, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(t.Context(), "DELETE FROM fact WHERE seq = 2"); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), "UPDATE log_head SET seq = 1, commit_id = $1", facts[0].CommitID)
			return err
		})
		if err := <-ended; !errors.Is(err, feed.ErrReplaced) {
			t.Errorf("ended with %v", err)
		}
	})
}

// A log that was replaced by nothing at all is noticed too, but a poll that is
// only older than a local commit takes nothing back.
func TestPollOfEmptyLog(t *testing.T) {
	each(t, func(t *testing.T, l *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		_, db := more()
		facts := appendAll(t, l, fact("a", 1))
		if err := l.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if h := l.Known(brand); h.Cursor() != facts[0].Cursor() {
			t.Errorf("knows %+v", h)
		}
		write(t, db, func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), "DELETE FROM log_head"); return err })
		changed := l.Changed(brand)
		if err := l.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-changed
		if h := l.Known(brand); h.Seq != 0 {
			t.Errorf("still knows %+v", h)
		}
	})
}

// A database that drops its connections is noticed, and followed on.
func TestTailOutlivesLostConnections(t *testing.T) {
	db := sqldbtest.Open(t, sqldbtest.Postgres(t))
	if err := feed.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	l := feed.New(db)
	background(t, func(ctx context.Context) error { return l.Tail(ctx, time.Millisecond, quiet) })
	write(t, db, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		return err
	})
	changed := l.Changed(brand)
	write(t, db, func(tx *sqldb.Tx) error {
		h, err := feed.Lock(t.Context(), tx, brand, noon)
		if err != nil {
			return err
		}
		return feed.Put(t.Context(), tx, &h, []feed.Fact{fact("a", 1)})
	})
	<-changed
}
