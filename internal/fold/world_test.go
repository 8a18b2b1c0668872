package fold_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

const brand = "acme"

// world is one database, perhaps one Redis, and any number of replicas on them.
type world struct {
	t     testing.TB
	url   string
	redis *hottest.Server
	db    *sqldb.DB // for tests to look behind the engine
	log   *feed.Log
	clock time.Time
}

// replica is one process as the engine sees it: a log and a cache of its own.
type replica struct {
	*fold.Engine[amount]
	w     *world
	log   *feed.Log
	cache *hot.Cache
	names []string // what Define was told
	seen  func(*feed.Fact)
}

func eachWorld(t *testing.T, fn func(t *testing.T, w *world)) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) { fn(t, newWorld(t, url)) })
}

func newWorld(t testing.TB, url string) *world {
	w := &world{t: t, url: url, clock: time.Unix(1_700_000_000, 0)}
	w.db = sqldbtest.Open(t, url)
	w.log = feed.New(w.db)
	w.ok(feed.Migrate(t.Context(), w.db))
	w.ok(fold.New(fold.Config{}, w.log, w.db, nil, fold.Rules[amount]{}).Migrate(t.Context()))
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) withRedis() *world {
	w.redis = hottest.Start(w.t)
	return w
}

// replica opens another process on the world. It follows the log only if started.
func (w *world) replica(cfg fold.Config) *replica {
	w.t.Helper()
	r := &replica{w: w}
	db := sqldbtest.Open(w.t, w.url)
	r.log = feed.New(db)
	if w.redis != nil {
		var err error
		r.cache, err = hot.Open(w.redis.URL(), []byte("0123456789abcdef"), hot.Options{
			Service: "toy", ReadTimeout: time.Second, WriteEvery: time.Millisecond, RetryAfter: time.Millisecond,
		})
		w.ok(err)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	r.Engine = fold.New(cfg, r.log, db, r.cache, fold.Rules[amount]{
		Decode: func(brand string, f *feed.Fact) (amount, bool, error) {
			if r.seen != nil {
				r.seen(f)
			}
			return decode(brand, f)
		},
		Measures: measures, New: newSlab,
		Definitions: []int16{kindRule},
		Define: func(_ string, f *feed.Fact) error {
			r.names = append(r.names, string(f.Data))
			return nil
		},
		Forget: func(string) { r.names = nil },
	})
	w.t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			w.t.Errorf("close: %v", err)
		}
		r.cache.Close(context.Background()) // Redis may be down by intent
	})
	return r
}

// append commits facts as a writer that dies before it hands them over.
func (w *world) append(facts ...feed.Fact) []feed.Fact {
	w.t.Helper()
	done, _, err := w.log.Append(w.t.Context(), brand, facts, w.clock)
	w.ok(err)
	for _, in := range done {
		if !in {
			w.t.Fatal("a fact was left out")
		}
	}
	return facts
}

// commit is append with the facts handed to the replica.
func (r *replica) commit(facts ...feed.Fact) []feed.Fact {
	r.w.t.Helper()
	r.w.append(facts...)
	r.w.ok(r.Ingest(r.w.t.Context(), brand, facts))
	return facts
}

func add(key byte, value int64, day, heard int32) feed.Fact {
	return feed.Fact{Kind: kindAmount, Day: day, Day2: heard, Data: data(key, value, day, heard)}
}

func reverse(f feed.Fact) feed.Fact {
	return feed.Fact{Kind: kindReversal, Day: f.Day, Day2: f.Day2, Of: f.Seq, Data: f.Data}
}

func rule(name string) feed.Fact {
	return feed.Fact{Kind: kindRule, Day: feed.NoDay, Day2: feed.NoDay, Data: []byte(name)}
}

// check reads the window and compares every slab with a fold from zero.
func (r *replica) check(days []fold.Span) fold.View[amount] {
	r.w.t.Helper()
	v, err := r.compare(r.w.t.Context(), days)
	r.w.ok(err)
	return v
}

func (r *replica) compare(ctx context.Context, days []fold.Span) (at fold.View[amount], err error) {
	got := map[string][]byte{}
	want := fold.Want{Measures: allMeasures, Days: days}
	err = r.View(ctx, brand, want, func(v *fold.View[amount]) error {
		at = *v
		clear(got)
		for _, s := range days {
			for d := s.From; d < s.To; d++ {
				for _, m := range allMeasures {
					if slab := v.Slab(m, d); slab != nil {
						got[fmt.Sprint(m, d)] = slab.AppendBinary(nil)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return at, err
	}
	return at, r.w.judge(ctx, at, days, got)
}

// judge folds the log from zero up to what the view says it includes.
func (w *world) judge(ctx context.Context, at fold.View[amount], days []fold.Span, got map[string][]byte) error {
	var last int64
	for _, s := range days {
		for d := s.From; d < s.To; d++ {
			fresh := map[string]fold.Slab[amount]{}
			for _, m := range allMeasures {
				fresh[m] = newSlab(m)
			}
			err := w.log.ReadDay(ctx, brand, d, 0, func(f *feed.Fact) error {
				if f.Seq > at.AsOf.Seq {
					return nil
				}
				last = max(last, f.Seq)
				a, _, err := decode("", f)
				for _, m := range measures(a, d, nil) {
					fresh[m].Apply(d, a)
				}
				return err
			})
			if err != nil {
				return err
			}
			for _, m := range allMeasures {
				if !bytes.Equal(fresh[m].AppendBinary(nil), got[fmt.Sprint(m, d)]) {
					return fmt.Errorf("%s of day %d at seq %d differs from its fold", m, d, at.AsOf.Seq)
				}
			}
		}
	}
	if at.Last.Seq != last {
		return fmt.Errorf("view says its last fact is %d, it is %d", at.Last.Seq, last)
	}
	return nil
}

// verified fails the test if anything kept differs from its facts.
func (r *replica) verified() int {
	r.w.t.Helper()
	n, err := r.Verify(r.w.t.Context(), brand, func(d fold.Drift) { r.w.t.Errorf("drift: %+v", d) })
	r.w.ok(err)
	return n
}

type txn = sqldb.Tx

// rewind puts the log back to seq, as a restored backup would.
func (w *world) rewind(seq int64) {
	w.t.Helper()
	w.ok(w.db.Write(w.t.Context(), func(tx *txn) error {
		if _, err := tx.Exec(w.t.Context(), "DELETE FROM fact WHERE seq > $1", seq); err != nil {
			return err
		}
		_, err := tx.Exec(w.t.Context(), `UPDATE log_head SET (seq, at, commit_id) =
			(SELECT f.seq, f.at, f.commit_id FROM fact f WHERE f.seq = $1)`, seq)
		return err
	}))
}
