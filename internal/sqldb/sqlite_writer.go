package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"time"

	_ "modernc.org/sqlite" // registers the driver
)

// writer owns the one connection through which a process writes to a SQLite
// file. Statements stay prepared on it, which a pool of database/sql does not
// offer to transactions, and writers queue for it in Go instead of polling the
// file's lock.
type writer struct {
	pool *sql.DB
	// path is the file, and file what it was when it was opened.
	path string
	file os.FileInfo
	// wrote has a token once something was committed.
	wrote chan struct{}
	// turn holds one token: the right to use what follows.
	turn chan struct{}
	conn *sql.Conn
	// stmts and rows are prepared statements, above and below database/sql.
	stmts map[string]*sql.Stmt
	rows  map[string]driver.Stmt
}

func openWriter(path, dsn string) (*writer, error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	w := &writer{pool: pool, path: path, wrote: make(chan struct{}, 1), turn: make(chan struct{}, 1)}
	// The first connection creates the file and turns it to WAL, before readers
	// that may not do so look at it. Another process may be doing the same.
	ctx := context.Background()
	err = retry(ctx, func() error { return w.use(ctx, func() error { return nil }) })
	if err == nil {
		w.file, err = os.Stat(path)
	}
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database file: %w", err)
	}
	return w, nil
}

// present tells whether the file is still where it was opened. SQLite goes on
// writing to one that was removed or replaced under it, and whatever it says is
// stored is gone with the process.
func (w *writer) present() error {
	if now, err := os.Stat(w.path); err != nil || !os.SameFile(w.file, now) {
		return &lostError{err: fmt.Errorf("%s was removed or replaced: put it back, or start again", w.path)}
	}
	return nil
}

// use runs do with the connection to itself, reopened if it was discarded.
func (w *writer) use(ctx context.Context, do func() error) error {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	// Either may have been chosen if both were ready.
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if w.conn == nil {
		conn, err := w.pool.Conn(ctx)
		if err != nil {
			return unavailable(err)
		}
		w.conn, w.stmts, w.rows = conn, map[string]*sql.Stmt{}, map[string]driver.Stmt{}
	}
	return do()
}

func (w *writer) close() error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	w.discard()
	return w.pool.Close()
}

// discard closes the connection and what was prepared on it.
func (w *writer) discard() {
	if w.conn == nil {
		return
	}
	for _, st := range w.stmts {
		st.Close()
	}
	_ = w.conn.Raw(func(any) error {
		for _, st := range w.rows {
			st.Close()
		}
		return driver.ErrBadConn // not back into the pool
	})
	w.conn = nil
}

// transact runs fn between begin and commit. The statements around fn ignore
// the caller's leaving: what has begun ends, one way or the other.
func (w *writer) transact(ctx context.Context, fn func() error) error {
	return w.use(ctx, func() error {
		if err := w.present(); err != nil {
			return err
		}
		end := context.WithoutCancel(ctx)
		if _, err := w.ExecContext(end, "BEGIN IMMEDIATE"); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		committed := false
		defer func() {
			if committed {
				return
			}
			// Also on panic. Nothing may be left open for the next writer.
			if _, e := w.ExecContext(end, "ROLLBACK"); e != nil {
				w.discard()
			}
		}()
		if err := fn(); err != nil {
			return err
		}
		if _, err := w.ExecContext(end, "COMMIT"); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		committed = true
		select {
		case w.wrote <- struct{}{}:
		default:
		}
		return nil
	})
}

// write runs fn once in a transaction.
func (w *writer) write(ctx context.Context, fn func(*Tx) error) error {
	return w.transact(ctx, func() error {
		return fn(&Tx{now: time.Now(), session: w, insert: w.insert})
	})
}

// run commits a batch. Its statements are few and short, so they are not
// interruptible, which would cost a goroutine each.
func (w *writer) run(ctx context.Context, steps []step) error {
	return w.transact(ctx, func() error {
		ctx := context.WithoutCancel(ctx)
		for i := range steps {
			if err := w.step(ctx, &steps[i]); err != nil {
				return fmt.Errorf("%s: %w", steps[i].name(i), err)
			}
		}
		return nil
	})
}

func (w *writer) step(ctx context.Context, s *step) error {
	if s.insert != nil {
		done, err := w.insert(ctx, s.insert)
		s.done.Rows = done
		return err
	}
	if s.each == nil {
		res, err := w.ExecContext(ctx, s.query, s.args...)
		if err != nil {
			return err
		}
		s.count.Rows, err = res.RowsAffected()
		return err
	}
	rows, err := w.QueryContext(ctx, s.query, s.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := s.each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// stmt returns query prepared on the connection, or nil if it cannot be.
func (w *writer) stmt(ctx context.Context, query string) *sql.Stmt {
	st := w.stmts[query]
	if st == nil && len(w.stmts) < maxPrepared {
		var err error
		if st, err = w.conn.PrepareContext(ctx, query); err != nil {
			return nil
		}
		w.stmts[query] = st
	}
	return st
}

// ExecContext, QueryContext and QueryRowContext make the writer the session of
// its transactions.
func (w *writer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if st := w.stmt(ctx, query); st != nil {
		return st.ExecContext(ctx, args...)
	}
	return w.conn.ExecContext(ctx, query, args...)
}

func (w *writer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if st := w.stmt(ctx, query); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return w.conn.QueryContext(ctx, query, args...)
}

func (w *writer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if st := w.stmt(ctx, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return w.conn.QueryRowContext(ctx, query, args...)
}
