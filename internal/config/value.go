package config

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// SecretFile is the path of a file that holds one secret. A secret itself is
// never a setting: flags and environments are read by too many eyes.
type SecretFile string

// Read is the secret without the line end an editor leaves; nil if no file is
// configured. An empty file is an error, since it would be no secret at all.
func (f SecretFile) Read() ([]byte, error) {
	if f == "" {
		return nil, nil
	}
	text, err := os.ReadFile(string(f))
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return nil, fmt.Errorf("read secret: %s is empty", f)
	}
	return text, nil
}

// Bytes is a size, written as 4MiB, 1GiB, 64KiB or a plain number.
type Bytes int64

var units = []struct {
	suffix string
	size   int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a size.
func (b *Bytes) UnmarshalText(text []byte) error {
	digits, size := strings.TrimSpace(string(text)), int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(digits, u.suffix); ok {
			digits, size = strings.TrimSpace(rest), u.size
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/size {
		return fmt.Errorf("%q is not a size such as 4MiB", text)
	}
	*b = Bytes(n * size)
	return nil
}

// MarshalText writes a size in the largest unit that keeps it whole.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String is the size as it would be written in a flag.
func (b Bytes) String() string {
	for _, u := range units {
		if int64(b) >= u.size && int64(b)%u.size == 0 && u.size > 1 {
			return strconv.FormatInt(int64(b)/u.size, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
