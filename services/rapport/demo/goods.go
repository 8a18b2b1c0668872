package demo

import (
	"math/rand/v2"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// categories are what the chain sells: how often it is taken and what a piece
// costs, in the currency's smallest unit.
var categories = []struct {
	id     string
	weight float64
	price  int64
}{
	{"bread", 9, 62_00}, {"dairy", 10, 118_00}, {"vegetables", 8, 146_00}, {"fruit", 7, 172_00}, {"meat", 6, 489_00},
	{"fish", 3, 612_00}, {"sausage", 4, 338_00}, {"cheese", 4, 297_00}, {"eggs", 4, 119_00}, {"grocery", 7, 104_00},
	{"sweets", 6, 158_00}, {"drinks", 7, 97_00}, {"coffee_tea", 3, 412_00}, {"ready_meals", 4, 239_00}, {"frozen", 4, 264_00},
	{"household", 3, 221_00}, {"cosmetics", 2, 354_00}, {"baby", 2, 587_00}, {"pets", 2, 183_00}, {"kitchenware", 1, 896_00},
}

var categorySums = func() []float64 {
	weights := make([]float64, len(categories))
	for i, c := range categories {
		weights[i] = c.weight
	}
	return running(weights)
}()

// piece is one in the thousandths that quantities are given in.
const piece = 1000

// basket fills a receipt: a few things by oneself at noon, more with the family in
// the evening, and a car full at the end of the week.
func (w *World) basket(c *rand.Rand, e *experience) (lines []*journeyv1.Line, party int32) {
	n, pieces := 1+c.IntN(4), 1+c.IntN(2)
	party = 1
	switch hour, day := e.at.Hour(), e.at.Weekday(); {
	case (day == time.Friday || day == time.Saturday || day == time.Sunday) && c.Float64() < 0.22:
		n, pieces, party = 4+c.IntN(4), 5+c.IntN(3), int32(1+c.IntN(4))
	case hour >= 17 && c.Float64() < 0.35:
		n, party = 4+c.IntN(3), int32(2+c.IntN(3))
		pieces = 2
	case hour < 16 && hour >= 11:
		n, pieces = 1+c.IntN(3), 1
	}
	if e.channel.ordered() {
		party = 0 // nobody sees how many there are
	}
	for range n {
		lines = append(lines, w.line(c, pieces))
	}
	return lines, party
}

func (w *World) line(c *rand.Rand, pieces int) *journeyv1.Line {
	g := &categories[pick(categorySums, c.Float64())]
	price := int64(float64(g.price)*(0.7+0.6*c.Float64())) / 100 * 100
	return &journeyv1.Line{
		Category: g.id, Sku: g.id + "-" + string(rune('a'+c.IntN(6))), QuantityMilli: int64(pieces) * piece,
		Amount: &commonv1.Money{Currency: w.opts.Currency, MinorUnits: price * int64(pieces)},
	}
}
