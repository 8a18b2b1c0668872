package page

import (
	"cmp"
	"fmt"
	"slices"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/services/gateway/chart"
)

// curve is what customers feel along the way.
type curve struct {
	Wide, Narrow chart.Line
	Label        string
	Rows         []curveRow
}

type curveRow struct{ Mark, Name, Emotion string }

// curve draws emotions over the time axis: each touchpoint at its mark, those at the
// same one beside each other. Nil where nobody said what is felt.
func (s *scene) curve(content *journeyv1.MapContent, all []*card) *curve {
	felt := slices.ContainsFunc(all, func(c *card) bool { return c.point.GetEmotion() != 0 })
	if !felt {
		return nil
	}
	ordered := slices.Clone(all)
	slices.SortStableFunc(ordered, func(a, b *card) int { return cmp.Compare(a.point.GetAt(), b.point.GetAt()) })
	axis := content.GetTimeAxis()
	mark := func(c *card) string {
		if at := int(c.point.GetAt()); at < len(axis) {
			return axis[at]
		}
		return ""
	}
	out := &curve{Label: s.Lang.EmotionCurve}
	var points []chart.Point
	var below []chart.Label
	for i, c := range ordered {
		emotion := s.Lang.emotion(c.point.GetEmotion())
		title := fmt.Sprintf("%s: %s", c.Name, emotion)
		points = append(points, chart.Point{From: float64(i), To: float64(i + 1), Value: float64(c.point.GetEmotion()), Title: title})
		out.Rows = append(out.Rows, curveRow{mark(c), c.Name, emotion})
		if text := mark(c); text != "" && (i == 0 || mark(ordered[i-1]) != text) {
			below = append(below, chart.Label{At: float64(i) + 0.5, Text: text})
		}
	}
	f := chart.Frame{
		Width: 1080, Height: 190, Min: -2, Max: 2, Full: true, To: float64(len(points)), Ticks: 5, Below: below,
		Write: func(v float64) string { return s.Lang.emotion(int32(v)) },
	}
	out.Wide = chart.NewLine(points, f)
	f.Width, f.Height, f.Below = 360, 190, thinned(below, 4)
	out.Narrow = chart.NewLine(points, f)
	return out
}

// thinned are at most n of the words under an axis, so that they can be read.
func thinned(all []chart.Label, n int) []chart.Label {
	step := (len(all) + n - 1) / n
	var out []chart.Label
	for i := 0; i < len(all); i += max(step, 1) {
		out = append(out, all[i])
	}
	return out
}

// emotion writes what is felt, from −2 to 2, with its sign.
func (l *words) emotion(e int32) string {
	if e > 0 {
		return "+" + l.Count(int64(e))
	}
	return l.Count(int64(e))
}
