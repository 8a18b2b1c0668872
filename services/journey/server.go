package journey

import (
	"context"
	"errors"
	"log/slog"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/structure"
	"github.com/rapport-cx/rapport/services/journey/lake"
)

// Server answers JourneyService.
type Server struct {
	journeyv1.UnimplementedJourneyServiceServer
	config Config
	brands map[string]*brand
	guard  *access.Guard
	near   Neighbours
	// structure is what stands below what, as Survey says.
	structure *structure.Structure
	store     *store
	tokens    *seal.Sealer
	seals     *seal.Sealer
	clock     func() time.Time
	log       *slog.Logger
	// resolver says whose identities are.
	resolver *people.Resolver
	// arrivals are the events on their way in, a queue per brand.
	arrivals *commit.Set[arrival, receipt]
	// lake has the events of days that are over in files.
	lake *lake.Lake
	// analyses has a place for every question about events that is worked on.
	analyses chan struct{}
}

// New makes a server on a database. A nil cache means no Redis. Migrate must run
// before anything is asked; nothing runs in the background before Run.
func New(cfg Config, all *config.Brands, guard *access.Guard, db *sqldb.DB, cache *hot.Cache, folding fold.Config,
	secret []byte, near Neighbours, clock func() time.Time, log *slog.Logger) (*Server, error) {
	s := &Server{config: cfg, brands: newBrands(all), guard: guard, near: near, clock: clock, log: log}
	var err error
	if s.tokens, err = seal.New(secret, "journey/token"); err != nil {
		return nil, err
	}
	if s.seals, err = seal.New(secret, "journey/identity"); err != nil {
		return nil, err
	}
	facts := feed.New(db)
	folding.Clock, folding.Logger = clock, log
	s.store = &store{db: db, log: facts, clock: clock, sealed: people.NewSealed(db), folds: fold.New(folding, facts, db, cache, s.folding())}
	s.resolver = people.NewResolver(near.Segmentation, 0)
	s.structure = structure.New(near.Survey, clock)
	s.lake = s.newLake(db, facts)
	s.analyses = make(chan struct{}, analysesAtOnce)
	s.arrivals = commit.NewSet(commit.Options{Name: "journey"}, s.commit)
	return s, nil
}

// Migrate creates or updates the tables of the service. Replicas may start at once.
func (s *Server) Migrate(ctx context.Context) error {
	if err := feed.Migrate(ctx, s.store.db); err != nil {
		return err
	}
	if err := s.store.folds.Migrate(ctx); err != nil {
		return err
	}
	if err := people.Migrate(ctx, s.store.db); err != nil {
		return err
	}
	if err := s.lake.Migrate(ctx); err != nil {
		return err
	}
	return s.store.migrate(ctx)
}

// Run follows the log, folds it, and does what goes on in the background of each
// brand, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	s.store.folds.Start(ctx)
	all := []func() error{func() error { return s.store.log.Tail(ctx, feed.PollEvery, s.log) }}
	for _, b := range s.brands {
		for _, w := range s.works(b) {
			all = append(all, func() error { return s.follow(ctx, b, w) })
		}
	}
	errs := make(chan error, len(all))
	for _, one := range all {
		go func() { errs <- one() }()
	}
	var failed error
	for range all {
		if err := <-errs; err != nil && ctx.Err() == nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// Close commits what waits and writes the folds back. No call may be in flight.
func (s *Server) Close(ctx context.Context) error {
	return errors.Join(s.arrivals.Close(ctx), s.store.folds.Close(ctx))
}

// enter is the first line of every method: the caller may do this, the brand
// exists, and its definitions have been read.
func (s *Server) enter(ctx context.Context, id string, verb access.Verb) (*brand, error) {
	if err := s.guard.Check(ctx, access.Request{Brand: id, Verb: verb}); err != nil {
		return nil, err
	}
	b := s.brands[id]
	if !b.opened.Load() {
		if err := s.store.folds.Sync(ctx, id); err != nil {
			return nil, floor.Unavailable("open brand "+id, err)
		}
		b.opened.Store(true)
	}
	return b, nil
}
