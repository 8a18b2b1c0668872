package chart

import "math"

// Value is a value with its interval, to be set beside others.
type Value struct {
	Value, Low, High float64
	Banded           bool
}

// Range is one value in a row of its own, from 0 to 100 across, so that rows that
// stand below each other can be compared by eye.
type Range struct {
	At, Low, Width string
	Banded         bool
}

// Ranges lays out values on one axis that all of them share, within min and max.
func Ranges(values []Value, least, most float64) []Range {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, v.Value), max(high, v.Value)
		if v.Banded {
			low, high = min(low, v.Low), max(high, v.High)
		}
	}
	if low == high {
		low, high = least, most
	}
	s := scale{low, high, 2, 98}
	out := make([]Range, len(values))
	for i, v := range values {
		out[i] = Range{At: number(s.at(v.Value)), Banded: v.Banded}
		if v.Banded {
			out[i].Low, out[i].Width = number(s.at(v.Low)), number(max(s.at(v.High)-s.at(v.Low), 1))
		}
	}
	return out
}

// Column is one column of a distribution.
type Column struct {
	X, Y, Width, Height, Middle string
}

// Columns lays out counts side by side in a picture of this size.
func Columns(counts []int64, width, height float64) []Column {
	var most int64 = 1
	for _, n := range counts {
		most = max(most, n)
	}
	out := make([]Column, len(counts))
	room := width / float64(max(len(counts), 1))
	for i, n := range counts {
		h := float64(n) / float64(most) * height
		if n > 0 {
			h = max(h, 1.5) // few is not none
		}
		left := room * float64(i)
		out[i] = Column{
			X: number(left + room*0.12), Y: number(height - h), Width: number(room * 0.76), Height: number(h),
			Middle: number(left + room/2),
		}
	}
	return out
}
