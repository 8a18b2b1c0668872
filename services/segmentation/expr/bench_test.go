package expr_test

import (
	"testing"

	"github.com/rapport-cx/rapport/services/segmentation/expr"
)

const threeFields = "purchases.count_30d >= 1 && attributes.city == 'Omsk' && purchases.days_since_last < 30"

func BenchmarkHolds(b *testing.B) {
	r := compile(b, threeFields)
	p := guest()
	v := catalogue.Values(p, today)
	b.ReportAllocs()
	for b.Loop() {
		v.Reset(p, today)
		if !r.Holds(v) {
			b.Fatal("does not hold")
		}
	}
}

func BenchmarkHoldsOfLists(b *testing.B) {
	r := compile(b, "'toys' in purchases.categories_30d && category_weeks('toys') >= 1 && attributes.city in ['Omsk', 'Tomsk']")
	p := guest()
	v := catalogue.Values(p, today)
	b.ReportAllocs()
	for b.Loop() {
		v.Reset(p, today)
		if !r.Holds(v) {
			b.Fatal("does not hold")
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := expr.Compile(catalogue, threeFields); err != nil {
			b.Fatal(err)
		}
	}
}
