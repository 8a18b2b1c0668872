package rfm

import segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"

// cells is how many there are: five by five by five.
const cells = 125

// cell numbers scores from 0, in the order of recency, frequency and monetary value.
func (s Score) cell() int {
	return int(s.Recency-1)*25 + int(s.Frequency-1)*5 + int(s.Monetary-1)
}

func scoreOf(cell int) Score {
	return Score{uint8(cell/25) + 1, uint8(cell/5%5) + 1, uint8(cell%5) + 1}
}

// Grid counts rows by cell.
type Grid struct {
	measure Measure
	cells   [cells]segmentationv1.RfmCell
}

// NewGrid is an empty grid with a run's cuts.
func NewGrid(m Measure) *Grid {
	g := &Grid{measure: m}
	for i := range g.cells {
		s, c := scoreOf(i), &g.cells[i]
		c.Recency, c.Frequency, c.Monetary = int32(s.Recency), int32(s.Frequency), int32(s.Monetary)
	}
	return g
}

// Add counts a row in.
func (g *Grid) Add(r *Row) {
	c := &g.cells[g.measure.Score(r).cell()]
	c.Persons++
	c.Purchases += r.Purchases
	c.Spent += r.Spent
}

// Cells are those with anybody in them, in order.
func (g *Grid) Cells() (all []*segmentationv1.RfmCell) {
	for i := range g.cells {
		if c := &g.cells[i]; c.Persons > 0 {
			all = append(all, c)
		}
	}
	return all
}
