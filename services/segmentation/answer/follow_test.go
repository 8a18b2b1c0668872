package answer

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

const brand = "demo"

// stream is Survey's log as its stream tells it, an event a piece.
type stream []*surveyv1.ResponseEvent

func (s stream) next(_ context.Context, _ string, from feed.Cursor, limit int) (facts []feed.Fact, err error) {
	rest := s[from.Seq:]
	for i, e := range rest[:min(limit, len(rest))] {
		seq := from.Seq + int64(i) + 1
		more, _ := Split(&surveyv1.WatchResponsesResponse{Events: []*surveyv1.ResponseEvent{e}, Cursor: &commonv1.Cursor{Seq: seq, CommitId: seq}})
		facts = append(facts, more...)
	}
	return facts, nil
}

// desk is a database with a follower.
type desk struct {
	t   *testing.T
	db  *sqldb.DB
	now time.Time
}

func open(t *testing.T, db *sqldb.DB) *desk {
	t.Helper()
	for _, migrate := range []func(context.Context, *sqldb.DB) error{feed.Migrate, Migrate} {
		if err := migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	return &desk{t, db, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
}

// follow consumes all of a stream in batches of a size.
func (d *desk) follow(from stream, limit int) {
	d.t.Helper()
	f := &Follower{Brand: brand, DB: d.db, Clock: func() time.Time { return d.now }, Log: slog.New(slog.DiscardHandler)}
	c := f.Consumer(from.next)
	c.Limit = limit
	// A process that starts after another one: its lease must be over.
	d.now = d.now.Add(time.Hour)
	for {
		if n, err := c.Step(d.t.Context()); err != nil {
			d.t.Fatal(err)
		} else if n == 0 {
			return
		}
	}
}

func (d *desk) write(fn func(tx *sqldb.Tx) error) {
	d.t.Helper()
	if err := d.db.Write(d.t.Context(), fn); err != nil {
		d.t.Fatal(err)
	}
}

// last are the last scores of a person of some numbers.
func (d *desk) last(ids ...int64) map[string]int32 {
	d.t.Helper()
	all, err := Histories(d.t.Context(), d.db, brand, ids)
	if err != nil {
		d.t.Fatal(err)
	}
	several := make([]*History, len(ids))
	for i, id := range ids {
		several[i] = all[id]
	}
	out := map[string]int32{}
	Last(func(metric string, a Answer) { out[metric] = a.Score }, several...)
	return out
}

// rows are all rows, byte by byte.
func (d *desk) rows() map[int64]string {
	d.t.Helper()
	all := map[int64]string{}
	err := page(d.t.Context(), d.db, brand, 0, func(id int64, history []byte) error {
		all[id] = fmt.Sprintf("%x", history)
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

func (d *desk) drifts() (list []string) {
	d.t.Helper()
	_, err := Verify(d.t.Context(), d.db, brand, func(id int64, reason string) { list = append(list, fmt.Sprintf("%d: %s", id, reason)) })
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

// is compares last scores.
func (d *desk) is(want map[string]int32, ids ...int64) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.last(ids...)); diff != "" {
		d.t.Errorf("%v: %s", ids, diff)
	}
}

// Amendments replace, retractions let the one before come back, and a customer that
// becomes known later counts from then on.
func TestTheLastAnswerMoves(t *testing.T) {
	for _, limit := range []int{1, 3, 100} {
		sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
			d := open(t, db)
			s := stream{
				event(recorded, 1, 0, 7, 100, 9, 5), event(recorded, 2, 0, 7, 200, 3), event(recorded, 3, 0, 0, 300, 0),
				event(recorded, 4, 0, 8, 50, 10, 1),
			}
			d.follow(s, limit)
			d.is(map[string]int32{"m.0": 3, "m.1": 5}, 7)
			d.is(map[string]int32{"m.0": 3, "m.1": 5}, 7, 8)
			s = append(s, event(amended, 2, 5, 7, 200, 4, 2))
			d.follow(s, limit)
			d.is(map[string]int32{"m.0": 4, "m.1": 2}, 7)
			s = append(s, event(amended, 3, 6, 7, 300, 0)) // now it is known who that was
			d.follow(s, limit)
			d.is(map[string]int32{"m.0": 0, "m.1": 2}, 7)
			s = append(s, event(retracted, 3, 6, 7, 300, 0), event(retracted, 2, 5, 7, 200, 4, 2))
			d.follow(s, limit)
			d.is(map[string]int32{"m.0": 9, "m.1": 5}, 7)
			s = append(s, event(amended, 1, 7, 8, 100, 8), event(retracted, 4, 0, 8, 50, 10, 1))
			d.follow(s, limit)
			d.is(map[string]int32{}, 7)
			d.is(map[string]int32{"m.0": 8}, 8)
			if got := d.rows(); len(got) != 1 {
				t.Errorf("rows %v", got)
			}
			if list := d.drifts(); list != nil {
				t.Error(list)
			}
		})
	}
}

// history is a random life of responses, in an order that Survey may tell it in, and
// the rows that are left of it.
func life(r *rand.Rand) (s stream, left map[int64]*History) {
	type standing struct {
		e         *surveyv1.ResponseEvent
		retracted bool
	}
	var all []*standing
	seq := int64(0)
	for range 60 {
		seq++
		at, customer := r.Int64N(50), r.Int64N(4)
		scores := []int32{r.Int32N(12) - 1, r.Int32N(12) - 1}
		if len(all) == 0 || r.IntN(2) == 0 {
			all = append(all, &standing{e: event(recorded, seq, 0, customer, at, scores...)})
			s = append(s, all[len(all)-1].e)
			continue
		}
		one := all[r.IntN(len(all))]
		if one.retracted {
			continue
		}
		if id := one.e.GetResponse().GetId(); r.IntN(3) > 0 {
			var n int64
			fmt.Sscan(id, &n)
			one.e = event(amended, n, seq, customer, at, scores...)
			s = append(s, one.e)
			continue
		}
		one.retracted = true
		s = append(s, &surveyv1.ResponseEvent{Kind: retracted, Response: one.e.GetResponse(), Scores: one.e.GetScores()})
	}
	left = map[int64]*History{}
	for _, one := range all {
		if e := Essence(one.e); !one.retracted && counts(e) {
			r, _ := Of(e)
			of(left, r.Customer).Add(&r)
		}
	}
	return s, left
}

// Any life in batches of any size, told again from the beginning and rebuilt, leaves
// the rows of what stands at its end; and its metrics are known, once each.
func TestAnyLifeLeavesWhatStands(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		for seed := range uint64(12) {
			r := rand.New(rand.NewPCG(seed, 1))
			s, left := life(r)
			want := map[int64]string{}
			for id, h := range left {
				want[id] = fmt.Sprintf("%x", h.Pack())
			}
			d.write(func(tx *sqldb.Tx) error {
				for _, table := range []string{"answer", "fact", "consumer_cursor"} {
					if _, err := tx.Exec(t.Context(), "DELETE FROM "+table); err != nil {
						return err
					}
				}
				return nil
			})
			d.follow(s[:r.IntN(len(s))], 1+r.IntN(8))
			for range 2 {
				d.follow(s, 1+r.IntN(20))
				if diff := cmp.Diff(want, d.rows()); diff != "" {
					t.Fatal(seed, diff)
				}
				if list := d.drifts(); list != nil {
					t.Fatal(seed, list)
				}
				d.write(func(tx *sqldb.Tx) error { return feed.Rewind(t.Context(), tx, ConsumerName, brand) })
			}
			d.met(2)
		}
	})
}

// met counts the metrics in the log.
func (d *desk) met(want int) {
	d.t.Helper()
	names := map[string]int{}
	err := feed.New(d.db).ReadKind(d.t.Context(), brand, []int16{record.Metric}, 0, func(f *feed.Fact) error {
		name, err := record.Met(f)
		names[name]++
		return err
	})
	if err != nil || len(names) != want || names["m.0"] != 1 || names["m.1"] != 1 {
		d.t.Errorf("met %v, %v", names, err)
	}
}

func TestVerifyAndRebuild(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		d := open(t, db)
		var s stream
		for i := range int64(12) {
			s = append(s, event(recorded, i+1, 0, 1+i%4, i, 5))
		}
		d.follow(append(s, event(retracted, 5, 0, 1, 4, 5)), 5)
		want := d.rows()
		d.write(func(tx *sqldb.Tx) error {
			for _, q := range []string{"UPDATE answer SET history = (SELECT history FROM answer WHERE customer = 4) WHERE customer = 1",
				"DELETE FROM answer WHERE customer = 2", "UPDATE answer SET customer = 77 WHERE customer = 3"} {
				if _, err := tx.Exec(t.Context(), q); err != nil {
					return err
				}
			}
			return nil
		})
		if list := d.drifts(); len(list) != 4 {
			t.Errorf("found %v", list)
		}
		d.write(func(tx *sqldb.Tx) error { return Rebuild(t.Context(), tx, brand) })
		if diff := cmp.Diff(want, d.rows()); diff != "" || d.drifts() != nil {
			t.Error(diff, d.drifts())
		}
	})
}
