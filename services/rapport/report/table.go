package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

// grid is a table for a terminal. Widths are counted as a terminal draws them,
// not in bytes or runes.
type grid struct {
	head []string
	// right says which columns are numbers.
	right map[int]bool
	rows  [][]string
}

func newGrid(right []int, head ...string) *grid {
	g := &grid{head: head, right: map[int]bool{}}
	for _, c := range right {
		g.right[c] = true
	}
	return g
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

func (g *grid) write(w io.Writer) error {
	widths := make([]int, len(g.head))
	all := append([][]string{g.head}, g.rows...)
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString("  ")
			gap := strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell))
			if g.right[i] {
				line.WriteString(gap + cell)
			} else {
				line.WriteString(cell + gap)
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// clip shortens text to a width, and puts it on one line.
func clip(text string, width int) string {
	text = strings.Join(strings.Fields(text), " ")
	if uniseg.StringWidth(text) <= width {
		return text
	}
	var out strings.Builder
	used := 0
	for g := uniseg.NewGraphemes(text); g.Next(); {
		if used += g.Width(); used > width-1 {
			break
		}
		out.WriteString(g.Str())
	}
	return strings.TrimRight(out.String(), " ") + "…"
}

var blocks = []rune("▁▂▃▄▅▆▇█")

// bars draws a histogram between two scores; a score that nobody gave is a dot.
func bars(counts []int64, low, high int32) string {
	if len(counts) <= int(high) || low > high {
		return ""
	}
	counts = counts[low : high+1]
	var top int64
	for _, n := range counts {
		top = max(top, n)
	}
	var out strings.Builder
	for _, n := range counts {
		if n == 0 {
			out.WriteRune('·')
			continue
		}
		out.WriteRune(blocks[(n*int64(len(blocks))-1)/top])
	}
	return out.String()
}
