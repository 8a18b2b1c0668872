package feed_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// consumer copies the numbers it is given into a table without a key, so that
// an effect that happens twice shows.
func consumer(l *feed.Log, db *sqldb.DB, c *clock) *feed.Consumer {
	return &feed.Consumer{Name: "copy", Brand: brand, DB: db, Source: l.Next, Clock: c.time, Log: quiet, Limit: 3,
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error {
			for _, f := range facts {
				if _, err := tx.Exec(ctx, "INSERT INTO effect (seq) VALUES ($1)", f.Seq); err != nil {
					return err
				}
			}
			return nil
		}}
}

func effects(t *testing.T, db *sqldb.DB) (list []int64) {
	t.Helper()
	rows, err := db.Query(t.Context(), "SELECT seq FROM effect ORDER BY seq")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			t.Fatal(err)
		}
		list = append(list, seq)
	}
	return list
}

func withEffects(t *testing.T, fn func(t *testing.T, l *feed.Log, db *sqldb.DB)) {
	each(t, func(t *testing.T, _ *feed.Log, more func() (*feed.Log, *sqldb.DB)) {
		l, db := more()
		write(t, db, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "CREATE TABLE effect (seq BIGINT NOT NULL)")
			return err
		})
		fn(t, l, db)
	})
}

func step(t *testing.T, c *feed.Consumer, want int) {
	t.Helper()
	if n, err := c.Step(t.Context()); n != want || err != nil {
		t.Errorf("step consumed %d, %v; want %d", n, err, want)
	}
}

func TestConsumer(t *testing.T) {
	withEffects(t, func(t *testing.T, l *feed.Log, db *sqldb.DB) {
		appendAll(t, l, fact("a", 1), fact("b", 1), fact("c", 1), fact("d", 1), fact("e", 1))
		now := &clock{now: noon}
		c := consumer(l, db, now)
		step(t, c, 3)

		// An effect that fails leaves neither itself nor the cursor behind.
		work := c.Effect
		c.Effect = func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error {
			return errors.Join(work(ctx, tx, facts), errors.New("boom"))
		}
		if _, err := c.Step(t.Context()); err == nil {
			t.Error("an effect's error was lost")
		}
		c.Effect = work
		step(t, c, 2)

		// A new process goes on from the stored cursor, once the lease is free.
		appendAll(t, l, fact("f", 1))
		c = consumer(l, db, now)
		if _, err := c.Step(t.Context()); !errors.Is(err, feed.ErrLeased) {
			t.Errorf("two consumers at work: %v", err)
		}
		now.move(time.Minute)
		step(t, c, 1)
		same(t, "effects", []int64{1, 2, 3, 4, 5, 6}, effects(t, db))
	})
}

// A consumer that slept through its lease between reading and writing, while a
// twin did its work, has no effect.
func TestConsumerPausedTwin(t *testing.T) {
	withEffects(t, func(t *testing.T, l *feed.Log, db *sqldb.DB) {
		appendAll(t, l, fact("a", 1), fact("b", 1), fact("c", 1), fact("d", 1))
		now := &clock{now: noon}
		sleeper, twin := consumer(l, db, now), consumer(l, db, now)
		sleeper.Source = func(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error) {
			facts, err := l.Next(ctx, brand, from, limit)
			now.move(time.Minute)
			step(t, twin, 3)
			return facts, err
		}
		step(t, sleeper, 0)
		same(t, "effects", []int64{1, 2, 3}, effects(t, db))
		sleeper.Source = l.Next
		now.move(time.Minute)
		step(t, sleeper, 1)
		same(t, "effects", []int64{1, 2, 3, 4}, effects(t, db))
	})
}

// Twins without any lease between them fight for every batch, and lose none.
func TestConsumerTwinsFight(t *testing.T) {
	withEffects(t, func(t *testing.T, l *feed.Log, db *sqldb.DB) {
		const n = 60
		for i := range n {
			appendAll(t, l, fact(fmt.Sprint(i), 1))
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var wg sync.WaitGroup
		for range 3 {
			// Each has its own clock, far ahead at every look: all leases are over.
			now := &clock{now: noon}
			c := consumer(l, db, now)
			c.Clock = func() time.Time { now.move(time.Hour); return now.time() }
			wg.Go(func() {
				for ctx.Err() == nil {
					if _, err := c.Step(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, feed.ErrLeased) {
						t.Error(err)
						return
					}
					if h, _ := l.Head(ctx, brand); cursorOf(ctx, db) == h.Seq {
						cancel()
					}
				}
			})
		}
		wg.Wait()
		want := make([]int64, n)
		for i := range want {
			want[i] = int64(i + 1)
		}
		if diff := cmp.Diff(want, effects(t, db), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("effects: %s", diff)
		}
	})
}

func cursorOf(ctx context.Context, db *sqldb.DB) (seq int64) {
	db.QueryRow(ctx, "SELECT seq FROM consumer_cursor WHERE consumer = $1 AND brand = $2", "copy", brand).Scan(&seq)
	return seq
}

func TestConsumerStopsAtReplacedLog(t *testing.T) {
	withEffects(t, func(t *testing.T, l *feed.Log, db *sqldb.DB) {
		appendAll(t, l, fact("a", 1), fact("b", 1), fact("c", 1), fact("d", 1))
		c := consumer(l, db, &clock{now: noon})
		step(t, c, 3)
		restore(t, db, 2)
		if err := c.Run(t.Context()); !errors.Is(err, feed.ErrReplaced) {
			t.Errorf("went on in another log: %v", err)
		}
		same(t, "effects", []int64{1, 2, 3}, effects(t, db))
		write(t, db, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(t.Context(), "DELETE FROM effect"); err != nil {
				return err
			}
			return feed.Rewind(t.Context(), tx, "copy", brand)
		})
		c = consumer(l, db, &clock{now: noon.Add(time.Hour)})
		step(t, c, 3)
		step(t, c, 1)
		same(t, "effects after rebuild", []int64{1, 2, 3, 4}, effects(t, db))
	})
}
