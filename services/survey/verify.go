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
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Upkeep is the service opened for work on its own tables: nothing is served and
// nothing runs in the background.
type Upkeep struct {
	server *Server
	floor  *floor.Floor
}

// OpenUpkeep opens the database and creates or updates its tables.
func OpenUpkeep(ctx context.Context, cfg floor.Config, brands *config.Brands, log *slog.Logger) (*Upkeep, error) {
	f, err := floor.Open(ctx, cfg, "survey", log)
	if err != nil {
		return nil, err
	}
	u := &Upkeep{floor: f}
	// Whoever holds the database's address is asked for no token.
	guard, err := access.New(access.Config{}, brands, true)
	if err == nil {
		u.server, err = New(brands, guard, f.DB, f.Cache, cfg.Folding("survey"), f.Secret, Neighbours{}, time.Now, log)
	}
	if err == nil {
		err = u.server.Migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(ctx))
	}
	return u, nil
}

// Verify folds everything stored of a brand anew and reports what differs. It
// returns how many folds it examined.
func (u *Upkeep) Verify(ctx context.Context, brand string, report func(floor.Drift)) (int, error) {
	return u.server.store.folds.Verify(ctx, brand, func(d fold.Drift) {
		report(floor.Drift{
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
	return errors.Join(u.server.Close(ctx), u.floor.Close(ctx))
}

// foldName puts a metric's name in the place of its number.
func (s *Server) foldName(brand, measure string) string {
	how, number, _ := strings.Cut(measure, ":")
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return measure
	}
	if uint32(n) == tally.Invitations {
		return how + ":invitations"
	}
	if m := s.brands[brand].book.Load().MetricByNumber(uint32(n)); m != nil {
		return how + ":" + m.Def.GetName()
	}
	return measure
}
