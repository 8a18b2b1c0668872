package journey

import (
	"context"
	"time"

	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/journey/order"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// openAgain is how long a brand whose log could not be read waits.
const openAgain = time.Second

// works are what goes on in the background for one brand.
func (s *Server) works(b *brand) []work {
	return []work{
		{"orders", s.keeper(b).Run},
		{"customers", s.followed(b).Run},
		{"identities", s.resolving(b).Run},
		{"lake", func(ctx context.Context) error { return s.lake.Run(ctx, b.ID) }},
	}
}

// work is something that goes on until its context ends.
type work struct {
	name string
	run  func(context.Context) error
}

// follow runs one work of a brand, after its definitions have been read. A
// database that is away is waited for. A work that stops takes no other along.
func (s *Server) follow(ctx context.Context, b *brand, w work) error {
	for {
		err := s.store.folds.Sync(ctx, b.ID)
		if err == nil {
			break
		}
		s.log.Warn("work waits for the log", "work", w.name, "brand", b.ID, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(openAgain):
		}
	}
	err := w.run(ctx)
	if err != nil && ctx.Err() == nil {
		s.log.Error("work stopped", "work", w.name, "brand", b.ID, "error", err)
	}
	return err
}

// keeper keeps what became of a brand's orders.
func (s *Server) keeper(b *brand) *order.Keeper {
	return &order.Keeper{
		Brand: b.ID, Rules: order.Rules{Norms: &b.Norms, Zone: b.zone},
		DB: s.store.db, Log: s.store.log, Ingest: s.store.folds.Ingest, Clock: s.clock, Logger: s.log,
		Seen: s.eraseLate(b),
	}
}

func (s *Server) journal() people.Journal {
	return people.Journal{DB: s.store.db, Log: s.store.log, Ingest: s.store.folds.Ingest, Clock: s.clock}
}

// followed brings merges and erasures into a brand's log.
func (s *Server) followed(b *brand) *people.Followed {
	return &people.Followed{
		Service: "journey", Brand: b.ID, Client: s.near.Segmentation, Journal: s.journal(),
		Kind: record.Person, Erase: s.store.erase, Log: s.log,
	}
}

// resolving finds out whose the events are that came while nobody could say.
func (s *Server) resolving(b *brand) *people.Resolving {
	return &people.Resolving{
		Brand: b.ID, Sealed: s.store.sealed, Seal: s.seals, Client: s.near.Segmentation, Journal: s.journal(),
		Effect: s.store.known(b.ID), Told: b.unresolved, Log: s.log,
	}
}

// nudge wakes whoever resolves a brand's identities.
func (b *brand) nudge() {
	select {
	case b.unresolved <- struct{}{}:
	default:
	}
}
