package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
)

// rowPlan is an Insert as SQLite runs it: a prepared statement of one row, in
// a loop below database/sql. A statement of many rows is no faster, the loop
// needs no round trips, and it says of each row whether it was inserted.
type rowPlan struct {
	text string
	// slots says what each ? stands for: shared argument -1-k is below zero, a
	// column's index above, ordinal the row's number.
	slots []int
}

const ordinal = 1 << 20

// insert runs an Insert row by row.
func (w *writer) insert(ctx context.Context, in *Insert) (done []bool, err error) {
	plan, err := in.sqlite()
	if err != nil {
		return nil, err
	}
	n, _ := in.rows()
	done = make([]bool, n)
	err = w.conn.Raw(func(dc any) error {
		st, err := w.row(dc.(driver.Conn), plan.text)
		if err != nil {
			return err
		}
		return plan.exec(st.(driver.StmtExecContext), in, done)
	})
	return done, err
}

// row returns the statement prepared on the driver's connection.
func (w *writer) row(dc driver.Conn, text string) (driver.Stmt, error) {
	st := w.rows[text]
	if st == nil {
		var err error
		if st, err = dc.Prepare(text); err != nil {
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
	}
	return st, nil
}

// exec binds and runs each row. The statement is given no context: rows take
// microseconds, watching for cancellation would cost more than they do.
func (p *rowPlan) exec(st driver.StmtExecContext, in *Insert, done []bool) error {
	args := make([]driver.NamedValue, len(p.slots))
	for i, s := range p.slots {
		args[i].Ordinal = i + 1
		if s < 0 {
			v, err := driver.DefaultParameterConverter.ConvertValue(in.Args[-1-s])
			if err != nil {
				return fmt.Errorf("argument %d: %w", -s, err)
			}
			args[i].Value = v
		}
	}
	for r := range done {
		for i, s := range p.slots {
			switch {
			case s == ordinal:
				args[i].Value = int64(r + 1)
			case s >= 0:
				args[i].Value = value(in.Columns[s].Data, r)
			}
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

// sqlite builds the one-row statement. Every placeholder becomes a plain "?":
// for a named one the driver asks SQLite for the name at each execution.
func (in *Insert) sqlite() (*rowPlan, error) {
	p := &rowPlan{}
	var w strings.Builder
	in.head(&w)
	for i, c := range in.Columns {
		w.WriteString(sep(i, "VALUES (", ", "))
		if c.Data != nil {
			w.WriteByte('?')
			p.slots = append(p.slots, i)
			continue
		}
		if err := p.expr(&w, c.Expr, len(in.Args)); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	w.WriteString(") ")
	if err := p.expr(&w, in.OnConflict, len(in.Args)); err != nil {
		return nil, err
	}
	p.text = w.String()
	return p, nil
}

// expr copies an expression, turning $n and {ord} into "?".
func (p *rowPlan) expr(w *strings.Builder, expr string, args int) error {
	for {
		i := strings.IndexAny(expr, "${")
		if i < 0 {
			w.WriteString(expr)
			return nil
		}
		w.WriteString(expr[:i])
		w.WriteByte('?')
		if rest, ok := strings.CutPrefix(expr[i:], "{ord}"); ok {
			p.slots = append(p.slots, ordinal)
			expr = rest
			continue
		}
		j := i + 1
		for j < len(expr) && expr[j] >= '0' && expr[j] <= '9' {
			j++
		}
		k, err := strconv.Atoi(expr[i+1 : j])
		if err != nil || k < 1 || k > args {
			return fmt.Errorf("bad placeholder in %q", expr)
		}
		p.slots = append(p.slots, -k)
		expr = expr[j:]
	}
}
