package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxConns is enough for one writer per brand and the readers beside it; more
// connections than that only fight for the server's cores.
const maxConns = 16

// maxWriters is how many of them may be in a transaction that writes. A closure
// reads beside its own transaction while others wait for the rows it has locked:
// had those taken every connection, all would wait for each other.
const maxWriters = maxConns * 3 / 4

func openPostgres(url string) (*DB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{engine: Postgres, dsn: url, pool: pool, writers: make(chan struct{}, maxWriters)}, nil
}

// enter waits for the right to hold a connection for writing; leave gives it back.
func (db *DB) enter(ctx context.Context) (leave func(), err error) {
	select {
	case db.writers <- struct{}{}:
		return func() { <-db.writers }, nil
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	}
}

// writePostgres runs fn once in a READ COMMITTED transaction.
func (db *DB) writePostgres(ctx context.Context, fn func(*Tx) error) error {
	leave, err := db.enter(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer leave()
	stx, err := db.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return fmt.Errorf("begin: %w", unavailable(err))
	}
	defer stx.Rollback()
	tx := &Tx{now: time.Now(), session: stx}
	tx.insert = func(ctx context.Context, in *Insert) ([]bool, error) {
		return insertPostgres(ctx, stx, in)
	}
	if err := fn(tx); err != nil {
		return err
	}
	if err := stx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", unknown(err))
	}
	return nil
}

// insertPostgres runs an Insert inside a transaction of database/sql.
func insertPostgres(ctx context.Context, stx *sql.Tx, in *Insert) ([]bool, error) {
	n, _ := in.rows()
	text, args := in.postgres()
	if in.Ordinal == "" {
		_, err := stx.ExecContext(ctx, text, args...)
		return in.all(n), err
	}
	rows, err := stx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	done := make([]bool, n)
	for rows.Next() {
		if err := scanOrdinal(rows.Scan, done); err != nil {
			return nil, err
		}
	}
	return done, rows.Err()
}

// scanOrdinal marks the row whose ordinal scan yields as inserted.
func scanOrdinal(scan func(dest ...any) error, done []bool) error {
	var ord int64
	if err := scan(&ord); err != nil {
		return err
	}
	if ord < 1 || ord > int64(len(done)) {
		return fmt.Errorf("ordinal %d of %d rows", ord, len(done))
	}
	done[ord-1] = true
	return nil
}

// runPostgres sends begin, every step and commit in one go and then reads the
// answers. pgx keeps the statements prepared on each connection.
func (db *DB) runPostgres(ctx context.Context, steps []step) error {
	leave, err := db.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer conn.Close()
	return conn.Raw(func(dc any) error {
		pc := dc.(*stdlib.Conn).Conn()
		committed, err := pipeline(ctx, pc, steps)
		if committed {
			return nil
		}
		// A failed pipeline leaves the transaction open, in error.
		if !pc.IsClosed() && pc.PgConn().TxStatus() != 'I' {
			// It fails only with the connection, which is then dropped.
			_, _ = pc.Exec(context.WithoutCancel(ctx), "rollback")
		}
		return unknown(err)
	})
}

// pipeline reports committed only if the server said so, whatever happened to
// the connection afterwards.
func pipeline(ctx context.Context, pc *pgx.Conn, steps []step) (committed bool, err error) {
	pb := &pgx.Batch{}
	pb.Queue("begin")
	for i := range steps {
		s := &steps[i]
		if s.insert != nil {
			text, args := s.insert.postgres()
			pb.Queue(text, args...)
		} else {
			pb.Queue(s.query, s.args...)
		}
	}
	pb.Queue("commit")
	br := pc.SendBatch(ctx, pb)
	defer br.Close()
	if _, err := br.Exec(); err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	for i := range steps {
		if err := steps[i].receive(br); err != nil {
			return false, fmt.Errorf("%s: %w", steps[i].name(i), err)
		}
	}
	tag, err := br.Exec()
	if err != nil {
		return false, fmt.Errorf("commit: %w", err)
	}
	if tag.String() != "COMMIT" {
		return false, errors.New("commit answered " + tag.String())
	}
	return true, nil
}

// receive reads one step's answer.
func (s *step) receive(br pgx.BatchResults) error {
	if s.each == nil && (s.insert == nil || s.insert.Ordinal == "") {
		tag, err := br.Exec()
		if err != nil {
			return err
		}
		if s.insert != nil {
			n, _ := s.insert.rows()
			s.done.Rows = s.insert.all(n)
		} else {
			s.count.Rows = tag.RowsAffected()
		}
		return nil
	}
	each := s.each
	if s.insert != nil {
		n, _ := s.insert.rows()
		s.done.Rows = make([]bool, n)
		each = func(scan func(dest ...any) error) error { return scanOrdinal(scan, s.done.Rows) }
	}
	rows, err := br.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
