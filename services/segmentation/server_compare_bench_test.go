package segmentation_test

import (
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// crowd puts n customers with some purchases each straight into the tables, as though
// they had come a year ago.
func crowd(b *testing.B, url string, n int64) {
	b.Helper()
	day, at := moscow.DayOf(start), start.AddDate(-1, 0, 0).UnixMicro()
	names := []string{"lunch.solo", "dinner.family", "stock_up.weekly"}
	db := sqldbtest.Open(b, url)
	err := db.Write(b.Context(), func(tx *sqldb.Tx) error {
		var id, count, spent []int64
		var first, last []int32
		var packed [][]byte
		for i := range n {
			h := &purchase.History{}
			for k := range 1 + i%7 {
				h.Add(&purchase.Purchase{Day: day - calendar.Day((i*31+k*97)%700), Amount: 100 * (k + i%7), Traits: []purchase.Trait{
					{Kind: purchase.Category, Name: "food"}, {Kind: purchase.Occasion, Name: names[(i+k)%3]}}})
			}
			f := h.Facts()
			id, count, spent = append(id, i+1), append(count, f.Purchases), append(spent, f.Spent)
			first, last, packed = append(first, int32(f.First)), append(last, int32(f.Last)), append(packed, h.Pack())
		}
		if _, err := tx.Exec(b.Context(), "INSERT INTO customer_head (brand, last_id) VALUES ($1, $2)", brand, n); err != nil {
			return err
		}
		_, err := tx.Insert(b.Context(), sqldb.Insert{Into: "customer", Args: []any{brand, at}, Columns: []sqldb.Column{
			{Name: "brand", Expr: "$1"}, {Name: "id", Data: id}, {Name: "created_at", Expr: "CAST($2 AS BIGINT)"},
			{Name: "updated_at", Expr: "CAST($2 AS BIGINT)"}, {Name: "into_id", Expr: "0"}, {Name: "erased", Expr: "0"}, {Name: "profile_key", Expr: "0"},
		}})
		if err != nil {
			return err
		}
		_, err = tx.Insert(b.Context(), sqldb.Insert{Into: "purchase", Args: []any{brand}, Columns: []sqldb.Column{
			{Name: "brand", Expr: "$1"}, {Name: "customer", Data: id}, {Name: "first_day", Data: first}, {Name: "last_day", Data: last},
			{Name: "purchases", Data: count}, {Name: "returns", Expr: "0"}, {Name: "spent", Data: spent}, {Name: "returned", Expr: "0"},
			{Name: "history", Data: packed},
		}})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCompare is one call about 100,000 persons.
func BenchmarkCompare(b *testing.B) {
	const n = 100_000
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		b.Run(engine.name, func(b *testing.B) {
			url, c := engine.url(b), &clock{now: start}
			r := newReplica(b, url, "", c.Now)
			crowd(b, url, n)
			createSegment(b, r, expression("often", "purchases.count_90d >= 2"))
			createSegment(b, r, expression("sleeping", "purchases.days_since_last > 90"))
			c.Add(24 * time.Hour)
			from := moscow.DayOf(start).String()
			moves := func(q *segmentationv1.MigrationQuery) func() error {
				q.From = from
				return func() error {
					_, err := r.CompareSegments(b.Context(), &segmentationv1.CompareSegmentsRequest{Brand: brand,
						Comparison: &segmentationv1.CompareSegmentsRequest_Migration{Migration: q}})
					return err
				}
			}
			for _, one := range []struct {
				name string
				call func() error
			}{
				{"segments", moves(&segmentationv1.MigrationQuery{States: &segmentationv1.MigrationQuery_Segments{
					Segments: &segmentationv1.SegmentStates{SegmentIds: []string{"often", "sleeping"}}}})},
				{"rfm", moves(&segmentationv1.MigrationQuery{States: &segmentationv1.MigrationQuery_Rfm{Rfm: &segmentationv1.RfmStates{}}})},
				{"occasions", moves(&segmentationv1.MigrationQuery{States: &segmentationv1.MigrationQuery_Occasions{
					Occasions: &segmentationv1.OccasionStates{Days: 1}}})},
				{"overlap", func() error {
					_, err := r.CompareSegments(b.Context(), &segmentationv1.CompareSegmentsRequest{Brand: brand,
						Comparison: &segmentationv1.CompareSegmentsRequest_Overlap{Overlap: &segmentationv1.OverlapQuery{SegmentIds: []string{"often", "sleeping"}}}})
					return err
				}},
				{"value", func() error {
					_, err := r.GetSegmentValue(b.Context(), &segmentationv1.GetSegmentValueRequest{Brand: brand, Grain: commonv1.Grain_GRAIN_DAY})
					return err
				}},
			} {
				b.Run(one.name, func(b *testing.B) {
					for b.Loop() {
						if err := one.call(); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/n*1e6, "s/million")
				})
			}
		})
	}
}
