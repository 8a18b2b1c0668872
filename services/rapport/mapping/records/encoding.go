package records

import (
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encoding is how bytes become text. The zero value is UTF-8 and refuses what
// is not.
type Encoding struct {
	table *charmap.Charmap
	// only: every cell is read by the table. Otherwise only a cell that is not
	// UTF-8 is, since exports glued together by hand mix both.
	only bool
}

// tables are the single-byte encodings that exports of shops still come in.
var tables = map[string]*charmap.Charmap{
	"latin-1":      charmap.ISO8859_1,
	"windows-1251": charmap.Windows1251,
	"windows-1252": charmap.Windows1252,
}

// ParseEncoding makes an encoding of its name and the name of the one a cell is
// read by if it does not fit; "" is UTF-8 and none.
func ParseEncoding(name, fallback string) (Encoding, error) {
	if name == "" || name == "utf-8" {
		if fallback == "" {
			return Encoding{}, nil
		}
		table, ok := tables[fallback]
		if !ok {
			return Encoding{}, unknownEncoding(fallback)
		}
		return Encoding{table: table}, nil
	}
	table, ok := tables[name]
	switch {
	case !ok:
		return Encoding{}, unknownEncoding(name)
	case fallback != "":
		return Encoding{}, fmt.Errorf("every text is %s already: a fallback is for utf-8", name)
	}
	return Encoding{table: table, only: true}, nil
}

func unknownEncoding(name string) error {
	return fmt.Errorf("unknown encoding %q; known are utf-8, latin-1, windows-1251, windows-1252", name)
}

// text reads bytes; false if they are no text.
func (e Encoding) text(b []byte) (string, bool) {
	if !e.only && utf8.Valid(b) {
		return string(b), true
	}
	if e.table == nil {
		return "", false
	}
	out := make([]byte, 0, len(b)+len(b)/2)
	for _, c := range b {
		out = utf8.AppendRune(out, e.table.DecodeByte(c))
	}
	return string(out), true
}
