package sqldb

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/rapport-cx/rapport/internal/sqldb/walfile"
)

// openSQLite opens one connection that writes and a pool that reads. In WAL
// mode neither waits for the other.
func openSQLite(addr string) (*DB, error) {
	if err := walfile.Register(); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(strings.TrimPrefix(addr, "sqlite:"))
	if err != nil {
		return nil, fmt.Errorf("database file %q: %w", addr, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	// A larger cache costs more than it saves: SQLite looks through all of it at the end of
	// nearly every transaction, and the system has the file's pages in memory anyway.
	dsn := sqliteDSN(path, "_txlock=immediate", "cache_size(-16384)", fmt.Sprintf("wal_autocheckpoint(%d)", checkpointLate))
	w, err := openWriter(path, dsn)
	if err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", sqliteDSN(path, "_query_only=1", "cache_size(-16384)"))
	if err != nil {
		_ = w.close()
		return nil, err
	}
	keeper, err := openCheckpointer(path, w)
	if err != nil {
		_, _ = pool.Close(), w.close()
		return nil, err
	}
	readers := max(4, 2*runtime.NumCPU())
	pool.SetMaxOpenConns(readers)
	pool.SetMaxIdleConns(readers)
	texts := &prepared{pool: pool, by: map[string]*sql.Stmt{}}
	return &DB{engine: SQLite, dsn: dsn, pool: pool, texts: texts, writer: w, checkpointer: keeper}, nil
}

// sqliteDSN is the address the driver wants. FULL keeps every acknowledged
// commit through a loss of power, and is what walfile relies on.
func sqliteDSN(path, option string, pragmas ...string) string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}
	dsn := u.String() + "?vfs=" + walfile.Name + "&" + option
	for _, p := range append(pragmas, "busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "temp_store(MEMORY)") {
		dsn += "&_pragma=" + p
	}
	return dsn
}
