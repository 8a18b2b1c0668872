// Package few keeps answers from telling of few persons: cells of a table that fewer
// than Least gave are hidden, and as many more as keep those from being had by
// subtraction.
//
// Which cells add up to something that may be known is the caller's to say, as lines.
// Settle then makes sure that on every line what is hidden is either nothing, or at least
// two cells that together are not few.
package few

// Least is how many a number of persons must at least be of.
const Least = 5

// Few tells whether something is of few, and of any at all.
func Few(n int64) bool { return n > 0 && n < Least }

// Cell is one number of a table and of how many it is.
type Cell struct {
	N      int64
	Hidden bool
}

// Hide hides cells that are of few.
func Hide(cells ...*Cell) {
	for _, c := range cells {
		c.Hidden = c.Hidden || Few(c.N)
	}
}

// Settle hides more until no line tells what is hidden.
func Settle(lines [][]*Cell) {
	for again := true; again; {
		again = false
		for _, line := range lines {
			again = HideMore(line) || again
		}
	}
}

// HideMore hides the least of a line's shown cells while what is hidden can be told. It
// tells whether it hid any.
func HideMore(line []*Cell) (changed bool) {
	for {
		count, sum := 0, int64(0)
		var least *Cell
		for _, c := range line {
			switch {
			case c.Hidden:
				count, sum = count+1, sum+c.N
			case c.N > 0 && (least == nil || c.N < least.N):
				least = c
			}
		}
		if count == 0 || count > 1 && sum >= Least || least == nil {
			return changed
		}
		least.Hidden, changed = true, true
	}
}
