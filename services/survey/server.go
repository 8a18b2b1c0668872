package survey

import (
	"context"
	"errors"
	"log/slog"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/cases"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/intake"
	"github.com/rapport-cx/rapport/services/survey/join"
	"github.com/rapport-cx/rapport/services/survey/link"
	"github.com/rapport-cx/rapport/services/survey/query"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/reply"
	"github.com/rapport-cx/rapport/services/survey/segments"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Server answers SurveyService.
type Server struct {
	surveyv1.UnimplementedSurveyServiceServer
	brands map[string]*brand
	guard  *access.Guard
	store  *Store
	desk   *cases.Desk
	seals  *seal.Sealer
	tokens *seal.Sealer
	clock  func() time.Time
	log    *slog.Logger
	// arrivals are the responses on their way in, a queue per brand.
	arrivals *commit.Set[arrival, receipt]
	// neighbours are asked and followed; resolver asks whom an identity belongs to,
	// sealed keeps those that wait for an answer.
	neighbours Neighbours
	resolver   *people.Resolver
	sealed     *people.Sealed
	// links make and read the tokens of survey links.
	links *link.Keys
}

// New makes a server on a database. A nil cache means no Redis. Migrate must run
// before anything is asked; nothing runs in the background before Run.
func New(all *config.Brands, guard *access.Guard, db *sqldb.DB, cache *hot.Cache, folding fold.Config,
	secret []byte, neighbours Neighbours, clock func() time.Time, log *slog.Logger) (*Server, error) {
	brands, err := newBrands(all)
	if err != nil {
		return nil, err
	}
	s := &Server{
		brands: brands, guard: guard, clock: clock, log: log, neighbours: neighbours,
		resolver: people.NewResolver(neighbours.Segmentation, 0), sealed: people.NewSealed(db),
	}
	if s.seals, err = seal.New(secret, "survey/identity"); err != nil {
		return nil, err
	}
	if s.tokens, err = seal.New(secret, "survey/token"); err != nil {
		return nil, err
	}
	if s.links, err = link.NewKeys(secret); err != nil {
		return nil, err
	}
	facts := feed.New(db)
	folding.Clock, folding.Logger = clock, log
	s.store = &Store{db: db, log: facts, clock: clock, folds: fold.New(folding, facts, db, cache, s.folding())}
	asked := segments.New(neighbours.Segmentation, clock)
	for id, b := range brands {
		b.asked = &query.Brand{
			Name: id, Engine: s.store.folds, Log: facts, Book: b.book.Load, Zone: b.zone, Locales: b.Locales, People: b.mapping, Segments: asked,
		}
	}
	s.desk = cases.New(db, facts, s.caseBrand, s.tokens, clock, log)
	s.arrivals = commit.NewSet(commit.Options{Name: "survey"}, s.commit)
	return s, nil
}

// folding teaches the engine what responses count for and where definitions go.
func (s *Server) folding() fold.Rules[*tally.Tally] {
	return fold.Rules[*tally.Tally]{
		Decode: func(_ string, f *feed.Fact) (*tally.Tally, bool, error) {
			t, err := record.Counted(f)
			return t, t != nil, err
		},
		Measures:    tally.Measures,
		New:         tally.New,
		Definitions: record.Definitions,
		Define: func(id string, f *feed.Fact) error {
			b := s.brands[id]
			switch {
			case b == nil:
				return nil
			case f.Kind == record.Person:
				return b.people.Load().ApplyBody(f.Body)
			case f.Kind == record.Reply:
				return b.replies.Load().Apply(f)
			}
			return b.book.Load().Apply(f)
		},
		Forget: func(id string) {
			if b := s.brands[id]; b != nil {
				b.book.Store(directory.New())
				b.people.Store(people.NewBook())
				b.replies.Store(reply.NewBook())
			}
		},
	}
}

// caseBrand is what cases need to know of a brand.
func (s *Server) caseBrand(id string) (cases.Brand, error) {
	b := s.brands[id]
	if b == nil {
		return cases.Brand{}, fault.NotFound(commonv1.Reason_REASON_BRAND_UNKNOWN, "brand %q", id)
	}
	return cases.Brand{
		Zone: b.zone, Hours: b.hours,
		Questionnaire: func(surveyID string, version int32) *surveyv1.Questionnaire {
			if found, ok := b.book.Load().Survey(surveyID); ok {
				if v := found.Version(version); v != nil {
					return v.Def.GetQuestionnaire()
				}
			}
			return nil
		},
		Subject: func(n uint32) *commonv1.SubjectRef {
			if ref := b.book.Load().Ref(n); ref.GetKind() != 0 {
				return ref
			}
			return nil
		},
	}, nil
}

// Migrate creates or updates the tables of the service. Replicas may start at once.
func (s *Server) Migrate(ctx context.Context) error {
	if err := feed.Migrate(ctx, s.store.db); err != nil {
		return err
	}
	if err := s.store.folds.Migrate(ctx); err != nil {
		return err
	}
	if err := join.Migrate(ctx, s.store.db); err != nil {
		return err
	}
	if err := people.Migrate(ctx, s.store.db); err != nil {
		return err
	}
	if err := link.Migrate(ctx, s.store.db); err != nil {
		return err
	}
	return cases.Migrate(ctx, s.store.db)
}

// Run follows the log, folds it, opens cases and listens to neighbours until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	s.store.folds.Start(ctx)
	errs := make(chan error, len(s.brands)+1)
	go func() { errs <- s.store.log.Tail(ctx, feed.PollEvery, s.log) }()
	for id := range s.brands {
		go func() { errs <- s.attend(ctx, id) }()
	}
	var all error
	for range cap(errs) {
		if err := <-errs; err != nil && ctx.Err() == nil {
			all = errors.Join(all, err)
		}
	}
	return all
}

// openAgain is how long a brand whose log could not be read waits.
const openAgain = time.Second

// Close commits what waits and writes the folds back. No call may be in flight.
func (s *Server) Close(ctx context.Context) error {
	return errors.Join(s.arrivals.Close(ctx), s.store.folds.Close(ctx))
}

// enter is the first line of every method: the caller may do this, the brand
// exists, and its definitions have been read.
func (s *Server) enter(ctx context.Context, id, subject string, verb access.Verb) (*brand, error) {
	if err := s.guard.Check(ctx, access.Request{Brand: id, Subject: subject, Verb: verb}); err != nil {
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

// rules judge this brand's responses.
func (s *Server) rules(b *brand) intake.Rules {
	return intake.Rules{Brand: b.ID, Book: b.book.Load(), Zone: b.zone, Seal: s.seals}
}
