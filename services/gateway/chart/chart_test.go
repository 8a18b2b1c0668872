package chart

import (
	"strings"
	"testing"
	"testing/quick"

	"github.com/google/go-cmp/cmp"
)

func TestTicksAreRoundAndEnclose(t *testing.T) {
	if got := Ticks(-12, 41, 5); !cmp.Equal(got, []float64{-20, 0, 20, 40, 60}) {
		t.Errorf("ticks of -12 to 41: %v", got)
	}
	encloses := func(a, b int16, n uint8) bool {
		low, high := float64(min(a, b))/7, float64(max(a, b))/7
		got := Ticks(low, high, int(n%9)+2)
		return len(got) >= 2 && len(got) <= 40 && got[0] <= low+1e-9 && got[len(got)-1] >= high-1e-9
	}
	if err := quick.Check(encloses, nil); err != nil {
		t.Error(err)
	}
}

func TestAGapIsNotJoined(t *testing.T) {
	at := func(from float64) Point {
		return Point{From: from, To: from + 1, Value: 50, Low: 40, High: 60, Banded: true, Title: "n"}
	}
	l := NewLine([]Point{at(0), at(1), at(2), at(7)}, Frame{
		Width: 400, Height: 200, Max: 100, To: 8, Ticks: 4, Write: func(float64) string { return "" },
		Marks: []Label{{At: 55, Text: "good"}, {At: 99, Text: "out of the picture"}},
	})
	if len(l.Paths) != 1 || strings.Count(l.Paths[0], "L") != 2 || len(l.Bands) != 1 {
		t.Errorf("paths %q, bands %q", l.Paths, l.Bands)
	}
	if len(l.Bars) != 1 || len(l.Dots) != 4 {
		t.Errorf("%d bars, %d dots: the point that stands alone has an interval too", len(l.Bars), len(l.Dots))
	}
	if len(l.Marks) != 1 {
		t.Errorf("marks %v", l.Marks)
	}
}

func TestNoPointsMakeAnEmptyPicture(t *testing.T) {
	l := NewLine(nil, Frame{Width: 100, Height: 100, Min: -100, Max: 100, To: 1, Write: func(float64) string { return "" }})
	if len(l.Paths)+len(l.Dots)+len(l.Bands) != 0 || len(l.Grid) < 2 {
		t.Errorf("%+v", l)
	}
}

func TestRangesShareOneAxis(t *testing.T) {
	got := Ranges([]Value{{Value: 0, Low: -50, High: 50, Banded: true}, {Value: 50}}, -100, 100)
	want := []Range{{At: "50.0", Low: "2.0", Width: "96.0", Banded: true}, {At: "98.0"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFewIsNotNone(t *testing.T) {
	got := Columns([]int64{0, 1, 1_000_000}, 300, 100)
	if got[0].Height != "0.0" || got[1].Height != "1.5" || got[2].Height != "100.0" {
		t.Errorf("%+v", got)
	}
}
