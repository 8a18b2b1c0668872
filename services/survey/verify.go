package survey

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Upkeep is the service opened for work on its own tables: nothing is served and
// nothing runs in the background.
type Upkeep struct {
	server *Server
	cache  *hot.Cache
	db     *sqldb.DB
}

// OpenUpkeep opens the database and creates or updates its tables.
func OpenUpkeep(ctx context.Context, cfg Config, brands *config.Brands, log *slog.Logger) (*Upkeep, error) {
	secret, err := cfg.secret()
	if err != nil {
		return nil, err
	}
	db, err := sqldb.Open(ctx, cfg.url())
	if err != nil {
		return nil, err
	}
	u := &Upkeep{db: db}
	if u.cache, err = hot.Open(cfg.Redis, secret, hot.Options{Service: "survey", Log: log}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	// Whoever holds the database's address is asked for no token.
	guard, err := access.New(access.Config{}, brands, true)
	if err == nil {
		u.server, err = New(brands, guard, db, u.cache, cfg.folding(), secret, time.Now, log)
	}
	if err == nil {
		err = u.server.Migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, u.cache.Close(ctx), db.Close())
	}
	return u, nil
}

// Drift is a stored number that is not the fold of its facts.
type Drift struct {
	// Day is the day it is about, YYYY-MM-DD.
	Day string `json:"day"`
	// Fold names what is counted and how: a metric, by the day of the experience
	// or of the answer, as a histogram or as rows.
	Fold string `json:"fold"`
	// Where it stands: memory, table or redis.
	Where string `json:"where"`
	// Seq is up to where it claims to be true.
	Seq int64 `json:"seq"`
	// Reason tells what is wrong.
	Reason string `json:"reason"`
}

// Verify folds everything stored of a brand anew and reports what differs. It
// returns how many folds it examined.
func (u *Upkeep) Verify(ctx context.Context, brand string, report func(Drift)) (int, error) {
	return u.server.store.folds.Verify(ctx, brand, func(d fold.Drift) {
		report(Drift{
			Day: calendar.Day(d.Day).String(), Fold: u.server.foldName(brand, d.Measure),
			Where: d.Where, Seq: d.Seq, Reason: d.Reason,
		})
	})
}

// Rebuild throws everything stored of a brand away and folds it anew. Progress
// is told in days.
func (u *Upkeep) Rebuild(ctx context.Context, brand string, progress func(done, all int)) error {
	return u.server.store.folds.Rebuild(ctx, brand, progress)
}

// Close writes back and closes the database.
func (u *Upkeep) Close(ctx context.Context) error {
	return errors.Join(u.server.Close(ctx), u.cache.Close(ctx), u.db.Close())
}

// foldName puts a metric's name in the place of its number.
func (s *Server) foldName(brand, measure string) string {
	how, number, _ := strings.Cut(measure, ":")
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return measure
	}
	if m := s.brands[brand].book.Load().MetricByNumber(uint32(n)); m != nil {
		return how + ":" + m.Def.GetName()
	}
	return measure
}
