package value

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// randomHistory has purchases and returns on some of 200 days; nil: nothing.
func randomHistory(r *rand.Rand) *purchase.History {
	if r.IntN(8) == 0 {
		return nil
	}
	h := &purchase.History{}
	for range r.IntN(12) {
		h.Add(&purchase.Purchase{Day: calendar.Day(r.IntN(200)), Amount: r.Int64N(1000), Return: r.IntN(4) == 0})
	}
	return h
}

func randomPeriods(r *rand.Rand) (over []calendar.Days) {
	from := calendar.Day(r.IntN(150))
	for range 1 + r.IntN(8) {
		until := from + 1 + calendar.Day(r.IntN(20))
		over = append(over, calendar.Days{From: from, Until: until})
		from = until
	}
	return over
}

// naive is one period counted by itself.
func naive(all []*purchase.History, over calendar.Days, active int) (g Group, who Period) {
	for _, h := range all {
		g.Add(Of(h, over))
		var days []calendar.Day
		if h != nil {
			for _, d := range h.All() {
				if d.Purchases > 0 {
					days = append(days, d.Day)
				}
			}
		}
		who.Add(days, over, active)
	}
	return g, who
}

// Periods counted together, by parts of the persons, are what each by itself is.
func TestPeriodsAreEachPeriod(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for range 2000 {
		over, active := randomPeriods(r), 1+r.IntN(60)
		all := make([]*purchase.History, r.IntN(12))
		some, others := NewPeriods(over, active), NewPeriods(over, active)
		for i := range all {
			all[i] = randomHistory(r)
			[]*Periods{some, others}[r.IntN(2)].Add(all[i])
		}
		some.Plus(others)
		at := 0
		some.Each(func(days calendar.Days, g Group, who Period) {
			wantGroup, wantWho := naive(all, over[at], active)
			if diff := cmp.Diff(wantGroup, g) + cmp.Diff(wantWho, who); diff != "" || days != over[at] {
				t.Fatalf("period %d of %v, active for %d: %s", at, over, active, diff)
			}
			at++
		})
		if at != len(over) {
			t.Fatalf("%d periods of %d", at, len(over))
		}
	}
}

// In whatever order persons come, and however they are dealt out, a group is the same.
func TestGroupsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 6))
	days := calendar.Days{From: 50, Until: 120}
	for range 200 {
		all := make([]Bought, r.IntN(20))
		for i := range all {
			all[i] = Of(randomHistory(r), days)
		}
		var whole, one, other Group
		for _, b := range all {
			whole.Add(b)
		}
		slices.Reverse(all)
		for i, b := range all {
			[]*Group{&one, &other}[i%2].Add(b)
		}
		if one.Plus(&other); one != whole {
			t.Fatalf("%+v, %+v", one, whole)
		}
	}
}

func TestGroupValue(t *testing.T) {
	year := calendar.Days{From: 0, Until: 365}
	var g Group
	g.Add(Bought{Purchases: 2, Spent: 300, First: 0, Last: 365*3 + 365})
	g.Add(Bought{Purchases: 4, Spent: 300, First: 10, Last: 10})
	g.Add(Bought{})
	v := g.Value(year)
	often := 3 / (365 / 365.25)
	length := float64(365*4+1+1) / 2 / 365.25
	for what, c := range map[string]struct{ got, want float64 }{
		"check": {v.GetAverageCheck(), 100}, "often": {v.GetPurchasesPerYear(), often},
		"length": {v.GetRelationshipYears(), length}, "lifetime": {v.GetLifetime(), 100 * often * length},
		"persons": {float64(v.GetPersons()), 3}, "buyers": {float64(v.GetBuyers()), 2},
	} {
		if diff := c.got - c.want; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
	none := (&Group{Persons: 7}).Value(year)
	if none.AverageCheck != nil || none.PurchasesPerYear != nil || none.RelationshipYears != nil || none.Lifetime != nil {
		t.Errorf("of nothing: %v", none)
	}
}
