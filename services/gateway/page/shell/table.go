package shell

import (
	"encoding/csv"
	"net/http"
	"strings"
)

// WriteTable sends numbers as a spreadsheet reads them.
func WriteTable(w http.ResponseWriter, name string, rows [][]string) {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	h.Set("Cache-Control", "no-store")
	for _, row := range rows {
		for i, cell := range row {
			row[i] = inert(cell)
		}
	}
	csv.NewWriter(w).WriteAll(rows) //nolint:errcheck // the reader left
}

// inert keeps a spreadsheet from running what somebody named a kind of events.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
