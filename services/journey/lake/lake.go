// Package lake keeps a brand's sealed events as Parquet files that any engine can
// read, and gives them back as columns in memory.
//
// The log is the truth, the lake a copy of it that is faster to go over. A file has
// the events of one bucket of customers and of some whole days, a day's or a month's,
// and is exactly what the log up to upto_seq says of them. So any question is the live
// files of its days, and for each of these days the facts of the log behind them:
// the same answer whatever was sealed when. Today is always read from the log.
//
// Files never change. To seal again is to write a new one and to swap the two in the
// manifest, a table, in one transaction; a sealer that lost a race takes its files
// away again. Seal and Run write, Load reads, Verify compares with the log.
package lake

import (
	"context"
	"log/slog"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Buckets is into how many files the events of some days are cut, by customer.
const Buckets = 16

// Config says where the lake is and how it behaves.
type Config struct {
	// Folder of the files, shared by replicas. It is made when first written to.
	Folder string
	// Memory bounds the columns that stay decoded, in bytes; 0: none stay.
	Memory int64
	// Quiet is how long nothing may have touched a day before the background seals
	// it, so that an import does not seal it a hundred times; 0: 10 seconds.
	Quiet time.Duration
	// QuietMonth is that of a month that is one file per bucket, or becomes it; 0: 10
	// minutes.
	QuietMonth time.Duration
	// Grace is how long a file that was replaced stays for its readers; 0: 10 minutes.
	Grace time.Duration
	// Zone is the calendar of a brand.
	Zone func(brand string) *calendar.Zone
	// People is who stands for whom in a brand now; nil: everybody for himself.
	People func(brand string) *people.Mapping
}

// Lake is the lake of one service. It is safe for concurrent use.
type Lake struct {
	cfg   Config
	store store
	log   *feed.Log
	clock func() time.Time
	warn  *slog.Logger
	cache *cache
	bounds
}

// bounds are where one way of doing things gives way to another, never with another
// answer. Tests set them low.
type bounds struct {
	// apart is how many units may lie apart from their blocks. Each cuts a block in
	// two, which costs a little with every question; beyond it blocks are made anew.
	apart int
	// few is up to how many facts are read in the order of the log rather than by day.
	few int
	// atOnce bounds how many events of the log a month is made of in one go; beyond it
	// its days are sealed first and then joined bucket by bucket.
	atOnce int
}

// New makes a lake over a log and its database. Migrate must run first.
func New(cfg Config, db *sqldb.DB, log *feed.Log, clock func() time.Time, logger *slog.Logger) *Lake {
	cfg.Quiet = orElse(cfg.Quiet, 10*time.Second)
	cfg.QuietMonth = orElse(cfg.QuietMonth, 10*time.Minute)
	cfg.Grace = orElse(cfg.Grace, 10*time.Minute)
	if cfg.People == nil {
		cfg.People = func(string) *people.Mapping { return &people.Mapping{} }
	}
	return &Lake{cfg: cfg, store: store{db}, log: log, clock: clock, warn: logger, cache: newCache(cfg.Memory),
		bounds: bounds{apart: 32 * Buckets, few: 2000, atOnce: 1 << 20}}
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Migrate creates or updates the lake's tables.
func (l *Lake) Migrate(ctx context.Context) error { return l.store.migrate(ctx) }

// Files are the live files of a brand, by first day and bucket.
func (l *Lake) Files(ctx context.Context, brand string) ([]File, error) {
	m, err := l.store.manifest(ctx, brand)
	if err != nil {
		return nil, err
	}
	return m.files, nil
}

// today is the brand's day at this moment.
func (l *Lake) today(brand string) calendar.Day { return l.cfg.Zone(brand).DayOf(l.clock()) }
