package value

import (
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// Bought is what one person bought in some days, and on which days it bought first
// and last ever. Without a purchase in the days it is zero.
type Bought struct {
	Purchases, Spent int64
	First, Last      calendar.Day
}

// Of is what a history has in some days; nil is that of somebody who bought nothing.
func Of(h *purchase.History, within calendar.Days) (b Bought) {
	if h == nil {
		return b
	}
	ever := false
	for i, all := 0, h.All(); i < len(all); i++ {
		d := &all[i]
		if d.Purchases == 0 {
			continue
		}
		if !ever {
			b.First, ever = d.Day, true
		}
		if b.Last = d.Day; within.Has(d.Day) {
			b.Purchases += d.Purchases
			b.Spent += d.Spent
		}
	}
	if b.Purchases == 0 {
		return Bought{}
	}
	return b
}

// Group sums persons up. It holds whole numbers alone, so that in whatever order
// persons come it says the same.
type Group struct {
	Persons, Buyers, Purchases, Spent int64
	// Related are the days between the first and the last purchase of all buyers, both
	// ends included.
	Related int64
}

// Add counts a person in.
func (g *Group) Add(b Bought) {
	if g.Persons++; b.Purchases == 0 {
		return
	}
	g.Buyers++
	g.Purchases += b.Purchases
	g.Spent += b.Spent
	g.Related += related(b.First, b.Last)
}

func related(first, last calendar.Day) int64 {
	return int64(calendar.Days{From: first, Until: last + 1}.Len())
}

// Plus counts the persons of another group in, who are none of this one.
func (g *Group) Plus(o *Group) {
	g.Persons += o.Persons
	g.Buyers += o.Buyers
	g.Purchases += o.Purchases
	g.Spent += o.Spent
	g.Related += o.Related
}

// minus takes out what was counted in by Plus.
func (g *Group) minus(o *Group) {
	g.Persons -= o.Persons
	g.Buyers -= o.Buyers
	g.Purchases -= o.Purchases
	g.Spent -= o.Spent
	g.Related -= o.Related
}

// Value is what a group bought in so many days is worth.
func (g *Group) Value(days calendar.Days) *segmentationv1.GroupValue {
	out := &segmentationv1.GroupValue{Persons: g.Persons, Buyers: g.Buyers, Purchases: g.Purchases, Spent: g.Spent}
	check, ok := AverageCheck(g.Spent, g.Purchases)
	if ok {
		out.AverageCheck = &check
	}
	often, ok := Frequency(g.Purchases, g.Buyers, Years(days))
	if !ok {
		return out
	}
	// The mean of Relationship over the buyers.
	length := float64(g.Related) / float64(g.Buyers) / daysPerYear
	lifetime := Lifetime(check, often, length)
	out.PurchasesPerYear, out.RelationshipYears, out.Lifetime = &often, &length, &lifetime
	return out
}
