package sqldb

import (
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// postgres builds INSERT … SELECT … FROM unnest(…) WITH ORDINALITY: one
// statement and one parameter per column, whatever the number of rows, so that
// the text stays the same and the server plans it once.
func (in *Insert) postgres() (string, []any) {
	var w strings.Builder
	w.Grow(512)
	args := append(make([]any, 0, len(in.Args)+len(in.Columns)), in.Args...)
	in.head(&w)
	for i, c := range in.Columns {
		w.WriteString(sep(i, "SELECT ", ", "))
		if c.Data == nil {
			w.WriteString("(" + c.Expr + ")")
			if c.Counted {
				w.WriteString(" + u.ord")
			}
		} else {
			w.WriteString("u.c" + strconv.Itoa(i))
		}
	}
	first := true
	for _, c := range in.Columns {
		if c.Data == nil {
			continue
		}
		if first {
			w.WriteString(" FROM unnest(")
		} else {
			w.WriteString(", ")
		}
		first = false
		_, kind, _ := column(c.Data)
		args = append(args, array(c.Data))
		w.WriteString("$" + strconv.Itoa(len(args)) + "::" + kind + "[]")
	}
	w.WriteString(") WITH ORDINALITY AS u(")
	for i, c := range in.Columns {
		if c.Data != nil {
			w.WriteString("c" + strconv.Itoa(i) + ", ")
		}
	}
	w.WriteString("ord) ")
	w.WriteString(in.OnConflict)
	if in.Ordinal != "" {
		w.WriteString(" RETURNING " + in.Ordinal)
	}
	return w.String(), args
}

// array spares pgx the reflection it needs for a slice of slices.
func array(data any) any {
	if d, ok := data.([][]byte); ok {
		return pgtype.FlatArray[[]byte](d)
	}
	return data
}
