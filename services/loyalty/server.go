package loyalty

import (
	"context"
	"errors"
	"log/slog"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
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
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Server answers LoyaltyService.
type Server struct {
	loyaltyv1.UnimplementedLoyaltyServiceServer
	config Config
	brands map[string]*brand
	guard  *access.Guard
	near   Neighbours
	store  *store
	// tokens are what callers carry, hashes tell identities apart that are not kept.
	tokens, hashes *seal.Sealer
	clock          func() time.Time
	log            *slog.Logger
	// resolver says whose identities are.
	resolver *people.Resolver
	// structure is what stands below what, as Survey says.
	structure *structure.Structure
	// entries are on their way into the ledger, balances on their way out; each brand
	// has a queue of either.
	entries  *commit.Set[*ledger.Task, ledger.Outcome]
	balances *commit.Set[ask, balance]
	// deeds are requests that move something else besides points.
	deeds *commit.Set[*deed, ledger.Outcome]
	meter *meter
}

// patience is how long an entry waits for Segmentation: there is no ledger of nobody.
const patience = time.Second

// New makes a server on a database. A nil cache means no Redis. Migrate must run before
// anything is asked; nothing runs in the background before Run.
func New(cfg Config, all *config.Brands, guard *access.Guard, db *sqldb.DB, cache *hot.Cache, folding fold.Config,
	secret []byte, near Neighbours, clock func() time.Time, log *slog.Logger) (*Server, error) {
	s := &Server{config: cfg, brands: newBrands(all), guard: guard, near: near, clock: clock, log: log}
	var err error
	if s.tokens, err = seal.New(secret, "loyalty/token"); err != nil {
		return nil, err
	}
	if s.hashes, err = seal.New(secret, "loyalty/identity"); err != nil {
		return nil, err
	}
	facts := feed.New(db)
	folding.Clock, folding.Logger = clock, log
	s.store = &store{db: db, log: facts, clock: clock, folds: fold.New(folding, facts, db, cache, s.folding())}
	s.resolver = people.NewResolver(near.Segmentation, patience)
	s.structure = structure.New(near.Survey, clock)
	s.entries = commit.NewSet(commit.Options{Name: "loyalty", MaxBatch: cfg.Together}, s.commit)
	s.balances = commit.NewSet(commit.Options{Name: "loyalty-balance"}, s.readBalances)
	s.deeds = commit.NewSet(commit.Options{Name: "loyalty-deed"}, s.decide)
	s.meter = newMeter(s.brands)
	for _, b := range s.brands {
		b.keeper = s.keeper(b)
	}
	return s, nil
}

// keeper decides and commits a brand's entries.
func (s *Server) keeper(b *brand) *ledger.Keeper {
	return &ledger.Keeper{
		Brand: b.ID, Zone: b.zone, DB: s.store.db, Log: s.store.log, Clock: s.clock, Logger: s.log,
		Hear: func(facts []feed.Fact, records []*loyaltyv1.EntryRecord) {
			s.meter.count(records)
			b.tail.Note(facts, records)
		},
		Sync: s.store.folds.Sync, Applied: s.store.folds.Applied, Ingest: s.store.folds.Ingest, People: b.people,
		Terms: func(id string, at time.Time) (*loyaltyv1.Programme, error) {
			return b.defined.Load().programmes.Terms(id, at)
		},
		Idle: func(id string) bool { return b.defined.Load().programmes.Idle(id) },
	}
}

// folding teaches the engine what facts count for and where definitions go.
func (s *Server) folding() fold.Rules[*rate.Fact] {
	return fold.Rules[*rate.Fact]{
		Decode:      rate.Decode,
		Measures:    rate.Measures,
		New:         rate.New,
		Definitions: record.Definitions,
		Define: func(id string, f *feed.Fact) error {
			if b := s.brands[id]; b != nil {
				return b.defined.Load().apply(f)
			}
			return nil
		},
		Forget: func(id string) {
			if b := s.brands[id]; b != nil {
				b.defined.Store(newDefinitions())
			}
		},
	}
}

// Migrate creates or updates the tables of the service. Replicas may start at once.
func (s *Server) Migrate(ctx context.Context) error { return s.store.migrate(ctx) }

// Run follows the log and the neighbours, and does what is due, until ctx ends.
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

// Close commits what waits. No call may be in flight.
func (s *Server) Close(ctx context.Context) error {
	return errors.Join(s.entries.Close(ctx), s.deeds.Close(ctx), s.balances.Close(ctx), s.store.folds.Close(ctx), s.meter.close())
}

// enter is the first line of every method: the caller may do this, the brand exists, and
// its definitions have been read.
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

// programme finds a programme, which another replica may have made a moment ago.
func (s *Server) programme(ctx context.Context, b *brand, id string) (*loyaltyv1.Programme, error) {
	p, err := b.defined.Load().programmes.Get(id)
	if err == nil {
		return p, nil
	}
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, floor.Unavailable("read programmes", err)
	}
	return b.defined.Load().programmes.Get(id)
}
