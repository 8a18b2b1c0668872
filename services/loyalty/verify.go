package loyalty

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
)

// Upkeep is the service opened for work on its own tables: nothing is served and nothing
// runs in the background.
type Upkeep struct {
	server *Server
	floor  *floor.Floor
}

// OpenUpkeep opens the database and creates or updates its tables.
func OpenUpkeep(ctx context.Context, base floor.Config, cfg Config, brands *config.Brands, log *slog.Logger) (*Upkeep, error) {
	f, err := floor.Open(ctx, base, "loyalty", log)
	if err != nil {
		return nil, err
	}
	u := &Upkeep{floor: f}
	// Whoever holds the database's address is asked for no token.
	guard, err := access.New(access.Config{}, brands, true)
	if err == nil {
		u.server, err = New(cfg, brands, guard, f.DB, f.Cache, base.Folding("loyalty"), f.Secret, Neighbours{}, time.Now, log)
	}
	if err == nil {
		err = u.server.Migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(ctx))
	}
	return u, nil
}

// Verify replays the ledger of a brand, recounts every account, lot, hold and standing,
// matches returns anew, folds what rates are made of, and reports what differs. It
// returns how much it looked at.
// Servers may go on meanwhile.
func (u *Upkeep) Verify(ctx context.Context, brand string, report func(floor.Drift)) (int, error) {
	return u.server.verify(ctx, brand, report)
}

func (s *Server) verify(ctx context.Context, brand string, report func(floor.Drift)) (n int, err error) {
	b, err := s.enter(ctx, brand, access.Read)
	if err != nil {
		return 0, err
	}
	err = s.store.db.Read(ctx, func(tx *sqldb.Tx) error {
		n, err = ledger.Audit(ctx, tx, brand, func(w ledger.Wrong) {
			report(floor.Drift{Fold: w.Table, Where: "table", Seq: w.Seq, Reason: w.Reason})
		})
		return err
	})
	if err != nil {
		return n, err
	}
	more, err := s.verifyPurchases(ctx, b, report)
	if n += more; err != nil {
		return n, err
	}
	more, err = s.verifyDeeds(ctx, b, report)
	if n += more; err != nil {
		return n, err
	}
	more, err = s.verifyRates(ctx, b, report)
	return n + more, err
}

// Rebuild makes accounts, lots, holds and folds of a brand anew from its log. Servers must not
// run: they trust what they hold in memory.
func (u *Upkeep) Rebuild(ctx context.Context, brand string, progress func(done, all int)) error {
	progress(0, 1)
	if err := u.server.rebuild(ctx, brand); err != nil {
		return err
	}
	progress(1, 1)
	return u.server.store.folds.Rebuild(ctx, brand, progress)
}

// rebuild makes all tables but those of the folds anew.
func (s *Server) rebuild(ctx context.Context, brand string) error {
	return s.store.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := feed.Lock(ctx, tx, brand, time.Now()); err != nil {
			return err
		}
		if err := ledger.Rebuild(ctx, tx, brand); err != nil {
			return err
		}
		if err := rebuildDeeds(ctx, tx, brand); err != nil {
			return err
		}
		return rebuildPurchases(ctx, tx, brand)
	})
}

// Close closes the database.
func (u *Upkeep) Close(ctx context.Context) error {
	return errors.Join(u.server.Close(ctx), u.floor.Close(ctx))
}
