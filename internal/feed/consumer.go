package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Consumer gives each fact of a feed its effect on db exactly once: the cursor
// moves in the transaction of the effect, and only from where it was. A crash
// loses both or neither, and a twin that slept through its lease moves nothing.
type Consumer struct {
	// Name and Brand say whose cursor this is.
	Name, Brand string
	// DB is where the effects and the cursor are. Its schema is Migrate's.
	DB *sqldb.DB
	// Source returns up to limit facts behind a cursor, and waits for the first:
	// Next of a Log, or a stream from another service.
	Source func(ctx context.Context, brand string, from Cursor, limit int) ([]Fact, error)
	// Effect writes what the facts cause, within tx alone. It may run twice.
	Effect func(ctx context.Context, tx *sqldb.Tx, facts []Fact) error
	// Done, if set, is called when the effect of facts is committed, before the
	// next batch is asked for. A crash leaves it out: nothing may depend on it.
	Done func(ctx context.Context, facts []Fact)
	// Limit bounds a batch; 0 means 500.
	Limit int
	// Lease is for how long a consumer that has come first keeps its twins
	// waiting; 0 means 10 seconds. It saves work, correctness has no need of it.
	Lease time.Duration
	// Every is how long Run lets facts gather after a batch that was not full, so
	// that a steady trickle costs some transactions a second and not one a fact.
	// 0: not at all.
	Every time.Duration
	Clock func() time.Time
	Log   *slog.Logger

	holder string
	leased time.Time
	cursor Cursor
	loaded bool
}

// ErrLeased says that a twin is at work.
var ErrLeased = errors.New("another consumer has the lease")

// errMoved rolls an effect back whose cursor was moved by a twin.
var errMoved = errors.New("cursor was moved by another consumer")

// Run consumes until ctx ends or the log was replaced; then it returns
// ErrReplaced, and nothing but Rewind and a rebuild of the effects helps.
func (c *Consumer) Run(ctx context.Context) error {
	pause := PollEvery
	for {
		n, err := c.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the caller ended it: nothing is wrong
		case errors.Is(err, ErrReplaced):
			return err
		case err == nil && (c.Every == 0 || n == c.limit()):
			pause = PollEvery
			continue
		case err == nil:
			pause = c.Every
		case errors.Is(err, ErrLeased):
			pause = c.lease() / 4
		default:
			c.Log.Warn("consume", "consumer", c.Name, "brand", c.Brand, "error", err)
			pause = min(2*pause, maxPause)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// Step consumes one batch and returns its size. It waits for facts.
func (c *Consumer) Step(ctx context.Context) (int, error) {
	if err := c.claim(ctx); err != nil {
		return 0, err
	}
	facts, err := c.Source(ctx, c.Brand, c.cursor, c.limit())
	if err != nil || len(facts) == 0 {
		return 0, err
	}
	to := facts[len(facts)-1].Cursor()
	err = c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		// First the cursor: its lock makes a twin wait here, and then find it moved.
		n, err := tx.Exec(ctx, `UPDATE consumer_cursor SET seq = $3, commit_id = $4
WHERE consumer = $1 AND brand = $2 AND seq = $5 AND commit_id = $6`,
			c.Name, c.Brand, to.Seq, to.CommitID, c.cursor.Seq, c.cursor.CommitID)
		if err != nil {
			return fmt.Errorf("move cursor: %w", err)
		}
		if n == 0 {
			return errMoved
		}
		return c.Effect(ctx, tx, facts)
	})
	if err != nil {
		// Wherever the cursor now is, the database knows.
		c.loaded = false
		if errors.Is(err, errMoved) {
			return 0, nil
		}
		return 0, fmt.Errorf("consume %s of %s: %w", c.Name, c.Brand, err)
	}
	c.cursor = to
	if c.Done != nil {
		c.Done(ctx, facts)
	}
	c.lagged(ctx, &facts[0])
	return len(facts), nil
}

// claim takes or renews the lease and loads the cursor, in one statement that
// also creates it.
func (c *Consumer) claim(ctx context.Context) error {
	now := c.Clock()
	if c.loaded && now.Before(c.leased.Add(c.lease()/2)) {
		return nil
	}
	if c.holder == "" {
		c.holder = strconv.FormatInt(newCommitID(), 36)
	}
	c.loaded = false
	err := c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRow(ctx, `INSERT INTO consumer_cursor (consumer, brand, seq, commit_id, holder, until)
VALUES ($1, $2, 0, 0, $3, $4) ON CONFLICT (consumer, brand) DO UPDATE SET holder = $3, until = $4
WHERE consumer_cursor.holder = $3 OR consumer_cursor.until <= $5 RETURNING seq, commit_id`,
			c.Name, c.Brand, c.holder, now.Add(c.lease()).UnixMicro(), now.UnixMicro()).
			Scan(&c.cursor.Seq, &c.cursor.CommitID)
	})
	if errors.Is(err, sqldb.ErrNoRows) {
		return ErrLeased
	}
	if err != nil {
		return fmt.Errorf("claim %s of %s: %w", c.Name, c.Brand, err)
	}
	c.leased, c.loaded = now, true
	return nil
}

func (c *Consumer) limit() int {
	if c.Limit == 0 {
		return followBatch
	}
	return c.Limit
}

func (c *Consumer) lease() time.Duration {
	if c.Lease == 0 {
		return 10 * time.Second
	}
	return c.Lease
}

// Rewind sets a consumer back to the beginning, in the transaction that clears
// its effects.
func Rewind(ctx context.Context, tx *sqldb.Tx, name, brand string) error {
	_, err := tx.Exec(ctx, "UPDATE consumer_cursor SET seq = 0, commit_id = 0 WHERE consumer = $1 AND brand = $2", name, brand)
	if err != nil {
		return fmt.Errorf("rewind %s of %s: %w", name, brand, err)
	}
	return nil
}

// Consumed is how far a consumer is; the beginning if it never ran.
func Consumed(ctx context.Context, q sqldb.Querier, name, brand string) (c Cursor, err error) {
	err = q.QueryRow(ctx, "SELECT seq, commit_id FROM consumer_cursor WHERE consumer = $1 AND brand = $2", name, brand).Scan(&c.Seq, &c.CommitID)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return c, fmt.Errorf("read cursor of %s in %s: %w", name, brand, err)
	}
	return c, nil
}
