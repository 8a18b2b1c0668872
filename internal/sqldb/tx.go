package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Tx is a running transaction, valid until the closure it was given to
// returns. It is not for concurrent use, and a query's rows must be closed
// before the next statement: PostgreSQL refuses otherwise, SQLite would mix
// two readings of the same text.
type Tx struct {
	now     time.Time
	session session
	// insert is the engine's bulk insert within this transaction.
	insert func(context.Context, *Insert) ([]bool, error)
}

// session is what a transaction's statements run on: SQLite's writing
// connection, or a transaction of database/sql.
type session interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

var errReadOnly = errors.New("write in a read-only transaction")

// Now is the time the transaction began, the same at every call.
func (tx *Tx) Now() time.Time { return tx.now }

// Exec runs a statement and returns how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := tx.session.ExecContext(ctx, query, storableArgs(args)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query reads rows.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.session.QueryContext(ctx, query, storableArgs(args)...)
}

// QueryRow reads one row.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return tx.session.QueryRowContext(ctx, query, storableArgs(args)...)
}

// Insert adds many rows and tells which were inserted, as far as in.Ordinal
// allows.
func (tx *Tx) Insert(ctx context.Context, in Insert) ([]bool, error) {
	n, err := in.rows()
	if err != nil || n == 0 {
		return nil, err
	}
	if tx.insert == nil {
		return nil, errReadOnly
	}
	in = in.storable()
	done, err := tx.insert(ctx, &in)
	if err != nil {
		return nil, fmt.Errorf("insert into %s: %w", in.Into, err)
	}
	return done, nil
}

// Write runs fn in a transaction that commits if fn returns nil: READ
// COMMITTED on PostgreSQL, BEGIN IMMEDIATE on SQLite. It repeats fn, a bounded
// number of times, when the database asks for it.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) (err error) {
	ctx, end := db.span(ctx, "sqldb.Write")
	defer func() { end(err) }()
	run := db.writePostgres
	if db.writer != nil {
		run = db.writer.write
	}
	return retry(ctx, func() error { return run(ctx, fn) })
}

// Read runs fn in a read-only transaction over one snapshot of the database.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) (err error) {
	ctx, end := db.span(ctx, "sqldb.Read")
	defer func() { end(err) }()
	opts := &sql.TxOptions{ReadOnly: true}
	if db.engine == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	return retry(ctx, func() error {
		stx, err := db.pool.BeginTx(ctx, opts)
		if err != nil {
			return fmt.Errorf("begin: %w", unavailable(err))
		}
		defer stx.Rollback()
		tx := &Tx{now: time.Now(), session: snapshot{stx, db.texts}}
		return fn(tx)
	})
}

// snapshot reads inside a transaction with the pool's prepared statements.
type snapshot struct {
	*sql.Tx
	texts *prepared
}

func (s snapshot) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if st := s.texts.known(query); st != nil {
		return s.Tx.StmtContext(ctx, st).QueryContext(ctx, args...)
	}
	return s.Tx.QueryContext(ctx, query, args...)
}

func (s snapshot) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if st := s.texts.known(query); st != nil {
		return s.Tx.StmtContext(ctx, st).QueryRowContext(ctx, args...)
	}
	return s.Tx.QueryRowContext(ctx, query, args...)
}
