package loyalty

import (
	"context"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Verify is Upkeep's, of a server that runs.
func (s *Server) Verify(ctx context.Context, brand string, report func(floor.Drift)) (int, error) {
	return s.verify(ctx, brand, report)
}

// Tell lets the log know what Segmentation told of a customer.
func (s *Server) Tell(ctx context.Context, brand string, e *segmentationv1.CustomerEvent) error {
	journal := people.Journal{DB: s.store.db, Log: s.store.log, Ingest: s.store.folds.Ingest, Clock: s.clock}
	return journal.Change(ctx, brand, func(*sqldb.Tx) ([]feed.Fact, error) {
		body, err := proto.Marshal(e)
		return []feed.Fact{{Kind: record.Person, Day: feed.NoDay, Day2: feed.NoDay, Body: body}}, err
	})
}

// Sync reads definitions up to the end of the log.
func (s *Server) Sync(ctx context.Context, brand string) error { return s.store.folds.Sync(ctx, brand) }

// Read lets accounts of more lots than page be read in parts.
func (s *Server) Read(page int) {
	for _, b := range s.brands {
		b.keeper.Page = page
	}
}

// Rebuild is Upkeep's, of a server that serves nobody.
func (s *Server) Rebuild(ctx context.Context, brand string) error { return s.rebuild(ctx, brand) }

// Look looks up what there is.
func (s *Server) Look(ctx context.Context, brand string) error { return s.look(ctx, s.brands[brand]) }
