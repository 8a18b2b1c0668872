package chart

import (
	"math"
	"strings"
)

// Point is one value on its way, with the interval it lies in.
type Point struct {
	// From and To are where its bucket lies, on any axis that is one for all.
	From, To float64
	// Value is the middle line's; Low and High the band's, where Banded.
	Value, Low, High float64
	Banded           bool
	// Title is told when the point is pointed at.
	Title string
}

// Label is a word at a place of an axis.
type Label struct {
	At   float64
	Text string
}

// Frame is the room for a line and how its axes are written.
type Frame struct {
	Width, Height float64
	// Min and Max are the ends of what values can be.
	Min, Max float64
	// Full shows the whole of it, not only as far as the values go.
	Full bool
	// From and To are the ends of the horizontal axis, in the points' unit.
	From, To float64
	// Ticks is about how many lines of the grid there are.
	Ticks int
	// Write is how a value is written beside the grid.
	Write func(float64) string
	// Below are the words under the horizontal axis.
	Below []Label
	// Marks are values to compare with, drawn where they fall into the picture.
	Marks []Label
}

// Line is a chart laid out: every string is a coordinate or path of SVG.
type Line struct {
	Width, Height            string
	Left, Right, Top, Bottom string
	Grid, Below, Marks       []Text
	Bands, Paths             []string
	Bars                     []Bar
	Dots                     []Dot
}

// Text is a word at a place.
type Text struct{ X, Y, Anchor, Text string }

// Bar is the interval of a point that stands alone.
type Bar struct{ X, Low, High string }

// Dot is one point, and the column of the picture that points at it.
type Dot struct{ X, Y, From, Width, Title string }

// The room around the picture: for the values, their names and the dates.
const (
	marginLeft, marginRight, marginTop, marginBottom = 44, 8, 10, 22
)

// NewLine lays out points, ascending by From. Points whose buckets do not touch
// are not joined: between them nobody answered, which is not a value in between.
func NewLine(points []Point, f Frame) Line {
	ticks := Ticks(reach(points, f))
	y := scale{ticks[0], ticks[len(ticks)-1], f.Height - marginBottom, marginTop}
	x := scale{f.From, f.To, marginLeft, f.Width - marginRight}
	l := Line{
		Width: number(f.Width), Height: number(f.Height), Left: number(x.from), Right: number(x.to),
		Top: number(y.to), Bottom: number(y.from),
	}
	for _, v := range ticks {
		l.Grid = append(l.Grid, Text{X: number(x.from - 6), Y: number(y.at(v)), Anchor: "end", Text: f.Write(v)})
	}
	for _, m := range f.Marks {
		if m.At > y.low && m.At < y.high {
			l.Marks = append(l.Marks, Text{X: number(x.to), Y: number(y.at(m.At)), Anchor: "end", Text: m.Text})
		}
	}
	for _, b := range f.Below {
		l.Below = append(l.Below, Text{X: number(x.at(b.At)), Y: number(f.Height - 5), Anchor: x.anchor(x.at(b.At)), Text: b.Text})
	}
	for _, p := range points {
		left, right := x.at(p.From), x.at(p.To)
		l.Dots = append(l.Dots, Dot{
			X: number((left + right) / 2), Y: number(y.at(p.Value)),
			From: number(left), Width: number(right - left), Title: p.Title,
		})
	}
	for _, run := range runs(points) {
		l.draw(run, x, y)
	}
	return l
}

// anchor keeps a word that stands near an end inside the picture.
func (s scale) anchor(at float64) string {
	const halfWord = 34
	switch {
	case s.to-at < halfWord:
		return "end"
	case at-s.from < halfWord/2:
		return "start"
	}
	return "middle"
}

// reach is what the vertical axis must show: the intervals and never more than
// can be. The zero is not forced in: a change must be visible.
func reach(points []Point, f Frame) (low, high float64, ticks int) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range points {
		low, high = min(low, p.Value), max(high, p.Value)
		if p.Banded {
			low, high = min(low, p.Low), max(high, p.High)
		}
	}
	if math.IsInf(low, 0) || f.Full {
		low, high = f.Min, f.Max
	}
	return max(low, f.Min), min(high, f.Max), max(f.Ticks, 2)
}

// runs cuts points where the next bucket does not begin as the one before ends.
func runs(points []Point) (out [][]Point) {
	for i, first := 0, 0; i < len(points); i++ {
		if i+1 == len(points) || points[i+1].From > points[i].To {
			out = append(out, points[first:i+1])
			first = i + 1
		}
	}
	return out
}

func (l *Line) draw(run []Point, x, y scale) {
	middle := func(p Point) string { return number((x.at(p.From) + x.at(p.To)) / 2) }
	if len(run) == 1 {
		if p := run[0]; p.Banded {
			l.Bars = append(l.Bars, Bar{X: middle(p), Low: number(y.at(p.Low)), High: number(y.at(p.High))})
		}
		return
	}
	var path, there, back strings.Builder
	var banded []Point
	for i, p := range run {
		path.WriteString(step(i) + middle(p) + " " + number(y.at(p.Value)))
		if p.Banded {
			banded = append(banded, p)
		}
	}
	l.Paths = append(l.Paths, path.String())
	for i, p := range banded {
		there.WriteString(step(i) + middle(p) + " " + number(y.at(p.High)))
		last := banded[len(banded)-1-i]
		back.WriteString("L" + middle(last) + " " + number(y.at(last.Low)))
	}
	if len(banded) > 1 {
		l.Bands = append(l.Bands, there.String()+back.String()+"Z")
	}
}

func step(i int) string {
	if i == 0 {
		return "M"
	}
	return "L"
}
