package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Columns line up as a terminal draws them: Cyrillic is two bytes and one cell,
// an emoji one rune and two cells, a combining accent no cell at all.
func TestGridLinesUp(t *testing.T) {
	g := newGrid([]int{1}, "name", "n")
	g.add("Ёлки и ели", "7")
	g.add("👍", "100")
	g.add("café", "12")
	var out strings.Builder
	if err := g.write(&out); err != nil {
		t.Fatal(err)
	}
	want := "  name          n\n" +
		"  Ёлки и ели    7\n" +
		"  👍          100\n" +
		"  café         12\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"короткий", "короткий"},
		{"строка\nс переносом", "строка с…"},
		{"ровно10букв"[:18], "ровно10бук"},
		{"👍👍👍👍👍👍", "👍👍👍👍…"},
		{"", ""},
	} {
		if got := clip(c.text, 10); got != c.want {
			t.Errorf("clip(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestBars(t *testing.T) {
	for _, c := range []struct {
		counts    []int64
		low, high int32
		want      string
	}{
		{[]int64{0, 8, 0, 1, 4, 80, 0, 0, 0, 0, 0}, 1, 5, "▁·▁▁█"},
		{[]int64{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0, 10, "█·········█"},
		{make([]int64, 11), 1, 3, "···"},
		{nil, 0, 10, ""},
	} {
		if got := bars(c.counts, c.low, c.high); got != c.want {
			t.Errorf("bars(%v) = %q, want %q", c.counts, got, c.want)
		}
	}
}
