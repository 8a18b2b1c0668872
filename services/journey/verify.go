package journey

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/order"
)

// Upkeep is the service opened for work on its own tables: nothing is served and
// nothing runs in the background.
type Upkeep struct {
	server *Server
	floor  *floor.Floor
}

// OpenUpkeep opens the database and creates or updates its tables.
func OpenUpkeep(ctx context.Context, base floor.Config, cfg Config, brands *config.Brands, log *slog.Logger) (*Upkeep, error) {
	f, err := floor.Open(ctx, base, "journey", log)
	if err != nil {
		return nil, err
	}
	u := &Upkeep{floor: f}
	// Whoever holds the database's address is asked for no token.
	guard, err := access.New(access.Config{}, brands, true)
	if err == nil {
		u.server, err = New(cfg.under(base.Data), brands, guard, f.DB, f.Cache, base.Folding("journey"), f.Secret, Neighbours{}, time.Now, log)
	}
	if err == nil {
		err = u.server.Migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(ctx))
	}
	return u, nil
}

// Verify folds everything stored of a brand anew, recomputes what became of its
// orders, reads the lake, looks for identities whose events are not there, and reports
// what differs. It returns how many folds, orders and files it examined.
func (u *Upkeep) Verify(ctx context.Context, brand string, report func(floor.Drift)) (int, error) {
	s := u.server
	folds, err := s.store.folds.Verify(ctx, brand, func(d fold.Drift) {
		report(floor.Drift{Day: calendar.Day(d.Day).String(), Fold: d.Measure, Where: d.Where, Seq: d.Seq, Reason: d.Reason})
	})
	if err != nil {
		return folds, err
	}
	orders, err := s.keeper(s.brands[brand]).Verify(ctx, func(d order.Drift) {
		report(floor.Drift{Day: d.Day, Fold: "order " + d.Order, Where: "table", Seq: d.Seq, Reason: d.Reason})
	})
	if err != nil {
		return folds + orders, err
	}
	files, err := s.lake.Verify(ctx, brand, report)
	if err != nil {
		return folds + orders, err
	}
	lost, err := s.store.lostIdentities(ctx, brand)
	for _, seq := range lost {
		report(floor.Drift{Fold: "sealed identity", Where: "table", Seq: seq, Reason: "no anonymous event waits for it"})
	}
	return folds + orders + files, err
}

// Rebuild throws everything stored of a brand away and makes it anew from its
// facts. Progress is told in days.
func (u *Upkeep) Rebuild(ctx context.Context, brand string, progress func(done, all int)) error {
	if err := u.server.keeper(u.server.brands[brand]).Rebuild(ctx); err != nil {
		return err
	}
	if err := u.server.lake.Forget(ctx, brand); err != nil {
		return err
	}
	return u.server.store.folds.Rebuild(ctx, brand, progress)
}

// Close writes back and closes the database.
func (u *Upkeep) Close(ctx context.Context) error {
	return errors.Join(u.server.Close(ctx), u.floor.Close(ctx))
}
