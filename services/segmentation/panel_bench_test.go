package segmentation_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// benchCustomers is how many customers a panel is asked about.
func benchCustomers(b *testing.B) int64 {
	b.Helper()
	text := os.Getenv("RAPPORT_BENCH_CUSTOMERS")
	if text == "" {
		return 20_000
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// audience has n customers with a town, an age, a club and up to nine purchases.
func audience(b *testing.B, url string, n int64) *replica {
	b.Helper()
	r := newReplica(b, url, "", time.Now)
	declare(b, r, city, &segmentationv1.Attribute{Name: "age", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER},
		&segmentationv1.Attribute{Name: "club", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_BOOL})
	var some []*segmentationv1.Customer
	for id := int64(1); id <= n; id++ {
		one := &segmentationv1.Customer{Identities: cards(id), Attributes: map[string]*segmentationv1.AttributeValue{
			"city": textValue(fmt.Sprint("city", id*id%97%30)), "club": {Value: &segmentationv1.AttributeValue_Flag{Flag: id%3 == 0}}}}
		if id%5 != 0 {
			one.Attributes["age"] = &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Number{Number: float64(18 + id*7%60)}}
		}
		if some = append(some, one); len(some) == 1000 || id == n {
			upsert(b, r, false, some...)
			some = nil
		}
	}
	db := sqldbtest.Open(b, url)
	for first := int64(1); first <= n; first += 50_000 {
		if err := db.Write(b.Context(), func(tx *sqldb.Tx) error { return bought(b, tx, first, min(n, first+49_999)) }); err != nil {
			b.Fatal(err)
		}
	}
	return r
}

// bought puts purchases straight into their table.
func bought(b *testing.B, tx *sqldb.Tx, from, to int64) error {
	today := moscow.DayOf(time.Now())
	var id, count, spent []int64
	var first, last []int32
	var packed [][]byte
	for i := from; i <= to; i++ {
		h := &purchase.History{}
		for k := range i % 10 {
			h.Add(&purchase.Purchase{Day: today - calendar.Day((i*31+k*97)%700), Amount: 100*(k+i%7) + i%100, Traits: []purchase.Trait{
				{Kind: purchase.Category, Name: fmt.Sprint("category", (i+k*k)%20)}, {Kind: purchase.Channel, Name: []string{"WEB", "STORE"}[(i+k)%2]}}})
		}
		if h.Empty() {
			continue
		}
		f := h.Facts()
		id, count, spent = append(id, i), append(count, f.Purchases), append(spent, f.Spent)
		first, last, packed = append(first, int32(f.First)), append(last, int32(f.Last)), append(packed, h.Pack())
	}
	_, err := tx.Insert(b.Context(), sqldb.Insert{Into: "purchase", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "customer", Data: id}, {Name: "first_day", Data: first}, {Name: "last_day", Data: last},
		{Name: "purchases", Data: count}, {Name: "returns", Expr: "0"}, {Name: "spent", Data: spent}, {Name: "returned", Expr: "0"},
		{Name: "history", Data: packed},
	}})
	return err
}

// BenchmarkPanel is a panel of four filters, one a segment, and six distributions of
// those chosen and of the rest: first, warm, and right after a fact about somebody.
func BenchmarkPanel(b *testing.B) {
	n := benchCustomers(b)
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		b.Run(engine.name, func(b *testing.B) {
			r := audience(b, engine.url(b), n)
			createSegment(b, r, expression("lately", "purchases.count_365d > 0"))
			in := &segmentationv1.QueryPanelRequest{Rest: true, Filters: []*segmentationv1.PanelFilter{
				inSegmentFilter("lately", false), valuesFilter("attributes.city", true, "city1", "city2"),
				valuesFilter("purchases.channels", false, "WEB"), boundsFilter("purchases.spent_365d", false, proto.Float64(300), nil)}}
			for _, name := range []string{"attributes.city", "attributes.age", "attributes.club", "purchases.categories", "purchases.spent", "purchases.days_since_last"} {
				in.Distributions = append(in.Distributions, &segmentationv1.DistributionQuery{Field: name})
			}
			began := time.Now()
			queryPanel(b, r, in)
			first := time.Since(began)
			b.Run("warm", func(b *testing.B) {
				panels(b, r, in, func() {})
				b.ReportMetric(first.Seconds(), "s-first")
			})
			b.Run("facts", func(b *testing.B) {
				k := int64(0)
				panels(b, r, in, func() {
					k++
					upsert(b, r, false, &segmentationv1.Customer{Id: 1 + k*997%n, Attributes: attribute(fmt.Sprint("city", k%30))})
				})
			})
		})
	}
}

// panels asks again and again and reports what it took, without what goes before.
func panels(b *testing.B, r *replica, in *segmentationv1.QueryPanelRequest, before func()) {
	var took []time.Duration
	for b.Loop() {
		before()
		began := time.Now()
		queryPanel(b, r, in)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
