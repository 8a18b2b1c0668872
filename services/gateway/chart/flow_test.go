package chart

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// walks are links of random walks over kinds, from the begin to the end: what comes
// to a kind goes on from it.
func walks(seed uint64) []Link {
	rng := rand.New(rand.NewPCG(seed, 1))
	kinds := 1 + rng.IntN(9)
	sums := map[[2]string]int64{}
	for range 1 + rng.IntN(50) {
		at := "begin"
		for range 1 + rng.IntN(8) {
			next := string(rune('a' + rng.IntN(kinds)))
			sums[[2]string{at, next}]++
			at = next
		}
		sums[[2]string{at, "end"}]++
	}
	var out []Link
	for ends, n := range sums {
		out = append(out, Link{From: ends[0], To: ends[1], Value: n})
	}
	return out
}

func standing(node string) (float64, string) {
	switch node {
	case "begin":
		return First, node
	case "end":
		return Last, node
	case "b":
		return Nowhere, node
	}
	return float64(node[0] - 'a'), node
}

func read(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		t.Fatalf("coordinate %q", s)
	}
	return v
}

// TestAFlowIsWhole: every link is drawn, every bar inside the picture, and no two of
// a column over each other.
func TestAFlowIsWhole(t *testing.T) {
	for seed := range uint64(200) {
		links := walks(seed)
		f := NewFlow(links, standing, func(n int64) string { return strconv.FormatInt(n, 10) })
		if len(f.Ribbons) != len(links) {
			t.Fatalf("seed %d: %d of %d links", seed, len(f.Ribbons), len(links))
		}
		width, height := read(t, f.Width), read(t, f.Height)
		ends := map[string]float64{} // of the last bar in a column, by its x
		for _, b := range f.Bars {
			x, y, tall := read(t, b.X), read(t, b.Y), read(t, b.Height)
			if x < 0 || x+barWidth > width || y < 0 || y+tall > height {
				t.Fatalf("seed %d: %s lies outside: %+v", seed, b.Name, b)
			}
			if y < ends[b.X] {
				t.Fatalf("seed %d: %s lies over another", seed, b.Name)
			}
			ends[b.X] = y + tall
		}
		for _, r := range f.Ribbons {
			if strings.ContainsAny(r.Path, "NI") {
				t.Fatalf("seed %d: path %s", seed, r.Path)
			}
		}
	}
}

// TestALinkFillsItsBars: what leaves a bar is as tall as the bar, and what comes too.
func TestALinkFillsItsBars(t *testing.T) {
	f := NewFlow([]Link{
		{From: "begin", To: "a", Value: 10}, {From: "a", To: "c", Value: 8}, {From: "c", To: "a", Value: 2},
		{From: "a", To: "end", Value: 4}, {From: "c", To: "end", Value: 6},
	}, standing, func(n int64) string { return strconv.FormatInt(n, 10) })
	back := 0
	for _, r := range f.Ribbons {
		if r.Back {
			back++
		}
	}
	if back != 1 {
		t.Errorf("%d links go back", back)
	}
	for _, b := range f.Bars {
		if want := map[string]string{"begin": "10", "a": "12", "c": "8", "end": "10"}[b.Name]; b.Count != want {
			t.Errorf("%s: %s passes, want %s", b.Name, b.Count, want)
		}
	}
}
