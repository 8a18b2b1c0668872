package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
)

// insert runs an Insert as a prepared statement of one row, in a loop below
// database/sql. There is no round trip to save by a statement of many rows, and
// one row at a time says of each whether it was inserted.
func (w *writer) insert(ctx context.Context, in *Insert) (done []bool, err error) {
	shared, err := w.evaluate(ctx, in)
	if err != nil {
		return nil, err
	}
	n, _ := in.rows()
	done = make([]bool, n)
	text := in.sqlite()
	err = w.conn.Raw(func(dc any) error {
		st, err := w.row(dc.(driver.Conn), text)
		if err != nil {
			return err
		}
		return in.loop(st.(driver.StmtExecContext), shared, done)
	})
	if in.Ordinal == "" {
		done = in.all(n)
	}
	return done, err
}

// evaluate asks for the values of all Exprs, in the order of their columns.
func (w *writer) evaluate(ctx context.Context, in *Insert) ([]any, error) {
	var exprs []string
	for _, c := range in.Columns {
		if c.Data == nil {
			exprs = append(exprs, c.Expr)
		}
	}
	values := make([]any, len(exprs))
	if len(exprs) == 0 {
		return values, nil
	}
	dest := make([]any, len(exprs))
	for i := range values {
		dest[i] = &values[i]
	}
	err := w.QueryRowContext(ctx, "SELECT "+strings.Join(exprs, ", "), in.Args...).Scan(dest...)
	if err != nil {
		return nil, fmt.Errorf("evaluate columns: %w", err)
	}
	return values, nil
}

// sqlite builds the one-row statement. Its placeholders are plain: for one with
// a name the driver asks SQLite for that name at each execution.
func (in *Insert) sqlite() string {
	var w strings.Builder
	in.head(&w)
	for i := range in.Columns {
		w.WriteString(sep(i, "VALUES (?", ", ?"))
	}
	w.WriteString(") ")
	w.WriteString(in.OnConflict)
	return w.String()
}

// row returns the statement prepared on the driver's connection.
func (w *writer) row(dc driver.Conn, text string) (driver.Stmt, error) {
	if st := w.rows[text]; st != nil {
		return st, nil
	}
	st, err := dc.Prepare(text)
	if err != nil {
		return nil, err
	}
	if len(w.rows) >= maxPrepared {
		for k, old := range w.rows {
			old.Close()
			delete(w.rows, k)
			break
		}
	}
	w.rows[text] = st
	return st, nil
}

// loop binds and runs each row. The statement is given no context: rows take
// microseconds, watching for cancellation would cost more than they do.
func (in *Insert) loop(st driver.StmtExecContext, shared []any, done []bool) error {
	args := make([]driver.NamedValue, len(in.Columns))
	for r := range done {
		next := 0
		for i := range in.Columns {
			c := &in.Columns[i]
			args[i].Ordinal = i + 1
			if c.Data != nil {
				args[i].Value = value(c.Data, r)
				continue
			}
			v := shared[next]
			next++
			if c.Counted {
				n, ok := v.(int64)
				if !ok {
					return fmt.Errorf("column %s: cannot count from %T", c.Name, v)
				}
				v = n + int64(r) + 1
			}
			args[i].Value = v
		}
		res, err := st.ExecContext(context.Background(), args)
		if err != nil {
			return fmt.Errorf("row %d: %w", r+1, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		done[r] = n > 0
	}
	return nil
}

// value is a column's value in a row, as the driver wants it.
func value(data any, r int) driver.Value {
	switch d := data.(type) {
	case []int64:
		return d[r]
	case []int32:
		return int64(d[r])
	case []int16:
		return int64(d[r])
	case []float64:
		return d[r]
	case []bool:
		return d[r]
	case []string:
		return d[r]
	case [][]byte:
		if d[r] != nil {
			return d[r]
		}
	}
	return nil
}
