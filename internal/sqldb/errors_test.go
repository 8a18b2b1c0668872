package sqldb_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

func TestUniqueInWrite(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		migrate(t, db)
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO counter (id, n) VALUES ($1, $2)", 1, 0)
			return err
		})
		if !sqldb.IsUnique(err) || sqldb.IsRetryable(err) || sqldb.IsUnavailable(err) || sqldb.IsFull(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFull(t *testing.T) {
	db, ctx := sqldbtest.Open(t, sqldbtest.SQLite(t)), t.Context()
	migrate(t, db)
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		var pages int
		if err := tx.QueryRow(ctx, "PRAGMA max_page_count = 1").Scan(&pages); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO item (seq, blob) VALUES (1, zeroblob(1000000))")
		return err
	})
	if !sqldb.IsFull(err) || sqldb.IsUnavailable(err) {
		t.Errorf("got %v", err)
	}
}

// A session that the server ends in the middle of a transaction leaves nothing
// behind, and the next transaction finds a working connection.
func TestConnectionLost(t *testing.T) {
	db, ctx := sqldbtest.Open(t, sqldbtest.Postgres(t)), t.Context()
	migrate(t, db)
	b := sqldb.NewBatch()
	b.Exec("UPDATE counter SET n = n + 1")
	b.Query(func(scan func(...any) error) error { var ok bool; return scan(&ok) }, "SELECT pg_terminate_backend(pg_backend_pid())")
	b.Exec("UPDATE counter SET n = n + 1")
	if err := db.Run(ctx, b); !sqldb.IsUnavailable(err) || !sqldb.IsUnknown(err) {
		t.Errorf("batch: %v", err)
	}
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE counter SET n = n + 1"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
		return err
	})
	if !sqldb.IsUnavailable(err) || sqldb.IsUnknown(err) {
		t.Errorf("transaction: %v", err)
	}
	if n := value(t, db, "SELECT n FROM counter"); n != 0 {
		t.Errorf("%d increments left behind", n)
	}
}

func TestUnavailable(t *testing.T) {
	_, err := sqldb.Open(t.Context(), "postgres://nobody@127.0.0.1:1/nothing")
	if !sqldb.IsUnavailable(err) || sqldb.IsUnknown(err) {
		t.Errorf("got %v", err)
	}
	if _, err := sqldb.Open(t.Context(), t.TempDir()); err == nil {
		t.Error("opened a folder as a database")
	}
}

// Two transactions that lock each other's rows both come through, one of them
// at its second attempt.
func TestDeadlockIsRepeated(t *testing.T) {
	db, ctx := sqldbtest.Open(t, sqldbtest.Postgres(t)), t.Context()
	migrate(t, db)
	b := sqldb.NewBatch()
	b.Exec("INSERT INTO counter (id, n) VALUES (2, 0)")
	if err := db.Run(ctx, b); err != nil {
		t.Fatal(err)
	}
	locked := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	add := func(me int) error {
		first := true
		return db.Write(ctx, func(tx *sqldb.Tx) error {
			for i, id := range []int{1 + me, 2 - me} {
				if _, err := tx.Exec(ctx, "UPDATE counter SET n = n + 1 WHERE id = $1", id); err != nil {
					return err
				}
				if i == 0 && first {
					first = false
					close(locked[me])
					<-locked[1-me]
				}
			}
			return nil
		})
	}
	other := make(chan error, 1)
	go func() { other <- add(1) }()
	if err := errors.Join(add(0), <-other); err != nil {
		t.Error(err)
	}
	if n := value(t, db, "SELECT sum(n) FROM counter"); n != 4 {
		t.Errorf("%d increments, want 4", n)
	}
}

func TestCancelledBeforeItBegins(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		migrate(t, db)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		b := sqldb.NewBatch()
		b.Exec("UPDATE counter SET n = n + 1")
		if err := db.Run(gone, b); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if n := value(t, db, "SELECT n FROM counter"); n != 0 {
			t.Errorf("%d increments for a caller that had left", n)
		}
	})
}

// A file removed under a running server takes nothing more: what SQLite would
// still say is stored would be gone with the process.
func TestFileGone(t *testing.T) {
	url := sqldbtest.SQLite(t)
	db, ctx := sqldbtest.Open(t, url), t.Context()
	migrate(t, db)
	path := strings.TrimPrefix(url, "sqlite:")
	add := func() error {
		b := sqldb.NewBatch()
		b.Exec("UPDATE counter SET n = n + 1")
		return db.Run(ctx, b)
	}
	if err := errors.Join(add(), db.Ping(ctx), os.Rename(path, path+".away")); err != nil {
		t.Fatal(err)
	}
	if err := add(); !sqldb.IsUnavailable(err) || sqldb.IsUnknown(err) {
		t.Errorf("write: %v", err)
	}
	if err := db.Ping(ctx); !sqldb.IsUnavailable(err) {
		t.Errorf("ping: %v", err)
	}
	if err := errors.Join(os.Rename(path+".away", path), add(), db.Ping(ctx)); err != nil {
		t.Error(err)
	}
	if n := value(t, db, "SELECT n FROM counter"); n != 2 {
		t.Errorf("counted %d, want 2", n)
	}
}
