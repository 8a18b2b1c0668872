package segmentation

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/contact"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Server answers SegmentationService.
type Server struct {
	segmentationv1.UnimplementedSegmentationServiceServer
	brands map[string]*brand
	guard  *access.Guard
	store  *Store
	// seals keeps what is personal in tables, tokens what callers carry.
	seals  *identity.Ring
	tokens *seal.Sealer
	// splits is the key that experiments are split by.
	splits []byte
	clock  func() time.Time
	log    *slog.Logger
	// neighbours are asked for exports and waited for by erasures.
	neighbours Neighbours
	// newcomers are identities that nobody has yet, a queue per brand.
	newcomers *commit.Set[newcomer, welcome]
	// contacts are reservations and releases on their way in, a queue per brand.
	contacts *commit.Set[contact.Order, contact.Answer]
	// bought sums what numbers bought, all of one person; nil: nothing is told.
	bought func(ctx context.Context, b *brand, numbers []int64) (*segmentationv1.PurchaseFacts, error)
	// measured tells what panels take of memory, until Close.
	measured metric.Registration
}

// New makes a server on a database. Migrate must run before anything is asked;
// nothing runs in the background before Run.
func New(cfg Config, all *config.Brands, guard *access.Guard, db *sqldb.DB, secret []byte,
	neighbours Neighbours, clock func() time.Time, log *slog.Logger) (*Server, error) {
	hashes, err := identity.NewHasher(secret)
	if err != nil {
		return nil, err
	}
	s := &Server{guard: guard, neighbours: neighbours, splits: secret, clock: clock, log: log}
	if s.brands, err = newBrands(all, hashes); err != nil {
		return nil, err
	}
	if s.seals, err = identity.LoadRing(string(cfg.KeyFile), secret); err != nil {
		return nil, err
	}
	if s.tokens, err = seal.New(secret, "segmentation/token"); err != nil {
		return nil, err
	}
	facts := feed.New(db)
	following := fold.Config{SweepEvery: -1, AuditEvery: -1, Clock: clock, Logger: log}
	s.store = &Store{db: db, log: facts, clock: clock, folds: fold.New(following, facts, db, nil, s.folding())}
	s.newcomers = commit.NewSet(commit.Options{Name: "segmentation"}, s.create)
	s.contacts = commit.NewSet(commit.Options{Name: "segmentation-contact"}, s.serveContacts)
	s.bought = s.purchasesOf
	for _, b := range s.brands {
		b.evaluator, b.panel, b.worth = s.evaluatorOf(b), s.panelOf(b), s.worthOf(b)
	}
	s.measurePanels()
	return s, nil
}

// folding tells where definitions go.
func (s *Server) folding() fold.Rules[struct{}] {
	return fold.Rules[struct{}]{
		Definitions: record.Definitions,
		Define: func(id string, f *feed.Fact) error {
			if b := s.brands[id]; b != nil {
				return b.define(f)
			}
			return nil
		},
		Forget: func(id string) {
			if b := s.brands[id]; b != nil {
				b.forget()
			}
		},
	}
}

// define takes a definition in. Calls come one at a time, in the order of the log.
func (b *brand) define(f *feed.Fact) error {
	switch f.Kind {
	case record.Attribute:
		a, err := record.Declared(f)
		if err != nil {
			return err
		}
		b.attributes.Store(b.attributes.Load().With(a))
	case record.Merged, record.Unmerged:
		e, err := record.Event(f)
		if err != nil {
			return err
		}
		b.book.Load().Apply(e)
	case record.Metric:
		return b.meet(f)
	case record.RfmRun:
		return b.rfm.Load().Apply(f)
	default:
		return b.trials.Load().Apply(f)
	}
	return nil
}

// Migrate creates or updates the tables of the service. Replicas may start at once.
func (s *Server) Migrate(ctx context.Context) error { return s.store.migrate(ctx) }

// Run follows the log and does what waits until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	s.store.folds.Start(ctx)
	work := []func(context.Context) error{
		func(ctx context.Context) error { return s.store.log.Tail(ctx, feed.PollEvery, s.log) },
		s.keepResealing,
		s.followPurchases,
		s.followAnswers,
		s.keepSegments,
		s.keepPanels,
	}
	errs := make(chan error, len(work))
	for _, do := range work {
		go func() { errs <- do(ctx) }()
	}
	var all error
	for range work {
		if err := <-errs; err != nil && ctx.Err() == nil {
			all = errors.Join(all, err)
		}
	}
	return all
}

// Close commits what waits and ends the work. No call may be in flight.
func (s *Server) Close(ctx context.Context) error {
	return errors.Join(s.closePanels(), s.newcomers.Close(ctx), s.contacts.Close(ctx), s.store.folds.Close(ctx))
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
		if err := b.live.Catch(ctx, s.store.db, s.store.log.Reader); err != nil {
			return nil, floor.Unavailable("open segments of "+id, err)
		}
		b.opened.Store(true)
	}
	return b, nil
}
