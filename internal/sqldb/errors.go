package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrNoRows is what the Scan of a QueryRow tells where there is no row.
var ErrNoRows = sql.ErrNoRows

// lostError is a connection that could not be had or broke.
type lostError struct {
	err error
	// unknown: a commit had been sent and its answer never came.
	unknown bool
}

func (e *lostError) Error() string {
	if e.unknown {
		return "connection lost during commit, outcome unknown: " + e.err.Error()
	}
	return "database unavailable: " + e.err.Error()
}

func (e *lostError) Unwrap() error { return e.err }

// unavailable marks an error met before anything could have been committed,
// unless the database itself or the caller's context gave it.
func unavailable(err error) error {
	if err == nil || spoken(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &lostError{err: err}
}

// unknown marks an error met after a commit was sent, unless the database
// itself gave it: what a server refused it has rolled back. A session's last
// word, that it is being ended, does not say on which side of the commit.
func unknown(err error) error {
	var pg *pgconn.PgError
	ended := errors.As(err, &pg) && pg.Severity == "FATAL"
	if err == nil || spoken(err) && !ended {
		return err
	}
	return &lostError{err: err, unknown: true}
}

// spoken tells whether the error is an answer of the database.
func spoken(err error) bool {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	return errors.As(err, &pg) || errors.As(err, &lite)
}

// IsUnique tells that a row with the same unique key is already there.
func IsUnique(err error) bool {
	switch liteCode(err) {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return true
	}
	return pgCode(err) == "23505"
}

// IsNull tells that a column would have become NULL that must not be.
func IsNull(err error) bool {
	return pgCode(err) == "23502" || liteCode(err) == sqlite3.SQLITE_CONSTRAINT_NOTNULL
}

// IsRetryable tells that the transaction was rolled back for the sake of
// another and may succeed if repeated. Write and Run have already repeated it.
func IsRetryable(err error) bool {
	switch pgCode(err) {
	case "40001", "40P01", "55P03": // serialization, deadlock, lock timeout
		return true
	}
	switch liteCode(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	return false
}

// IsUnavailable tells that the database cannot be reached or is going down.
func IsUnavailable(err error) bool {
	var lost *lostError
	if errors.As(err, &lost) || errors.Is(err, driver.ErrBadConn) {
		return true
	}
	var dial *pgconn.ConnectError
	var broken *net.OpError
	if errors.As(err, &dial) || errors.As(err, &broken) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	switch code := pgCode(err); code {
	case "57P01", "57P02", "57P03", "53300": // shutting down, starting, too many connections
		return true
	default:
		return len(code) == 5 && code[:2] == "08"
	}
}

// IsUnknown tells that the transaction may or may not have been committed. A
// retry is safe only if it can recognise what the first attempt wrote.
func IsUnknown(err error) bool {
	var lost *lostError
	return errors.As(err, &lost) && lost.unknown
}

// IsFull tells that the disk has no room left.
func IsFull(err error) bool {
	return pgCode(err) == "53100" || liteCode(err)&0xff == sqlite3.SQLITE_FULL
}

func pgCode(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

func liteCode(err error) int {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()
	}
	return 0
}
