package segmentation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// populated has n customers with a city and three purchases each.
func populated(b *testing.B, url string, n int64) *replica {
	b.Helper()
	r := newReplica(b, url, "", time.Now)
	declare(b, r, append(extra(), city)...)
	var some []*segmentationv1.Customer
	for id := int64(1); id <= n; id++ {
		some = append(some, &segmentationv1.Customer{Identities: []*commonv1.Identity{card(fmt.Sprint("card-", id))}, Attributes: described(id)})
		if len(some) == 1000 || id == n {
			upsert(b, r, false, some...)
			some = nil
		}
	}
	today := moscow.DayOf(time.Now())
	db := sqldbtest.Open(b, url)
	err := db.Write(b.Context(), func(tx *sqldb.Tx) error {
		var id, count, zero, spent []int64
		var first, last []int32
		var packed [][]byte
		for i := range n {
			h := &purchase.History{}
			for k := range int64(3) {
				h.Add(&purchase.Purchase{Day: today - calendar.Day(10+k*30), Amount: 100 * (k + i%7)})
			}
			f := h.Facts()
			id, count, zero, spent = append(id, i+1), append(count, f.Purchases), append(zero, 0), append(spent, f.Spent)
			first, last, packed = append(first, int32(f.First)), append(last, int32(f.Last)), append(packed, h.Pack())
		}
		_, err := tx.Insert(b.Context(), sqldb.Insert{Into: "purchase", Args: []any{brand}, Columns: []sqldb.Column{
			{Name: "brand", Expr: "$1"}, {Name: "customer", Data: id}, {Name: "first_day", Data: first}, {Name: "last_day", Data: last},
			{Name: "purchases", Data: count}, {Name: "returns", Data: zero}, {Name: "spent", Data: spent}, {Name: "returned", Data: zero},
			{Name: "history", Data: packed},
		}})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// extra are attributes that no rule here reads, as most are.
func extra() (all []*segmentationv1.Attribute) {
	for _, name := range []string{"children", "problem", "price", "speed", "age"} {
		all = append(all, &segmentationv1.Attribute{Name: name, Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER})
	}
	return all
}

// described is what is written down of a customer: a city, and numbers.
func described(id int64) map[string]*segmentationv1.AttributeValue {
	all := attribute([]string{"Omsk", "Tver", "Perm"}[id%3])
	for i, a := range extra() {
		all[a.GetName()] = &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Number{Number: float64(id % int64(i+2))}}
	}
	return all
}

// BenchmarkSegments is to find the members of a rule over attributes and purchases
// among 50,000 persons, and to ask for one person's 100 segments.
func BenchmarkSegments(b *testing.B) {
	const n = 50_000
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		b.Run(engine.name, func(b *testing.B) {
			r := populated(b, engine.url(b), n)
			b.Run("create", func(b *testing.B) {
				made := 0
				for b.Loop() {
					made++
					createSegment(b, r, expression(fmt.Sprint("s", made, "-", b.N), "attributes.city == 'Omsk' && purchases.spent_90d > 700"))
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(made)/n*1e6/1e6, "s/million")
			})
			for i := range 100 {
				createSegment(b, r, listOf(fmt.Sprint("list", i), 1, int64(i)+2))
			}
			b.Run("memberships", func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					began := time.Now()
					if _, err := r.GetMemberships(b.Context(), &segmentationv1.GetMembershipsRequest{Brand: brand, CustomerId: 1}); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			})
		})
	}
}

// BenchmarkEvaluate is how long it takes until 1,000 changed customers are where they
// belong in 500 segments, most of which read something else.
func BenchmarkEvaluate(b *testing.B) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		b.Run(engine.name, func(b *testing.B) {
			url := engine.url(b)
			r := populated(b, url, 10_000)
			for i := range 500 {
				text := fmt.Sprintf("purchases.spent_90d > %d && purchases.count_30d < 5", i)
				if i%5 == 0 {
					text = fmt.Sprintf("attributes.city == 'Omsk' && purchases.spent_90d > %d", i)
				}
				createSegment(b, r, expression(fmt.Sprint("s", i), text))
			}
			w := newWatcher(b, url, &clock{now: time.Now()})
			w.settled(b)
			n := 0
			for b.Loop() {
				n++
				var some []*segmentationv1.Customer
				for i := range int64(1000) {
					some = append(some, &segmentationv1.Customer{Id: 1 + i*7, Attributes: attribute([]string{"Omsk", "Perm"}[n%2])})
				}
				upsert(b, r, false, some...)
				w.settled(b)
			}
			b.ReportMetric(float64(n*1000)/b.Elapsed().Seconds(), "customers/s")
		})
	}
}
