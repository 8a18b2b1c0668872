// Package qrcode draws a text as a picture that telephones read.
package qrcode

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode/qr"
)

// margin is the quiet zone around a code, in modules, as the standard asks for.
const margin = 4

// pixels are a module's in a PNG: enough to be printed a hand wide.
const pixels = 20

// Code is a text as squares.
type Code struct {
	side int
	dark func(x, y int) bool
}

// New encodes a text. A quarter of it may be dirty or torn.
func New(text string) (*Code, error) {
	code, err := qr.Encode(text, qr.Q, qr.Unicode)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return &Code{side: code.Bounds().Dx(), dark: func(x, y int) bool {
		return color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y < 128
	}}, nil
}

// Side is how many modules it has in a row, those of the margin included.
func (c *Code) Side() int { return c.side + 2*margin }

// Path draws the dark modules, for a picture that is Side wide and high.
func (c *Code) Path() string {
	var b bytes.Buffer
	for y := range c.side {
		for x := range c.side {
			if c.dark(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+margin, y+margin)
			}
		}
	}
	return b.String()
}

// SVG is one path of squares, which scales to any wall.
func (c *Code) SVG() []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="100%%" height="100%%" fill="#fff"/><path d="%s"/></svg>`+"\n",
		c.Side(), c.Side(), c.Path())
}

// PNG is for those who cannot place an SVG.
func (c *Code) PNG() ([]byte, error) {
	whole := c.Side() * pixels
	out := image.NewPaletted(image.Rect(0, 0, whole, whole), color.Palette{color.White, color.Black})
	for y := range whole {
		for x := range whole {
			if mx, my := x/pixels-margin, y/pixels-margin; mx >= 0 && my >= 0 && mx < c.side && my < c.side && c.dark(mx, my) {
				out.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, out); err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return b.Bytes(), nil
}
