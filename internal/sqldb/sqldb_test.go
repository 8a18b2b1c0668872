package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

const schema = `-- +goose Up
CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL);
CREATE TABLE item (seq BIGINT PRIMARY KEY, kind INTEGER, name TEXT, blob BYTEA, ok BOOLEAN, x DOUBLE PRECISION);
CREATE UNIQUE INDEX item_name ON item (name);
INSERT INTO counter VALUES (1, 0);
`

func migrate(t *testing.T, db *sqldb.DB) {
	t.Helper()
	fsys := fstest.MapFS{"0001_start.sql": {Data: []byte(schema)}}
	if err := db.Migrate(t.Context(), "test", fsys); err != nil {
		t.Fatal(err)
	}
}

func value(t *testing.T, db sqldb.Querier, query string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrateTogether(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		dbs := []*sqldb.DB{sqldbtest.Open(t, url), sqldbtest.Open(t, url), sqldbtest.Open(t, url)}
		var wg sync.WaitGroup
		for _, db := range dbs {
			wg.Go(func() { migrate(t, db) })
		}
		wg.Wait()
		if n := value(t, dbs[0], "SELECT count(*) FROM counter"); n != 1 {
			t.Errorf("migration ran %d times", n)
		}
		other := fstest.MapFS{"0001_other.sql": {Data: []byte("-- +goose Up\nCREATE TABLE other (a BIGINT)" +
			" /*sqlite STRICT*/ /*postgres WITH (fillfactor = 50)*/;\n")}}
		err := dbs[0].Migrate(t.Context(), "other", other)
		// BIGINT is no type of a STRICT table: the comment was opened there.
		if strict := dbs[0].Engine() == sqldb.SQLite; (err != nil) != strict {
			t.Errorf("engine's own text: %v", err)
		}
	})
}

func TestWrite(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		dbs := []*sqldb.DB{sqldbtest.Open(t, url), sqldbtest.Open(t, url)}
		migrate(t, dbs[0])
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 10 {
					err := dbs[i%2].Write(ctx, func(tx *sqldb.Tx) error {
						if now := tx.Now(); !now.Equal(tx.Now()) {
							t.Error("time moved within a transaction")
						}
						_, err := tx.Exec(ctx, "UPDATE counter SET n = n + 1 WHERE id = $1", 1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := value(t, dbs[1], "SELECT n FROM counter"); n != 80 {
			t.Errorf("%d increments, want 80", n)
		}
	})
}

func TestWriteRollsBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		migrate(t, db)
		boom := errors.New("boom")
		add := func(tx *sqldb.Tx) {
			if _, err := tx.Exec(ctx, "UPDATE counter SET n = n + 1"); err != nil {
				t.Error(err)
			}
		}
		if err := db.Write(ctx, func(tx *sqldb.Tx) error { add(tx); return boom }); !errors.Is(err, boom) {
			t.Errorf("got %v", err)
		}
		func() {
			defer func() { recover() }()
			db.Write(ctx, func(tx *sqldb.Tx) error { add(tx); panic("boom") })
		}()
		gone, cancel := context.WithCancel(ctx)
		if err := db.Write(gone, func(tx *sqldb.Tx) error { add(tx); cancel(); return gone.Err() }); err == nil {
			t.Error("committed for a caller that left")
		}
		if n := value(t, db, "SELECT n FROM counter"); n != 0 {
			t.Errorf("%d increments left behind", n)
		}
		if err := db.Write(ctx, func(tx *sqldb.Tx) error { add(tx); return nil }); err != nil {
			t.Error(err)
		}
	})
}

// More readers than there are connections, each with a text nobody has prepared:
// none may wait for a second connection while it holds one.
func TestReadersDoNotWaitForEachOther(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		migrate(t, db)
		var g errgroup.Group
		for i := range 200 {
			g.Go(func() error {
				return db.Read(t.Context(), func(tx *sqldb.Tx) error {
					var n int64
					return tx.QueryRow(t.Context(), fmt.Sprintf("SELECT count(*) + %d FROM counter", i)).Scan(&n)
				})
			})
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestRead(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		migrate(t, db)
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			before := value(t, tx, "SELECT n FROM counter WHERE id = $1", 1)
			b := sqldb.NewBatch()
			b.Exec("UPDATE counter SET n = n + 1")
			if err := db.Run(ctx, b); err != nil {
				t.Error(err)
			}
			if after := value(t, tx, "SELECT n FROM counter WHERE id = $1", 1); after != before {
				t.Errorf("snapshot moved from %d to %d", before, after)
			}
			if _, err := tx.Exec(ctx, "UPDATE counter SET n = 7"); err == nil {
				t.Error("wrote in a read-only transaction")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if n := value(t, db, "SELECT n FROM counter"); n != 1 {
			t.Errorf("counter is %d, want 1", n)
		}
	})
}

// items is an insert that numbers its rows from the counter.
func items(names ...string) sqldb.Insert {
	n := len(names)
	in := sqldb.Insert{Into: "item", Args: []any{1, n}, OnConflict: "ON CONFLICT DO NOTHING",
		Ordinal: "seq - (SELECT n FROM counter WHERE id = $1) + $2",
	}
	kind, ok, x, blob := make([]int16, n), make([]bool, n), make([]float64, n), make([][]byte, n)
	for i := range names {
		kind[i], ok[i], x[i] = int16(-i), i%2 == 0, float64(i)/2
		if i > 0 {
			blob[i] = []byte{0, byte(i)}
		}
	}
	in.Columns = []sqldb.Column{
		{Name: "seq", Expr: "(SELECT n FROM counter WHERE id = $1) - $2", Counted: true},
		{Name: "kind", Data: kind}, {Name: "name", Data: names}, {Name: "blob", Data: blob},
		{Name: "ok", Data: ok}, {Name: "x", Data: x},
	}
	return in
}

func TestRun(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		migrate(t, db)
		add := func(names ...string) ([]bool, int64) {
			var head int64
			b := sqldb.NewBatch()
			b.Query(func(scan func(...any) error) error { return scan(&head) },
				"UPDATE counter SET n = n + $2 WHERE id = $1 RETURNING n", 1, len(names))
			done := b.Insert(items(names...))
			count := b.Exec("UPDATE counter SET n = n WHERE id = 1")
			if err := db.Run(ctx, b); err != nil {
				t.Fatal(err)
			}
			if count.Rows != 1 {
				t.Errorf("%d rows changed, want 1", count.Rows)
			}
			return done.Rows, head
		}
		done, head := add("a", "b", "c")
		if diff := cmp.Diff([]bool{true, true, true}, done); diff != "" || head != 3 {
			t.Errorf("first batch: head %d %s", head, diff)
		}
		done, head = add("d", "b", "e", "d")
		if diff := cmp.Diff([]bool{true, false, true, false}, done); diff != "" || head != 7 {
			t.Errorf("with duplicates: head %d %s", head, diff)
		}
		if seq := value(t, db, "SELECT seq FROM item WHERE name = $1", "e"); seq != 6 {
			t.Errorf("e has number %d, want 6", seq)
		}
		var blob []byte
		if err := db.QueryRow(ctx, "SELECT blob FROM item WHERE name = 'a'").Scan(&blob); err != nil || blob != nil {
			t.Errorf("NULL came back as %v, %v", blob, err)
		}
		if kind := value(t, db, "SELECT kind FROM item WHERE name = 'c' AND ok AND x = 1"); kind != -2 {
			t.Errorf("c has kind %d", kind)
		}
	})
}

func TestRunFails(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		migrate(t, db)
		for range 3 {
			in := items("a", "a")
			in.OnConflict, in.Ordinal = "", ""
			b := sqldb.NewBatch()
			b.Exec("UPDATE counter SET n = n + 2 WHERE id = 1")
			b.Insert(in)
			if err := db.Run(ctx, b); !sqldb.IsUnique(err) || sqldb.IsUnknown(err) || sqldb.IsRetryable(err) {
				t.Fatalf("got %v", err)
			}
			b = sqldb.NewBatch()
			b.Query(func(func(...any) error) error { return errors.New("no thanks") }, "SELECT 1")
			b.Exec("UPDATE counter SET n = n + 2 WHERE id = 1")
			if err := db.Run(ctx, b); err == nil && db.Engine() == sqldb.SQLite {
				t.Fatal("committed although a reader refused")
			}
		}
		if n := value(t, db, "SELECT count(*) FROM item"); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})
}

func TestInsertInTx(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		migrate(t, db)
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE counter SET n = n + 2"); err != nil {
				return err
			}
			done, err := tx.Insert(ctx, items("x", "x"))
			if diff := cmp.Diff([]bool{true, false}, done); diff != "" {
				t.Error(diff)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		bad := items("p", "q")
		bad.Columns[1].Data = []int16{1}
		if err := db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Insert(ctx, bad); return err }); err == nil {
			t.Error("took columns of different length")
		}
		if n := value(t, db, "SELECT count(*) FROM item"); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
}
