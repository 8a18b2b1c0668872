package feed

import (
	"context"
	"log/slog"
	"time"
)

// PollEvery is how often Tail looks by default: the delay, at most, with which
// one replica learns of another's commit.
const PollEvery = 20 * time.Millisecond

// maxPause is how seldom Tail looks while the database is away.
const maxPause = time.Second

// Tail follows the heads of all brands until ctx ends: one small statement
// every so often, whatever the number of readers that wait. Each process runs
// one per log. A database that goes away is reported once and waited for.
func (l *Log) Tail(ctx context.Context, every time.Duration, log *slog.Logger) error {
	if every <= 0 {
		every = PollEvery
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	pause, down := every, false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		err := l.Poll(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			if down {
				log.Info("tailing the log again")
			}
			pause, down = every, false
		default:
			if !down {
				log.Warn("tail log", "error", err)
			}
			pause, down = min(2*pause, maxPause), true
		}
		timer.Reset(pause)
	}
}

// Poll looks at the heads once.
func (l *Log) Poll(ctx context.Context) error {
	l.heads.mu.Lock()
	notices := l.heads.notices
	l.heads.mu.Unlock()
	all, err := l.Heads(ctx)
	if err != nil {
		return err
	}
	l.heads.polled(all, notices)
	return nil
}

// Next returns up to limit facts behind a cursor and waits for the first, for
// which Tail must be running. It fails with ErrReplaced if the log does not
// have the cursor.
func (l *Log) Next(ctx context.Context, brand string, from Cursor, limit int) ([]Fact, error) {
	for {
		changed := l.Changed(brand)
		facts, err := l.Continue(ctx, brand, from, limit)
		if err != nil || len(facts) > 0 {
			return facts, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
	}
}

// followBatch bounds what a stream holds in memory at a time.
const followBatch = 500

// Follow hands every fact behind a cursor to fn, in order and in batches, and
// goes on as facts arrive, until ctx ends, fn fails, or the log is replaced.
func (l *Log) Follow(ctx context.Context, brand string, from Cursor, fn func([]Fact) error) error {
	for {
		facts, err := l.Next(ctx, brand, from, followBatch)
		if err != nil {
			return err
		}
		if err := fn(facts); err != nil {
			return err
		}
		from = facts[len(facts)-1].Cursor()
	}
}

// FollowToEnd hands facts to fn as Follow does, and ends with the last one that was
// committed before the call.
func (l *Log) FollowToEnd(ctx context.Context, brand string, from Cursor, fn func([]Fact) error) error {
	head, err := l.Head(ctx, brand)
	if err != nil {
		return err
	}
	for {
		facts, err := l.Continue(ctx, brand, from, followBatch)
		if err != nil || len(facts) == 0 {
			return err // the last numbers may be gaps
		}
		if err := fn(facts); err != nil {
			return err
		}
		if from = facts[len(facts)-1].Cursor(); from.Seq >= head.Seq {
			return nil
		}
	}
}
