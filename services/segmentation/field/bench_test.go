package field_test

import (
	"math/rand/v2"
	"testing"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// regular bought on 100 days of the last two years.
func regular() *field.Person {
	r := rand.New(rand.NewPCG(9, 9))
	var all []purchase.Purchase
	for range 100 {
		all = append(all, purchase.Purchase{Day: today - calendar.Day(r.IntN(730)), Amount: 100, Traits: []purchase.Trait{{Kind: purchase.Category, Name: string(rune('a' + r.IntN(20)))}}})
	}
	return person(all)
}

func BenchmarkWindows(b *testing.B) {
	p, count, spent := regular(), catalogue.Get("purchases.count_30d"), catalogue.Get("purchases.spent_365d")
	v := catalogue.Values(p, today)
	b.ReportAllocs()
	for b.Loop() {
		v.Reset(p, today)
		if v.Integer(count)+v.Integer(spent) < 0 {
			b.Fatal("negative")
		}
	}
}

func BenchmarkNextChange(b *testing.B) {
	p := regular()
	w := field.WatchOf(catalogue.Get("purchases.count_30d")).Or(field.WatchOf(catalogue.Get("purchases.weeks_in_row"))).Or(field.WatchAge(catalogue.Get("purchases.days_since_last"), 30, 60, 90))
	b.ReportAllocs()
	for b.Loop() {
		if w.Next(p, today) <= today {
			b.Fatal("not later")
		}
	}
}
