package standing

import (
	"context"
	"log/slog"
	"time"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// gathered is how long what a part's members do is collected, and what follows an error.
// The longer, the fewer pages are written for as many members. Who asks for one of them
// meanwhile reads that one's movements.
const gathered = 5 * time.Second

// Keep brings the tables up as the log grows, until ctx ends. tail is of what this process
// commits.
func Keep(ctx context.Context, db *sqldb.DB, log *feed.Log, tail *Tail, brand string, logger *slog.Logger) {
	for ctx.Err() == nil {
		changed := log.Changed(brand)
		wait, err := advance(ctx, db, log, tail, brand)
		if err != nil && ctx.Err() == nil {
			logger.Warn("count what members earned", "brand", brand, "error", err)
			wait = gathered
		}
		if wait < 0 {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
			wait = gathered
		}
		pause(ctx, wait)
	}
}

// idle is to wait until the log grows.
const idle time.Duration = -1

// advance brings the tables up by a piece, and tells how long to wait for the next. The
// piece is put together before anybody has to wait: facts do not change. Whoever was faster
// has saved it already.
func advance(ctx context.Context, db *sqldb.DB, log *feed.Log, tail *Tail, brand string) (wait time.Duration, err error) {
	from, err := readHeads(ctx, db, brand)
	if err != nil {
		return 0, err
	}
	p, gap, wait := tail.take(from, time.Now())
	if p == nil && wait > 0 {
		return wait, nil
	}
	if p == nil {
		limit := batch
		if gap > 0 {
			limit = gap
		}
		if p, err = next(ctx, log.Reader, brand, from, limit); err != nil || p.facts == 0 {
			return idle, err
		}
		if p.facts < limit {
			wait = idle
		}
	}
	return wait, p.keep(ctx, db, brand)
}

// keep saves a piece, unless somebody else has.
func (p *piece) keep(ctx context.Context, db *sqldb.DB, brand string) error {
	return db.Write(ctx, func(tx *sqldb.Tx) error {
		now, err := lockHeads(ctx, tx, brand)
		if err != nil || now != p.from {
			return err
		}
		// A log that was replaced meanwhile does not have what the tail remembers.
		if there, err := feed.In(tx).Has(ctx, brand, p.last); err != nil || !there {
			return err
		}
		return p.save(ctx, tx, brand)
	})
}

func pause(ctx context.Context, wait time.Duration) {
	if wait == 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
