package sqldb

import (
	"context"
	"testing"
	"time"
)

// However much is written, the journal is moved into the file without the writer, and
// begins anew.
func TestJournalBeginsAnew(t *testing.T) {
	db, err := Open(t.Context(), "sqlite:"+t.TempDir()+"/x.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(query string, args ...any) {
		t.Helper()
		b := NewBatch()
		b.Exec(query, args...)
		if err := db.Run(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE page (id INTEGER PRIMARY KEY, body BYTEA NOT NULL)")
	body := make([]byte, 4000*1024)
	for range checkpointAt/1000 + 1 {
		exec("INSERT INTO page (body) VALUES ($1)", body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		waiting, err := checkpoint(ctx, db.checkpointer.conn, "NOOP")
		if err != nil {
			t.Fatal("nobody moves the journal: ", err)
		}
		if waiting == 0 {
			break
		}
		exec("UPDATE page SET body = body WHERE id = 0") // another look
	}
	exec("INSERT INTO page (body) VALUES ('x')")
	var busy, all, moved int
	if err := db.checkpointer.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &all, &moved); err != nil || all > 100 {
		t.Errorf("the journal goes on behind %d pages: %v", all, err)
	}
}
