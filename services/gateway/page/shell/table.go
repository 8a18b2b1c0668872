package shell

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// WriteTable sends numbers as a spreadsheet reads them.
func WriteTable(w http.ResponseWriter, name string, rows [][]string) {
	var b bytes.Buffer
	for _, row := range rows {
		for i, cell := range row {
			row[i] = inert(cell)
		}
	}
	csv.NewWriter(&b).WriteAll(rows) //nolint:errcheck // a buffer takes all
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+fileName(name)+`.csv"`)
	h.Set("Cache-Control", "no-store")
	w.Write(b.Bytes()) //nolint:errcheck // the reader left
}

// fileName is what of a name every system takes in the name of a file.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '-'
	}, name)
}

// inert keeps a spreadsheet from running what somebody named a kind of events.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// Sheet is the numbers of a page of several parts, one a line, each with what it is
// worth: for programs, so that names are English and numbers have a point whatever
// the page speaks.
type Sheet [][]string

// NewSheet has the names of its columns.
func NewSheet() Sheet {
	return Sheet{{"section", "item", "measure", "value", "low", "high", "n", "as_of"}}
}

// Figure is one number of a sheet. What is nil is absent, which is not 0.
type Figure struct {
	Section, Item, Measure string
	Value, Low, High       *float64
	// N is out of how many.
	N    int64
	AsOf *timestamppb.Timestamp
}

// Add appends a line.
func (s *Sheet) Add(f Figure) {
	*s = append(*s, []string{f.Section, f.Item, f.Measure, Optional(f.Value), Optional(f.Low), Optional(f.High), strconv.FormatInt(f.N, 10), Instant(f.AsOf)})
}

// Count appends a line whose number is a count.
func (s *Sheet) Count(section, item, measure string, n int64, asOf *timestamppb.Timestamp) {
	v := float64(n)
	s.Add(Figure{Section: section, Item: item, Measure: measure, Value: &v, N: n, AsOf: asOf})
}

// Optional writes a number for a program; empty if it is absent.
func Optional(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

// Instant writes a time for a program; empty if there is none.
func Instant(t *timestamppb.Timestamp) string {
	if !t.IsValid() {
		return ""
	}
	return t.AsTime().Format(time.RFC3339)
}
