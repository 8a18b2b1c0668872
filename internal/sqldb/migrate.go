package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// Migrate brings the schema called name up to the newest file of fsys. Each
// name counts its versions in a table of its own, so that several schemas live
// in one database. Any number of processes may migrate at the same moment.
func (db *DB) Migrate(ctx context.Context, name string, fsys fs.FS) error {
	migrate := db.migratePostgres
	if db.engine == SQLite {
		migrate = db.migrateSQLite
	}
	if err := migrate(ctx, name, dialect{fsys, db.engine}); err != nil {
		return fmt.Errorf("migrate %s: %w", name, err)
	}
	return nil
}

func up(ctx context.Context, pool *sql.DB, d database.Dialect, name string, fsys fs.FS) error {
	p, err := goose.NewProvider(d, pool, fsys, goose.WithTableName(name+"_schema_version"),
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// migratePostgres holds a lock of the session meanwhile; the server frees it
// if this process dies.
func (db *DB) migratePostgres(ctx context.Context, name string, fsys fs.FS) error {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer conn.Close()
	h := fnv.New64a()
	h.Write([]byte("rapport.migrate." + name))
	key := int64(h.Sum64())
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return err
	}
	defer func() {
		// If it fails, the lock goes with the session.
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key)
	}()
	return up(ctx, db.pool, database.DialectPostgres, name, fsys)
}

// migrateSQLite has no lock that outlives a transaction. A process that loses
// the race for one file finds it applied at the next attempt; an honest error
// is still there after the last.
func (db *DB) migrateSQLite(ctx context.Context, name string, fsys fs.FS) error {
	pool, err := sql.Open("sqlite", db.dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	for range attempts {
		if err = up(ctx, pool, database.DialectSQLite3, name, fsys); err == nil {
			return nil
		}
	}
	return err
}
