package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// margin is the quiet zone around a code, in modules, as the standard asks for.
const margin = 4

// pixels are a module's in a PNG: enough to be printed a hand wide.
const pixels = 20

// drawable tells early that a code cannot be written so.
func drawable(file string) error {
	switch strings.ToLower(filepath.Ext(file)) {
	case "", ".svg", ".png":
		if file == "" || filepath.Ext(file) != "" {
			return nil
		}
	}
	return fmt.Errorf("--qr %q: name a file that ends in .svg or .png", file)
}

// drawCode writes a QR code of a text. A quarter of it may be dirty or torn.
func drawCode(file, text string) error {
	code, err := qr.Encode(text, qr.Q, qr.Unicode)
	if err != nil {
		return fmt.Errorf("draw QR code: %w", err)
	}
	side := code.Bounds().Dx()
	dark := func(x, y int) bool { return color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y < 128 }
	picture := svgOf(side, dark)
	if strings.EqualFold(filepath.Ext(file), ".png") {
		if picture, err = pngOf(side, dark); err != nil {
			return fmt.Errorf("draw QR code: %w", err)
		}
	}
	return os.WriteFile(file, picture, 0o644) //nolint:gosec // a poster is for everybody
}

// svgOf is one path of squares, which scales to any wall.
func svgOf(side int, dark func(x, y int) bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="100%%" height="100%%" fill="#fff"/><path d="`,
		side+2*margin, side+2*margin)
	for y := range side {
		for x := range side {
			if dark(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+margin, y+margin)
			}
		}
	}
	b.WriteString("\"/></svg>\n")
	return b.Bytes()
}

func pngOf(side int, dark func(x, y int) bool) ([]byte, error) {
	whole := (side + 2*margin) * pixels
	out := image.NewPaletted(image.Rect(0, 0, whole, whole), color.Palette{color.White, color.Black})
	for y := range whole {
		for x := range whole {
			if mx, my := x/pixels-margin, y/pixels-margin; mx >= 0 && my >= 0 && mx < side && my < side && dark(mx, my) {
				out.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, out)
	return b.Bytes(), err
}
