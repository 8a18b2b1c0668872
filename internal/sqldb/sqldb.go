// Package sqldb opens a service's database, embedded SQLite or PostgreSQL, and
// holds every fact that differs between the two. Callers write one SQL text
// with $n placeholders, BIGINT, INTEGER, TEXT and BYTEA columns, upserts and
// RETURNING; it runs unchanged on both.
//
// There are three ways in. Read and Query never wait for a writer. Write runs
// a closure in a transaction and repeats it after a deadlock, so the closure
// has no effect outside its Tx. Run commits a Batch, statements that are all
// known beforehand, in a single round trip: the way for hot, unguarded writes.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Engine names a kind of database.
type Engine string

const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is one open database. It is safe for concurrent use.
type DB struct {
	engine Engine
	dsn    string
	// pool serves PostgreSQL, and the reads of SQLite.
	pool *sql.DB
	// texts keeps the pool's statements prepared; nil where the driver does so.
	texts *prepared
	// writer is SQLite's one writing connection, nil on PostgreSQL.
	writer       *writer
	checkpointer *checkpointer
	// writers holds a token for each connection that writes to PostgreSQL.
	writers chan struct{}
}

// Open connects to a "postgres://…" address, or opens, creating it if need be,
// the SQLite file "PATH" or "sqlite:PATH".
func Open(ctx context.Context, url string) (*DB, error) {
	open := openSQLite
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		open = openPostgres
	}
	db, err := open(url)
	if err != nil {
		return nil, err
	}
	if err := db.Ping(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}

// Engine tells which kind of database this is. Only tests and messages ask:
// code that must differ belongs into this package.
func (db *DB) Engine() Engine { return db.engine }

// Ping tells whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if db.writer != nil {
		if err := db.writer.present(); err != nil {
			return err
		}
	}
	var one int
	return db.QueryRow(ctx, "SELECT 1").Scan(&one)
}

// Close waits for the running write and closes every connection.
func (db *DB) Close() error {
	if db.texts != nil {
		db.texts.close()
	}
	// Readers first: the last SQLite connection to close folds the journal into
	// the file, and only the writer may.
	err := db.pool.Close()
	if db.writer != nil {
		err = errors.Join(err, db.checkpointer.close(), db.writer.close())
	}
	return err
}

// Query reads rows outside any transaction.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	args = storableArgs(args)
	if st := db.texts.get(ctx, query); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return db.pool.QueryContext(ctx, query, args...)
}

// QueryRow reads one row outside any transaction.
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	args = storableArgs(args)
	if st := db.texts.get(ctx, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return db.pool.QueryRowContext(ctx, query, args...)
}

// Querier reads: a DB from the latest commit, a Tx from its own view.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

// attempts bounds how often a transaction is repeated after a deadlock, a
// serialization error or a busy file. The pauses add up to about a second.
const attempts = 8

// retry repeats do while the database says that repeating may help.
func retry(ctx context.Context, do func() error) error {
	pause := 5 * time.Millisecond
	for try := 1; ; try++ {
		err := do()
		if err == nil || try == attempts || !IsRetryable(err) {
			return err
		}
		// Jitter, or two transactions that met once meet again.
		t := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-ctx.Done():
			t.Stop()
			return err
		case <-t.C:
		}
		pause *= 2
	}
}
