package rfm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

const brand = "shop"

func migrate(t *testing.T, db *sqldb.DB) {
	t.Helper()
	for _, do := range []func(context.Context, *sqldb.DB) error{feed.Migrate, Migrate} {
		if err := do(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
}

// keep writes a run of rows with its fact, and returns it.
func keep(t *testing.T, db *sqldb.DB, book *Book, id int64, rows []Row) *segmentationv1.RfmRun {
	t.Helper()
	run := &segmentationv1.RfmRun{Id: id, Day: "2026-03-02", Persons: int64(len(rows))}
	m := MeasureOf(rows)
	m.Note(run)
	f, err := record.Cut(run)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
		head, err := feed.Lock(t.Context(), tx, brand, time.Unix(0, 0))
		if err != nil {
			return err
		}
		if err := Save(t.Context(), tx, brand, id, rows); err != nil {
			return err
		}
		return feed.Put(t.Context(), tx, &head, []feed.Fact{f})
	})
	if err == nil {
		err = book.Apply(&f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func drifts(t *testing.T, db *sqldb.DB) (list []string) {
	t.Helper()
	_, err := Verify(t.Context(), db, brand, func(run int64, reason string) { list = append(list, fmt.Sprintf("%d: %s", run, reason)) })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// What is found of each person, by the table and in memory, is the row of the run
// asked for, also where persons fall into several blocks.
func TestStore(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		migrate(t, db)
		book, r := NewBook(), rand.New(rand.NewPCG(5, 5))
		old := randomRows(r, 10)
		keep(t, db, book, 1, old)
		rows := randomRows(r, 2*blockRows+3)
		m := MeasureIn(keep(t, db, book, 2, rows))
		var all []Row
		if err := Each(t.Context(), db, brand, 2, func(r *Row) { all = append(all, *r) }); err != nil || !slices.Equal(all, rows) {
			t.Errorf("%d rows of %d, %v", len(all), len(rows), err)
		}
		scores, err := book.Scores(t.Context(), db, brand)
		if err != nil || scores.Run.GetId() != 2 {
			t.Fatal(scores, err)
		}
		if again, _ := book.Scores(t.Context(), db, brand); again != scores {
			t.Error("a run was read twice")
		}
		at := 0
		for person := int64(0); person <= rows[len(rows)-1].Person+2; person++ {
			score, ok := scores.Of(person, []int64{person})
			if at == len(rows) || rows[at].Person != person {
				if ok {
					t.Fatalf("%d is not in the run, but is %v", person, score)
				}
				continue
			}
			if !ok || score != m.Score(&rows[at]) {
				t.Fatalf("%+v is %v, %v", rows[at], score, ok)
			}
			at++
		}
		for _, i := range []int{0, blockRows - 1, blockRows, 2 * blockRows, len(rows) - 1} {
			got, err := Find(t.Context(), db, brand, 2, rows[i].Person, nil)
			if diff := cmp.Diff(&rows[i], got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		}
		if got, err := Find(t.Context(), db, brand, 1, old[9].Person+1, nil); got != nil || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
		if list := drifts(t, db); list != nil {
			t.Error(list)
		}
	})
}

// Of a person merged since the run, its own number's row counts, or else the lowest
// one's; the table and the memory agree.
func TestMergedSince(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		migrate(t, db)
		book := NewBook()
		rows := []Row{{3, 1, 1, 1}, {5, 2, 2, 2}, {8, 3, 3, 3}}
		m := MeasureIn(keep(t, db, book, 1, rows))
		scores, err := book.Scores(t.Context(), db, brand)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			person  int64
			members []int64
			want    *Row
		}{
			{8, []int64{3, 5, 8}, &rows[2]},
			{4, []int64{4, 5, 8}, &rows[1]},
			{9, []int64{7, 9}, nil},
		} {
			got, err := Find(t.Context(), db, brand, 1, c.person, c.members)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%d: %v %s", c.person, err, diff)
			}
			if score, ok := scores.Of(c.person, c.members); ok != (c.want != nil) || ok && score != m.Score(c.want) {
				t.Errorf("%d: got %v, %v", c.person, score, ok)
			}
		}
	})
}

// Whatever is done to the table behind the service's back is found.
func TestVerify(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		migrate(t, db)
		book := NewBook()
		for id := range int64(4) {
			keep(t, db, book, id+1, []Row{{1, 1, 1, 1}, {2, 2, 2, 2}})
		}
		if list := drifts(t, db); list != nil {
			t.Error(list)
		}
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for run, body := range map[int64][]byte{1: pack([]Row{{1, 1, 1, 1}}), 2: pack([]Row{{1, 1, 1, 1}, {2, 2, 2, 3}}), 3: {9}} {
				if _, err := tx.Exec(t.Context(), "UPDATE rfm_block SET body = $3 WHERE brand = $1 AND run = $2", brand, run, body); err != nil {
					return err
				}
			}
			return Save(t.Context(), tx, brand, 9, []Row{{1, 1, 1, 1}})
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"1: other persons than the fact says", "2: other cuts than the fact says",
			"3: read RFM run 3: block of an RFM run cannot be read", "9: rows of a run that no fact tells of"}
		if diff := cmp.Diff(want, drifts(t, db)); diff != "" {
			t.Error(diff)
		}
	})
}
