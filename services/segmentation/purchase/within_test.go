package purchase

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// Any run of days is summed as if nothing had been bought on others.
func TestWithin(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db)
		r := rand.New(rand.NewPCG(9, 9))
		var all []Purchase
		var changes []change
		for range 80 {
			p := randomPurchase(r)
			p.Customer, p.Day = 1+r.Int64N(9), calendar.Day(r.IntN(20)-5)
			all = append(all, p)
			changes = append(changes, change{p, false})
		}
		s.write(func(tx *sqldb.Tx) error { return apply(t.Context(), tx, brand, changes) })
		for range 20 {
			days := calendar.Days{From: calendar.Day(r.IntN(25) - 8)}
			days.Until = days.From + calendar.Day(r.IntN(15))
			want, got := map[int64]Facts{}, map[int64]Facts{}
			for _, p := range all {
				if days.Has(p.Day) && !p.Return && !p.Visit {
					one := Facts{Sums: Sums{Purchases: 1, Spent: p.Amount}, First: p.Day, Last: p.Day}
					want[p.Customer] = Join(want[p.Customer], one)
				}
			}
			last := int64(0)
			err := Within(t.Context(), db, brand, days, func(id int64, f Facts) error {
				if id <= last {
					t.Errorf("%d comes after %d", id, last)
				}
				last, got[id] = id, f
				return nil
			})
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Fatalf("%v: %v %s", days, err, diff)
			}
		}
	})
}
