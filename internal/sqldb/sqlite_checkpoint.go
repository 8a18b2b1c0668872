package sqldb

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// A SQLite file's journal is moved into the file now and then. Left to itself the writer
// does that at the end of a transaction, and everybody waits for it: with many customers
// some 80 ms twice a second. A checkpointer does most of it on a connection of its own,
// beside the writer, who gives the rest a moment, in which the journal may begin anew.
type checkpointer struct {
	conn   *sql.DB
	writer *writer
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// Sizes of the journal are in pages of 4 KiB.
const (
	// checkpointAt is when it is moved: 128 MiB. More makes that rarer and moves a page that
	// changed often only once; and while pages are moved every commit waits longer for the
	// disk.
	checkpointAt = 32768
	// checkpointRest is how much of it the writer may be kept waiting for.
	checkpointRest = 1024
	// checkpointLate is when the writer does it himself, if nobody else has.
	checkpointLate = 4 * checkpointAt
	// checkpointLook is how often the journal is looked at while there are commits.
	checkpointLook = 50 * time.Millisecond
)

// openCheckpointer begins to look after the file at path, which is open. Who opens it
// again never makes a new one.
func openCheckpointer(path string, w *writer) (*checkpointer, error) {
	conn, err := sql.Open("sqlite", sqliteDSN(path, "mode=rw", "cache_size(-64)", "wal_autocheckpoint(0)"))
	if err != nil {
		return nil, err
	}
	conn.SetMaxOpenConns(1)
	ctx, stop := context.WithCancel(context.Background())
	c := &checkpointer{conn: conn, writer: w, stop: stop}
	c.done.Go(func() { c.run(ctx) })
	return c, nil
}

func (c *checkpointer) close() error {
	c.stop()
	c.done.Wait()
	return c.conn.Close()
}

// run looks at the journal after commits until ctx ends. What fails is tried again after
// the next one: it costs room, nothing else.
func (c *checkpointer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.writer.wrote:
		}
		if waiting, err := checkpoint(ctx, c.conn, "NOOP"); err == nil && waiting >= checkpointAt {
			_ = c.move(ctx)
		}
		pause := time.NewTimer(checkpointLook)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

// move moves the journal into the file, and what came meanwhile, until little is left.
func (c *checkpointer) move(ctx context.Context) error {
	for range 4 {
		if _, err := checkpoint(ctx, c.conn, "PASSIVE"); err != nil {
			return err
		}
		waiting, err := checkpoint(ctx, c.conn, "NOOP")
		if err != nil {
			return err
		}
		if waiting <= checkpointRest {
			break
		}
	}
	return c.writer.use(ctx, func() error {
		_, err := checkpoint(ctx, c.writer.conn, "PASSIVE")
		return err
	})
}

// checkpoint does one in a mode, and tells how many pages of the journal are not in the
// file: as of its beginning, while others go on.
func checkpoint(ctx context.Context, on interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, mode string) (waiting int, err error) {
	var busy, all, moved int
	err = on.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &all, &moved)
	return all - moved, err
}
