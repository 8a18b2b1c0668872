package standing

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
)

const brand = "demo"

// Whatever was saved already, of whichever parts, a person is read as all facts say; and
// what was saved is never more than they say.
func TestReadAddsWhatWasNotSaved(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		log := laid(t, db)
		r := rand.New(rand.NewPCG(8, 8))
		facts, records := past(r, 400)
		all, persons := &sums{}, [][]int64{{1}, {901}, {1801}, {2701}, {1, 2701}, {901, 1801}, {5}}
		tail := Tail{enough: 3}
		for from := 0; from < len(facts); from += 20 {
			some, say := facts[from:from+20], records[from:from+20]
			write(t, log, some, say)
			for i := range some {
				all.add(&facts[from+i], say[i], func(seq int64) (*feed.Fact, *loyaltyv1.EntryRecord) { return &facts[seq-1], records[seq-1] })
			}
			if r.IntN(5) > 0 {
				tail.Note(some, say)
			}
			bringUp(t, r, db, log, &tail)
			for _, numbers := range persons {
				check(t, db, all, numbers)
			}
			verify(t, db)
		}
	})
}

// write appends facts, which get the numbers they have.
func write(t *testing.T, log *feed.Log, facts []feed.Fact, records []*loyaltyv1.EntryRecord) {
	t.Helper()
	for i := range facts {
		body, err := proto.Marshal(records[i])
		if err != nil {
			t.Fatal(err)
		}
		facts[i].Body = body
	}
	_, head, err := log.Append(t.Context(), brand, facts, time.Now())
	if err != nil || head.Seq != facts[len(facts)-1].Seq {
		t.Fatal(head, err)
	}
	for i := range facts {
		facts[i].CommitID = head.CommitID
	}
}

// bringUp brings the tables up in one of the ways there are, or not at all.
func bringUp(t *testing.T, r *rand.Rand, db *sqldb.DB, log *feed.Log, tail *Tail) {
	t.Helper()
	var err error
	switch r.IntN(4) {
	case 0:
		err = db.Write(t.Context(), func(tx *sqldb.Tx) error { return Catch(t.Context(), tx, brand) })
	case 1, 2:
		tail.age(r)
		_, err = advance(t.Context(), db, log, tail, brand)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, db *sqldb.DB, all *sums, numbers []int64) {
	t.Helper()
	var got *Person
	err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		got, err = Read(t.Context(), tx, brand, "club", numbers)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all.person("club", numbers), got, cmp.AllowUnexported(Person{})); diff != "" {
		t.Fatal(numbers, diff)
	}
}

func verify(t *testing.T, db *sqldb.DB) {
	t.Helper()
	if _, err := Verify(t.Context(), db, brand, func(customer int64, reason string) { t.Errorf("%d: %s", customer, reason) }); err != nil || t.Failed() {
		t.Fatal(err)
	}
}

// laid lays the tables out.
func laid(t *testing.T, db *sqldb.DB) *feed.Log {
	t.Helper()
	for _, migrate := range []func(context.Context, *sqldb.DB) error{feed.Migrate, ledger.Migrate, Migrate} {
		if err := migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	return feed.New(db)
}

// Near leaves little to who must catch up, however much there is, and nothing is counted
// twice.
func TestNearLeavesLittle(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		log, r := laid(t, db), rand.New(rand.NewPCG(3, 8))
		facts, records := past(r, 2*batch+500)
		all, from := &sums{}, 0
		for _, until := range []int{few / 2, 2 * few, len(facts)} {
			write(t, log, facts[from:until], records[from:until])
			for i := from; i < until; i++ {
				all.add(&facts[i], records[i], func(seq int64) (*feed.Fact, *loyaltyv1.EntryRecord) { return &facts[seq-1], records[seq-1] })
			}
			from = until
			if err := Near(t.Context(), db, brand); err != nil {
				t.Fatal(err)
			}
			if saved, err := readHeads(t.Context(), db, brand); err != nil || saved.least() <= int64(until-few) {
				t.Errorf("%d of %d saved (%v)", saved.least(), until, err)
			}
			for _, numbers := range [][]int64{{1}, {901}, {1, 2701}, {5}} {
				check(t, db, all, numbers)
			}
			verify(t, db)
		}
	})
}
