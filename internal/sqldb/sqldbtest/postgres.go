package sqldbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// server is a PostgreSQL server, started when the first test asks.
type server struct {
	once  sync.Once
	fsync bool
	addr  string // of the database "postgres", as a superuser
	err   error
}

var (
	quick   = server{}
	durable = server{fsync: true}
	created atomic.Int64
)

// fresh creates an empty database.
func fresh(t testing.TB, s *server) string {
	t.Helper()
	s.once.Do(func() {
		if s.addr = os.Getenv("RAPPORT_TEST_POSTGRES"); s.addr == "" {
			s.addr, s.err = start(s.fsync)
		}
	})
	if s.err != nil {
		missing(t, s.err)
	}
	u, err := url.Parse(s.addr)
	if err != nil {
		t.Fatalf("RAPPORT_TEST_POSTGRES: %v", err)
	}
	// The process id keeps apart the test binaries that share one server.
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), created.Add(1))
	if err := admin(s.addr, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	// A private server takes its databases along; dropping each would make it
	// write a checkpoint.
	if os.Getenv("RAPPORT_TEST_POSTGRES") != "" {
		t.Cleanup(func() {
			if err := admin(s.addr, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
				t.Errorf("drop test database: %v", err)
			}
		})
	}
	u.Path = "/" + name
	return u.String()
}

// missing skips where a developer has no PostgreSQL, and fails in CI, where a
// silent skip would pass for a success.
func missing(t testing.TB, err error) {
	t.Helper()
	if ci, _ := strconv.ParseBool(os.Getenv("CI")); ci {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	t.Skipf("PostgreSQL for tests: %v", err)
}

func admin(addr, statement string) error {
	db, err := sql.Open("pgx", addr)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(context.Background(), statement)
	return err
}

// binaries finds the folder of initdb and postgres: on PATH, or where Debian
// keeps each version, the newest first.
func binaries() (string, error) {
	dirs := filepath.SplitList(os.Getenv("PATH"))
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for i := len(debian) - 1; i >= 0; i-- {
		dirs = append(dirs, debian[i])
	}
	for _, dir := range dirs {
		_, err1 := os.Stat(filepath.Join(dir, "initdb"))
		_, err2 := os.Stat(filepath.Join(dir, "postgres"))
		if err1 == nil && err2 == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("initdb and postgres not found; install PostgreSQL or set RAPPORT_TEST_POSTGRES")
}
