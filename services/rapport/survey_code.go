package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rapport-cx/rapport/internal/qrcode"
)

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

// drawCode writes a QR code of a text.
func drawCode(file, text string) error {
	code, err := qrcode.New(text)
	if err != nil {
		return err
	}
	picture := code.SVG()
	if strings.EqualFold(filepath.Ext(file), ".png") {
		if picture, err = code.PNG(); err != nil {
			return err
		}
	}
	return os.WriteFile(file, picture, 0o644) //nolint:gosec // a poster is for everybody
}
