package few

import (
	"math/rand/v2"
	"testing"
)

func TestFew(t *testing.T) {
	for n, want := range map[int64]bool{0: false, 1: true, 4: true, 5: false} {
		if Few(n) != want {
			t.Errorf("%d: %v", n, !want)
		}
	}
}

// Whatever the table, a line's hidden cells are none, several that are not few together,
// or all that have anything.
func TestNothingBySubtraction(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		rows, columns := 1+rnd.IntN(5), 1+rnd.IntN(5)
		lines := make([][]*Cell, rows+columns)
		for y := range rows {
			for x := range columns {
				c := &Cell{N: rnd.Int64N(12)}
				Hide(c)
				lines[y], lines[rows+x] = append(lines[y], c), append(lines[rows+x], c)
			}
		}
		Settle(lines)
		for _, line := range lines {
			hidden, sum, shown := 0, int64(0), int64(0)
			for _, c := range line {
				switch {
				case c.Hidden:
					hidden, sum = hidden+1, sum+c.N
				case Few(c.N):
					t.Fatalf("a cell of %d is shown", c.N)
				default:
					shown += c.N
				}
			}
			if hidden > 0 && shown > 0 && (hidden < 2 || sum < Least) {
				t.Fatalf("%d hidden cells of %d beside %d shown", hidden, sum, shown)
			}
		}
	}
}
