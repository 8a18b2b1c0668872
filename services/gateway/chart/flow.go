package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Link is how much goes from one node to another. Every node but the first and the
// last takes in as much as it gives on.
type Link struct {
	From, To string
	Value    int64
	Title    string
}

// Flow is a drawing of what goes where, laid out: nodes are bars in columns from
// left to right, links are ribbons as thick as what they carry. What goes back, or
// stays in its column, runs below the bars.
type Flow struct {
	Width, Height string
	Bars          []FlowBar
	Ribbons       []Ribbon
}

// FlowBar is a node.
type FlowBar struct {
	X, Y, Width, Height string
	NameX, NameY        string
	Anchor              string
	Name, Count         string
}

// Ribbon is a link; one that goes back is a line of its thickness.
type Ribbon struct {
	Path, Title, Thick string
	Back               bool
}

// Places of nodes on the way: before all others, behind them, and unknown, which is
// the middle.
var First, Last, Nowhere = math.Inf(-1), math.Inf(1), math.NaN()

// The room of the drawing. Names stand beside the bars, over the ribbons.
const (
	flowWidth, flowHeight = 1080, 380
	barWidth              = 12
	barGap                = 30
	flowTop, flowSide     = 18, 6
	mostColumns           = 7
)

// node is a bar while it is laid out.
type node struct {
	id, name    string
	place       float64
	column      int
	in, out     int64
	x, y, tall  float64
	given, took float64 // how much of its sides links have taken
}

func (n *node) value() int64 { return max(n.in, n.out) }

// NewFlow lays out links. Place tells where on the way a node stands, and its name.
func NewFlow(links []Link, place func(string) (float64, string), count func(int64) string) Flow {
	nodes := flowNodes(links, place)
	columns := layers(nodes)
	scale := stack(nodes, columns)
	bottom := 0.0
	for _, n := range nodes {
		bottom = max(bottom, n.y+n.tall)
	}
	f := Flow{Width: number(flowWidth)}
	byID := map[string]*node{}
	for _, n := range nodes {
		byID[n.id] = n
	}
	f.Ribbons, bottom = ribbons(links, byID, scale, bottom+14)
	f.Height = number(bottom + 4)
	last := columns - 1
	for _, n := range nodes {
		b := FlowBar{
			X: number(n.x), Y: number(n.y), Width: number(barWidth), Height: number(max(n.tall, 1)),
			NameX: number(n.x), NameY: number(n.y - 5), Anchor: "start", Name: n.name, Count: count(n.value()),
		}
		if n.column == last {
			b.NameX, b.Anchor = number(n.x+barWidth), "end"
		}
		f.Bars = append(f.Bars, b)
	}
	return f
}

// ribbons draws links between nodes that have their places, and tells how far down
// they reach.
func ribbons(links []Link, byID map[string]*node, scale, lane float64) (all []Ribbon, bottom float64) {
	sorted := slices.Clone(links)
	// From the top down on both sides, so that ribbons cross as little as can be.
	slices.SortStableFunc(sorted, func(a, b Link) int {
		return cmp.Or(cmp.Compare(byID[a.From].y, byID[b.From].y), cmp.Compare(byID[a.To].y, byID[b.To].y))
	})
	var forth []Ribbon
	for _, back := range []bool{false, true} { // those that go back leave from the bottom
		for _, l := range sorted {
			from, to := byID[l.From], byID[l.To]
			if (to.column <= from.column) != back {
				continue
			}
			thick := float64(l.Value) * scale
			r := Ribbon{Title: l.Title, Thick: number(max(thick, 0.5)), Back: back}
			if back {
				lane += thick / 2
				r.Path = round(from, to, thick, lane)
				lane += thick/2 + 4
			} else {
				r.Path = across(from, to, thick)
			}
			from.given, to.took = from.given+thick, to.took+thick
			if back {
				all = append(all, r)
			} else {
				forth = append(forth, r)
			}
		}
	}
	return append(all, forth...), lane // over those that go back
}

// flowNodes are the ends of links with what passes through them, by place.
func flowNodes(links []Link, place func(string) (float64, string)) []*node {
	byID := map[string]*node{}
	var all []*node
	get := func(id string) *node {
		n := byID[id]
		if n == nil {
			n = &node{id: id}
			n.place, n.name = place(id)
			byID[id] = n
			all = append(all, n)
		}
		return n
	}
	for _, l := range links {
		get(l.From).out += l.Value
		get(l.To).in += l.Value
	}
	slices.SortFunc(all, func(a, b *node) int { return cmp.Or(cmp.Compare(a.value(), b.value())*-1, cmp.Compare(a.id, b.id)) })
	return all
}

// layers gives each node its column and returns how many there are: one for each
// place, the first and the last alone at the ends, and no more than can be read.
func layers(nodes []*node) int {
	var places []float64
	for _, n := range nodes {
		if !math.IsInf(n.place, 0) && !math.IsNaN(n.place) {
			places = append(places, n.place)
		}
	}
	slices.Sort(places)
	middle := 0.0
	if len(places) > 0 {
		middle = places[len(places)/2]
	}
	places = slices.Compact(places)
	if len(places) == 0 {
		places = []float64{middle}
	}
	columns := min(len(places), mostColumns)
	for _, n := range nodes {
		at := n.place
		switch {
		case math.IsInf(at, -1):
			n.column = 0
			continue
		case math.IsInf(at, 1):
			n.column = columns + 1
			continue
		case math.IsNaN(at):
			at = middle
		}
		i, _ := slices.BinarySearch(places, at)
		n.column = 1 + i*columns/len(places)
	}
	return columns + 2
}

// stack sets the nodes of each column one below the other and returns how tall one
// of what flows is.
func stack(nodes []*node, columns int) float64 {
	sums, counts := make([]int64, columns), make([]int, columns)
	for _, n := range nodes {
		sums[n.column] += n.value()
		counts[n.column]++
	}
	scale := math.Inf(1)
	for i, sum := range sums {
		if sum > 0 {
			scale = min(scale, (flowHeight-float64(counts[i]-1)*barGap)/float64(sum))
		}
	}
	y := make([]float64, columns)
	for i, sum := range sums { // in the middle of the height
		y[i] = flowTop + (flowHeight-float64(sum)*scale-float64(max(counts[i]-1, 0))*barGap)/2
	}
	step := (flowWidth - 2*flowSide - barWidth) / float64(max(columns-1, 1))
	for _, n := range nodes {
		n.x, n.y, n.tall = flowSide+step*float64(n.column), y[n.column], float64(n.value())*scale
		y[n.column] += n.tall + barGap
	}
	return scale
}

// across is a ribbon from the right side of one bar to the left side of another.
func across(from, to *node, thick float64) string {
	x1, x2 := from.x+barWidth, to.x
	y1, y2 := from.y+from.given, to.y+to.took
	bend := (x1 + x2) / 2
	p := func(v float64) string { return number(v) }
	return fmt.Sprintf("M%s %sC%s %s %s %s %s %sL%s %sC%s %s %s %s %s %sZ",
		p(x1), p(y1), p(bend), p(y1), p(bend), p(y2), p(x2), p(y2),
		p(x2), p(y2+thick), p(bend), p(y2+thick), p(bend), p(y1+thick), p(x1), p(y1+thick))
}

// round is a line that leaves a bar to the right, runs back below all bars and comes
// to another from the left. Its bends are wider than it is thick, else they would
// fold into themselves.
func round(from, to *node, thick, lane float64) string {
	x1, x2 := from.x+barWidth, to.x
	y1, y2 := from.y+from.given+thick/2, to.y+to.took+thick/2
	r := thick/2 + 6
	p := func(v float64) string { return number(v) }
	bend := func(x, y float64) string { return fmt.Sprintf("A%s %s 0 0 1 %s %s", p(r), p(r), p(x), p(y)) }
	return fmt.Sprintf("M%s %s%sV%s%sH%s%sV%s%s", p(x1), p(y1), bend(x1+r, y1+r), p(lane-r), bend(x1, lane),
		p(x2), bend(x2-r, lane-r), p(y2+r), bend(x2, y2))
}
