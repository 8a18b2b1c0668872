package value

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

const brand = "shop"

// stock gives every third number up to n a purchase or two; a number that has any
// bought for its own number, on a day that tells it too.
func stock(t testing.TB, db *sqldb.DB, n int64) {
	t.Helper()
	if err := purchase.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	var id, count, spent []int64
	var first, last []int32
	var packed [][]byte
	for i := int64(3); i <= n; i += 3 {
		h := &purchase.History{}
		h.Add(&purchase.Purchase{Day: calendar.Day(i % 1000), Amount: i})
		if i%2 == 0 {
			h.Add(&purchase.Purchase{Day: 2000, Amount: 1})
		}
		f := h.Facts()
		id, count, spent = append(id, i), append(count, f.Purchases), append(spent, f.Spent)
		first, last, packed = append(first, int32(f.First)), append(last, int32(f.Last)), append(packed, h.Pack())
	}
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Insert(t.Context(), sqldb.Insert{Into: "purchase", Args: []any{brand}, Columns: []sqldb.Column{
			{Name: "brand", Expr: "$1"}, {Name: "customer", Data: id}, {Name: "first_day", Data: first}, {Name: "last_day", Data: last},
			{Name: "purchases", Data: count}, {Name: "returns", Expr: "0"}, {Name: "spent", Data: spent}, {Name: "returned", Expr: "0"},
			{Name: "history", Data: packed},
		}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A walk finds every person once, with all that its numbers bought wherever they lie,
// whether it is for everybody or for a few.
func TestWalkFindsEachPersonOnce(t *testing.T) {
	const n = 20_000
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		stock(t, db, n)
		r := rand.New(rand.NewPCG(4, 1))
		book := people.NewBook()
		for seq := range int64(500) {
			from, into := 1+r.Int64N(n), 1+r.Int64N(n)
			if book.Now().Person(from) == from && book.Now().Person(into) != from {
				book.Apply(&segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_MERGED, Id: from, IntoId: into, Seq: seq + 1})
			}
		}
		few := roaring64.New()
		for range 60 {
			few.Add(1 + r.Uint64N(n))
		}
		few.AddRange(9000, 12_000)
		w := &Walk{Brand: brand, DB: db, People: book.Now(), Last: n}
		for _, numbers := range []*roaring64.Bitmap{nil, few, roaring64.New()} {
			want, got := map[int64]Bought{}, map[int64]Bought{}
			asked := map[int64]bool{}
			for id := int64(1); id <= n; id++ {
				if numbers == nil || numbers.Contains(uint64(id)) {
					asked[w.People.Person(id)] = true
				}
			}
			for id := int64(1); id <= n; id++ {
				if person := w.People.Person(id); asked[person] {
					want[person] = with(want[person], id)
				}
			}
			var mu sync.Mutex
			err := w.Each(t.Context(), numbers, func(run []Person) error {
				mu.Lock()
				defer mu.Unlock()
				for _, p := range run {
					if _, twice := got[p.ID]; twice {
						t.Errorf("%d came twice", p.ID)
					}
					got[p.ID] = Of(p.History, calendar.Days{From: 0, Until: 3000})
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// with is what a person bought and one of its numbers more.
func with(b Bought, id int64) Bought {
	if id%3 != 0 {
		return b
	}
	first, day, last := b.Purchases == 0, calendar.Day(id%1000), calendar.Day(id%1000)
	if b.Purchases++; id%2 == 0 {
		b.Purchases++
		b.Spent++
		last = 2000
	}
	b.Spent += id
	if first {
		b.First = day
	}
	b.First, b.Last = min(b.First, day), max(b.Last, last)
	return b
}
