package trial

import (
	"math/big"
	"math/bits"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// Tally is what a group of persons bought in some days, those who bought nothing
// included. It holds whole numbers alone, so that in whatever order persons come it
// says the same.
type Tally struct {
	Persons, Buyers  int64
	spent, purchases moments
}

// Add counts a person in, given what all its numbers bought; nil: nothing.
func (t *Tally) Add(h *purchase.History, days calendar.Days) {
	t.Persons++
	if h == nil {
		return
	}
	var sum purchase.Sums
	for _, d := range h.Days(days) {
		sum.Spent += d.Spent - d.Returned
		sum.Purchases += d.Purchases
	}
	if sum.Purchases > 0 {
		t.Buyers++
	}
	t.spent.add(sum.Spent)
	t.purchases.add(sum.Purchases)
}

// Plus counts the persons of another tally in, who are none of this one.
func (t *Tally) Plus(o *Tally) {
	t.Persons += o.Persons
	t.Buyers += o.Buyers
	t.spent.plus(&o.spent)
	t.purchases.plus(&o.purchases)
}

// Sample is a measure of the group.
func (t *Tally) Sample(m segmentationv1.PurchaseMeasure) Sample {
	switch {
	case m == segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_BUYERS:
		return OfShare(t.Buyers, t.Persons)
	case m == segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_COUNT:
		return t.purchases.sample(t.Persons)
	}
	return t.spent.sample(t.Persons)
}

// moments are Σx and Σx²; the squares of money need more than 64 bits.
type moments struct {
	sum       int64
	high, low uint64
}

func (m *moments) add(x int64) {
	m.sum += x
	size := uint64(x)
	if x < 0 {
		size = -size
	}
	high, low := bits.Mul64(size, size)
	m.square(high, low)
}

func (m *moments) plus(o *moments) {
	m.sum += o.sum
	m.square(o.high, o.low)
}

func (m *moments) square(high, low uint64) {
	var carry uint64
	m.low, carry = bits.Add64(m.low, low, 0)
	m.high, _ = bits.Add64(m.high, high, carry)
}

// sample is the mean of n, and (n·Σx² − (Σx)²)/n(n − 1) as variance: what is taken from
// each other is exact, however near.
func (m *moments) sample(n int64) Sample {
	out := Sample{N: n, known: true}
	if n == 0 {
		return out
	}
	if out.Value = float64(m.sum) / float64(n); n < 2 {
		return out
	}
	squares := new(big.Int).SetUint64(m.high)
	squares.Lsh(squares, 64).Add(squares, new(big.Int).SetUint64(m.low))
	squares.Mul(squares, big.NewInt(n))
	sum := big.NewInt(m.sum)
	away, _ := new(big.Float).SetInt(squares.Sub(squares, sum.Mul(sum, sum))).Float64()
	out.variance = away / float64(n) / float64(n-1)
	return out
}
