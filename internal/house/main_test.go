package house

import (
	"fmt"
	"os"
	"testing"
)

// workspace is a folder for what the tests build.
var workspace string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rapport-house-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workspace = dir
	code := m.Run()
	_ = os.RemoveAll(dir) // it is in the folder for what may be lost
	os.Exit(code)
}
