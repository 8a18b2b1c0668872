package fold_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

type feedFact = feed.Fact

func sqliteURL(t testing.TB) string { return sqldbtest.SQLite(t) }

func TestBudgetHolds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		const budget = 64 << 10
		r := w.replica(fold.Config{Memory: budget})
		for d := range int32(100) {
			w.append(add(byte(d), 1, d, d), add(0, 2, d, d))
		}
		for d := range int32(100) {
			r.check(fold.Days(d, d+1))
			if n := r.ResidentBytes(); n <= 0 || n > budget {
				t.Fatalf("%d bytes after day %d", n, d)
			}
		}
		r.check(fold.Days(0, 100)) // more than the budget: pinned while it runs
		if n := r.ResidentBytes(); n > budget {
			t.Errorf("%d bytes", n)
		}
		// What was evicted was written first.
		if n := r.verified(); n < 300 {
			t.Errorf("only %d slabs kept", n)
		}
	})
}

func TestNoMemoryKeepsNothing(t *testing.T) {
	w := newWorld(t, sqliteURL(t))
	r := w.replica(fold.Config{NoMemory: true})
	r.commit(add(1, 1, 3, 3))
	r.check(fold.Days(0, 5))
	if n := r.ResidentBytes(); n != 0 {
		t.Errorf("%d bytes", n)
	}
	r.commit(add(1, 1, 3, 3))
	r.check(fold.Days(0, 5))
}

func TestVerifyFindsAndRebuildRepairs(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.withRedis()
		r := w.replica(fold.Config{})
		r.commit(add(0, 1, 3, 3), add(2, 1, 4, 4))
		r.check(fold.Days(0, 5))
		w.ok(r.Flush(t.Context()))
		w.ok(w.db.Write(t.Context(), func(tx *txn) error {
			_, err := tx.Exec(t.Context(), "UPDATE slab SET content = $1 WHERE measure = 'rows' AND day = 3", []byte("wrong but"))
			return err
		}))
		var found []fold.Drift
		_, err := r.Verify(t.Context(), brand, func(d fold.Drift) { found = append(found, d) })
		w.ok(err)
		if len(found) != 1 || found[0].Where != "table" || found[0].Key != (fold.Key{Brand: brand, Measure: "rows", Day: 3}) {
			t.Errorf("found %+v", found)
		}
		steps := 0
		w.ok(r.Rebuild(t.Context(), brand, func(done, all int) { steps = done }))
		if steps != 2 {
			t.Errorf("%d steps", steps)
		}
		w.ok(r.cache.Flush(t.Context()))
		if n := r.verified(); n == 0 {
			t.Error("nothing was verified")
		}
		r.check(fold.Days(0, 5))
	})
}

func TestAuditFindsDriftInTheDaysInMemory(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := w.replica(fold.Config{})
		var found []fold.Drift
		audit := func() { w.ok(r.Audit(t.Context(), brand, func(d fold.Drift) { found = append(found, d) })) }
		audit() // nothing is in memory yet
		r.commit(add(0, 1, 3, 3))
		r.check(fold.Days(3, 4))
		w.ok(r.Flush(t.Context()))
		if audit(); len(found) > 0 {
			t.Fatalf("found %+v in what is right", found)
		}
		w.ok(w.db.Write(t.Context(), func(tx *txn) error {
			_, err := tx.Exec(t.Context(), "UPDATE slab SET content = $1 WHERE measure = 'rows' AND day = 3", []byte("wrong but"))
			return err
		}))
		if audit(); len(found) != 1 || found[0].Where != "table" || found[0].Day != 3 {
			t.Errorf("found %+v", found)
		}
	})
}

func TestSweepBringsStoredSlabsUpToDate(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := w.replica(fold.Config{Memory: 1})
		r.commit(add(0, 1, 3, 3))
		r.check(fold.Days(3, 4))
		late := r.commit(add(0, 1, 3, 3), add(0, 1, 90, 90)) // day 90 has nothing stored
		w.ok(r.Sweep(t.Context(), brand, 10))
		var behind, other int
		w.ok(w.db.QueryRow(t.Context(), "SELECT count(*) FROM slab WHERE seq < $1", late[0].Seq).Scan(&behind))
		w.ok(w.db.QueryRow(t.Context(), "SELECT count(*) FROM slab WHERE day = 90").Scan(&other))
		if behind != 0 || other != 0 {
			t.Errorf("%d slabs behind, %d nobody asked for", behind, other)
		}
	})
}

func TestStartedReplicaFollows(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := w.replica(fold.Config{})
		r.Start(t.Context())
		go r.log.Tail(t.Context(), time.Millisecond, nil) // ends with the test
		r.check(fold.Days(0, 5))
		facts := w.append(add(1, 1, 3, 3))
		head, err := r.Wait(t.Context(), brand, facts[0].Seq-1)
		w.ok(err)
		if head.Cursor() != facts[0].Cursor() || r.Applied(brand).Seq != head.Seq {
			t.Errorf("head %+v", head)
		}
		r.check(fold.Days(0, 5))
	})
}

func TestRedisDownChangesNothing(t *testing.T) {
	w := newWorld(t, sqliteURL(t)).withRedis()
	r := w.replica(fold.Config{Memory: 1})
	r.commit(add(1, 1, 3, 3))
	r.check(fold.Days(0, 5))
	w.redis.Shutdown()
	r.commit(add(1, 1, 3, 3))
	r.check(fold.Days(0, 5))
	w.redis.Restart()
	r.commit(add(1, 1, 3, 3))
	r.check(fold.Days(0, 5))
}

func TestErrorOfTheCallbackIsReturned(t *testing.T) {
	w := newWorld(t, sqliteURL(t))
	r := w.replica(fold.Config{})
	stop := errors.New("stop")
	if err := r.View(t.Context(), brand, fold.Want{}, func(*fold.View[amount]) error { return stop }); err != stop {
		t.Errorf("error %v", err)
	}
}

func BenchmarkViewMonth(b *testing.B) {
	w := newWorld(b, sqliteURL(b))
	for d := range int32(30) {
		w.append(add(byte(d), 1, d, d))
	}
	for name, cfg := range map[string]fold.Config{"warm": {}, "stored": {NoMemory: true}} {
		b.Run(name, func(b *testing.B) {
			r := w.replica(cfg)
			want := fold.Want{Measures: []fold.Measure{"sums"}, Days: fold.Days(0, 30)}
			for b.Loop() {
				w.ok(r.View(b.Context(), brand, want, func(*fold.View[amount]) error { return nil }))
			}
		})
	}
}
