package rfm

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// BenchmarkMeasure cuts a million persons.
func BenchmarkMeasure(b *testing.B) {
	rows := randomRows(rand.New(rand.NewPCG(1, 1)), 1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		MeasureOf(rows)
	}
}

// fill gives so many customers a row in the table of purchases.
func fill(b *testing.B, db *sqldb.DB, n int) {
	b.Helper()
	if err := purchase.Migrate(b.Context(), db); err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var id, spent []int64
	var last []int32
	for i := range n {
		id, spent, last = append(id, int64(i+1)), append(spent, r.Int64N(1e6)), append(last, int32(20_000-r.IntN(400)))
	}
	err := db.Write(b.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Insert(b.Context(), sqldb.Insert{Into: "purchase", Args: []any{brand, []byte{1}}, Columns: []sqldb.Column{
			{Name: "brand", Expr: "$1"}, {Name: "customer", Data: id}, {Name: "first_day", Data: last}, {Name: "last_day", Data: last},
			{Name: "purchases", Expr: "1"}, {Name: "returns", Expr: "0"}, {Name: "spent", Data: spent}, {Name: "returned", Expr: "0"}, {Name: "history", Expr: "$2"},
		}})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRun reads, cuts and keeps 200,000 persons. ms-locked is for how long the
// log is locked.
func BenchmarkRun(b *testing.B) {
	const n = 200_000
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		b.Run(engine.name, func(b *testing.B) {
			db := sqldbtest.Open(b, engine.url(b))
			if err := Migrate(b.Context(), db); err != nil {
				b.Fatal(err)
			}
			fill(b, db, n)
			run, locked := int64(0), time.Duration(0)
			for b.Loop() {
				rows, err := Gather(b.Context(), db, brand, people.NewBook().Now(), math.MinInt32, 20_000)
				if err != nil || len(rows) != n {
					b.Fatal(len(rows), err)
				}
				MeasureOf(rows)
				run++
				begun := time.Now()
				err = db.Write(b.Context(), func(tx *sqldb.Tx) error { return Save(b.Context(), tx, brand, run, rows) })
				if err != nil {
					b.Fatal(err)
				}
				locked += time.Since(begun)
			}
			b.ReportMetric(float64(locked.Milliseconds())/float64(b.N), "ms-locked")
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "persons/s")
		})
	}
}
