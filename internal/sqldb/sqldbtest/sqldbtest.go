// Package sqldbtest gives tests fresh databases on both engines. PostgreSQL
// comes from the server that RAPPORT_TEST_POSTGRES names, or from a private
// one, started once per test process and gone when that process is.
package sqldbtest

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Each runs fn as one subtest per engine, each on a fresh, empty database.
func Each(t *testing.T, fn func(t *testing.T, db *sqldb.DB)) {
	EachURL(t, func(t *testing.T, url string) { fn(t, Open(t, url)) })
}

// EachURL is Each for tests that open the database themselves, for instance
// more than once, as replicas do.
func EachURL(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run(string(sqldb.SQLite), func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run(string(sqldb.Postgres), func(t *testing.T) { fn(t, Postgres(t)) })
}

// Open opens a handle on the database at url and closes it with the test.
func Open(t testing.TB, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// SQLite returns the address of a file yet to be created.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// Postgres returns the address of a fresh database on a server that does not
// wait for the disk: right for tests, wrong for measuring.
func Postgres(t testing.TB) string {
	t.Helper()
	return fresh(t, &quick)
}

// PostgresDurable is Postgres on a server with fsync on, as in production: for
// benchmarks and kill tests.
func PostgresDurable(t testing.TB) string {
	t.Helper()
	return fresh(t, &durable)
}
