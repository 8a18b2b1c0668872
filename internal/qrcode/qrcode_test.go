package qrcode_test

import (
	"bytes"
	"fmt"
	"image/png"
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/internal/qrcode"
)

// TestPicturesAreTheSame: each module of the one is where the other has it, and the
// margin is empty in both.
func TestPicturesAreTheSame(t *testing.T) {
	c, err := qrcode.New("https://ask.example.com/s/demo.9rLq0vYB6xYIvMk2Q3tT7w")
	if err != nil {
		t.Fatal(err)
	}
	picture, err := c.PNG()
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	svg, dark := string(c.SVG()), 0
	scale := drawn.Bounds().Dx() / c.Side()
	for y := range c.Side() {
		for x := range c.Side() {
			r, _, _, _ := drawn.At(x*scale+scale/2, y*scale+scale/2).RGBA()
			if r == 0 != strings.Contains(svg, fmt.Sprintf("M%d %dh1v1h-1z", x, y)) {
				t.Fatalf("the pictures differ at %d, %d", x, y)
			}
			if r == 0 {
				dark++
			}
			if edge := min(x, y, c.Side()-1-x, c.Side()-1-y) < 4; edge && r == 0 {
				t.Fatalf("the margin is dark at %d, %d", x, y)
			}
		}
	}
	if inner := c.Side() - 8; dark < inner*inner/3 || dark > inner*inner*2/3 {
		t.Errorf("%d of %d modules are dark", dark, inner*inner)
	}
	if _, err := qrcode.New(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text that fits into no code is drawn")
	}
}
