package walfile

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"modernc.org/libc"
	_ "modernc.org/sqlite" // registers the driver
	sqlite3 "modernc.org/sqlite/lib"
)

// dial opens a connection to a file, with so many pages of memory: with few of them SQLite
// writes pages to the journal before the commit, and reads them back from it.
func dial(t *testing.T, path, vfs string, pages int) *sql.DB {
	t.Helper()
	if err := Register(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(%d)%s", path, pages, vfs))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func one(t *testing.T, db *sql.DB, query string) (out int64) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&out); err != nil {
		t.Error(query, err)
	}
	return out
}

const (
	accounts = 3000
	each     = 100
)

// Whoever reads, by this file system or by the usual one as another program would, finds
// every commit whole, while large transactions come and some are taken back, and the
// journal begins anew now and then.
func TestEveryCommitIsWholeToOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	w := dial(t, path, "&vfs="+Name+"&_pragma=wal_autocheckpoint(200)", 10)
	for _, text := range []string{"CREATE TABLE account (id INTEGER PRIMARY KEY, points INTEGER, filler BLOB)",
		fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO account SELECT i, %d, randomblob(500) FROM n", accounts, each)} {
		if _, err := w.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for _, vfs := range []string{"", "&vfs=" + Name} {
		db := dial(t, path, vfs, 10)
		readers.Go(func() {
			for ctx.Err() == nil {
				if sum := one(t, db, "SELECT sum(points) FROM account"); sum != accounts*each {
					t.Errorf("%d points", sum)
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		transfer(t, w, r)
	}
	stop()
	readers.Wait()
	for _, vfs := range []string{"", "&vfs=" + Name} {
		if sum := one(t, dial(t, path, vfs, 1000), "SELECT sum(points) FROM account"); sum != accounts*each {
			t.Errorf("%d points in the end", sum)
		}
	}
	var health string
	if err := dial(t, path, "", 1000).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&health); err != nil || health != "ok" {
		t.Error(health, err)
	}
}

// transfer moves points about between many accounts, and takes it back at times.
func transfer(t *testing.T, w *sql.DB, r *rand.Rand) {
	t.Helper()
	tx, err := w.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 1 + r.IntN(300) {
		n, from := r.IntN(5), r.IntN(accounts)
		into := (from + 1 + r.IntN(accounts-1)) % accounts
		for account, points := range map[int]int{1 + from: -n, 1 + into: n} {
			if _, err := tx.ExecContext(t.Context(), "UPDATE account SET points = points + $1, filler = randomblob(500) WHERE id = $2", points, account); err != nil {
				t.Fatal(err)
			}
		}
	}
	end := tx.Commit
	if r.IntN(4) == 0 {
		end = tx.Rollback
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
}

// disk is what a journal of the test is written to.
type disk struct {
	full    bool
	written []byte
	calls   int
}

var testDisk disk

func onDisk(_ *libc.TLS, _, buf uintptr, n int32, offset int64) int32 {
	if testDisk.full {
		return sqlite3.SQLITE_FULL
	}
	testDisk.calls++
	for i := range int64(n) {
		for int64(len(testDisk.written)) <= offset+i {
			testDisk.written = append(testDisk.written, 0)
		}
		testDisk.written[offset+i] = *lies[byte](buf + uintptr(i))
	}
	return sqlite3.SQLITE_OK
}

func synced(*libc.TLS, uintptr, int32) int32 { return sqlite3.SQLITE_OK }

// Pages beside each other are written at once, others by themselves, none twice and none
// too late; what cannot be written is told when the file is flushed, and what comes then
// begins anew.
func TestWritesAreGathered(t *testing.T) {
	tls := libc.NewTLS()
	defer tls.Close()
	const file, page = 77, 4120
	testDisk = disk{}
	methods := libc.Xcalloc(tls, 1, 512)
	m := lies[sqlite3.Tsqlite3_io_methods](methods)
	m.FxWrite, m.FxSync = pointer(moves(onDisk)), pointer(syncs(synced))
	journals.mu.Lock()
	if journals.all == nil {
		journals.all = map[uintptr]*journal{}
	}
	journals.all[file] = &journal{file: file, of: m}
	journals.mu.Unlock()
	t.Cleanup(func() { journals.mu.Lock(); delete(journals.all, file); journals.mu.Unlock() })
	buf := libc.Xmalloc(tls, page)
	put := func(mark byte, n int32, offset int64) int32 {
		for i := range uintptr(page) {
			*lies[byte](buf + i) = mark
		}
		return write(tls, file, buf, n, offset)
	}
	for i := range int64(100) {
		if put(byte(i), 24, i*page) != 0 || put(byte(i), page-24, i*page+24) != 0 {
			t.Fatal("not gathered")
		}
	}
	put(200, 10, 5) // a page that is written again
	if rc := flush(tls, file, 0); rc != 0 || testDisk.calls > 6 || len(testDisk.written) != 100*page {
		t.Errorf("code %d, %d writes of %d bytes", rc, testDisk.calls, len(testDisk.written))
	}
	for i, b := range testDisk.written {
		if want := byte(i / page); b != want && (i < 5 || i >= 15 || b != 200) {
			t.Fatalf("byte %d is %d", i, b)
		}
	}
	testDisk.full = true
	put(1, page, 0)
	if rc := flush(tls, file, 0); rc != sqlite3.SQLITE_FULL {
		t.Errorf("a full disk: code %d", rc)
	}
	// Who reads while the disk is full is told; what was gathered is not lost by that.
	put(7, page, 0)
	if rc := read(tls, file, buf, page, 0); rc != sqlite3.SQLITE_FULL {
		t.Errorf("reading from a full disk: code %d", rc)
	}
	testDisk = disk{}
	if rc := flush(tls, file, 0); rc != 0 || len(testDisk.written) != page || testDisk.written[0] != 7 {
		t.Errorf("code %d, %d bytes after the disk was full", rc, len(testDisk.written))
	}
	testDisk = disk{}
	put(9, page, page)
	if rc := flush(tls, file, 0); rc != 0 || len(testDisk.written) != 2*page || testDisk.written[0] != 0 || testDisk.written[page] != 9 {
		t.Errorf("code %d, %d bytes", rc, len(testDisk.written))
	}
}
