package sqldb

import (
	"fmt"
	"strings"
)

// Insert adds many rows to a table. Its data comes column by column.
type Insert struct {
	Into    string
	Columns []Column
	// Args are shared by all rows: $1 is the first, in Expr and in Ordinal.
	Args []any
	// OnConflict is a clause such as "ON CONFLICT DO NOTHING", or empty. It
	// cannot refer to Args.
	OnConflict string
	// Ordinal is needed with OnConflict to learn which rows were inserted or
	// updated; without it nothing is said of them. It is an expression over the
	// columns of such a row, and over Args, that gives back the row's ordinal,
	// counted from 1.
	Ordinal string
}

// Column is one column of an Insert: Data, a value for each row, or Expr.
type Column struct {
	Name string
	// Data is a []int64, []int32, []int16, []float64, []bool, []string, or a
	// [][]byte in which nil stands for NULL. All have the same length.
	Data any
	// Expr is SQL over the shared Args. It is evaluated once, before the first
	// row is added.
	Expr string
	// Counted adds the row's ordinal to Expr.
	Counted bool
}

// rows checks the shape and counts the rows.
func (in *Insert) rows() (int, error) {
	n := -1
	if strings.Contains(in.OnConflict, "$") {
		return 0, fmt.Errorf("insert into %s: argument in %q", in.Into, in.OnConflict)
	}
	for _, c := range in.Columns {
		if c.Data == nil {
			continue
		}
		size, _, ok := column(c.Data)
		if !ok {
			return 0, fmt.Errorf("insert into %s: column %s: unsupported %T", in.Into, c.Name, c.Data)
		}
		if n >= 0 && size != n {
			return 0, fmt.Errorf("insert into %s: column %s has %d rows, others %d", in.Into, c.Name, size, n)
		}
		n = size
	}
	if n < 0 {
		return 0, fmt.Errorf("insert into %s: no column has data", in.Into)
	}
	return n, nil
}

// column returns the length of a data slice and the type of its elements in
// PostgreSQL.
func column(data any) (size int, kind string, ok bool) {
	switch d := data.(type) {
	case []int64:
		return len(d), "bigint", true
	case []int32:
		return len(d), "integer", true
	case []int16:
		return len(d), "smallint", true
	case []float64:
		return len(d), "float8", true
	case []bool:
		return len(d), "boolean", true
	case []string:
		return len(d), "text", true
	case [][]byte:
		return len(d), "bytea", true
	}
	return 0, "", false
}

// head writes "INSERT INTO t (a, b, c) ".
func (in *Insert) head(w *strings.Builder) {
	w.WriteString("INSERT INTO ")
	w.WriteString(in.Into)
	for i, c := range in.Columns {
		w.WriteString(sep(i, " (", ", "))
		w.WriteString(c.Name)
	}
	w.WriteString(") ")
}

// sep is first before the first element of a list and between later.
func sep(i int, first, between string) string {
	if i == 0 {
		return first
	}
	return between
}

// all is what is known of n rows without asking: each was inserted, unless
// there was a choice.
func (in *Insert) all(n int) []bool {
	if in.OnConflict != "" {
		return nil
	}
	done := make([]bool, n)
	for i := range done {
		done[i] = true
	}
	return done
}
