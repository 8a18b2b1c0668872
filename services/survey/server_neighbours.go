package survey

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/follow"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// Neighbours are the services that Survey asks and follows. One that is nil is not
// part of the deployment; one that is away is waited for, and nothing that is taken
// in or answered here depends on it.
type Neighbours struct {
	Segmentation segmentationv1.SegmentationServiceClient
	Journey      journeyv1.JourneyServiceClient
}

// journal is how what neighbours tell gets into the log.
func (s *Server) journal() people.Journal {
	return people.Journal{DB: s.store.db, Log: s.store.log, Ingest: s.store.folds.Ingest, Clock: s.clock}
}

// listen follows one brand's neighbours, and gives the own log the effects that
// need them, until ctx ends. Definitions must have been read.
func (s *Server) listen(ctx context.Context, b *brand) error {
	if s.neighbours == (Neighbours{}) {
		return nil // whoever is added later finds the log as it was left
	}
	sealed := make(chan struct{}, 1)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.ownFeed(b, sealed).Run(ctx) })
	g.Go(func() error { return s.following(b).Run(ctx) })
	g.Go(func() error { return s.resolving(b, sealed).Run(ctx) })
	if s.neighbours.Journey != nil {
		g.Go(func() error { return s.outcomes(b).Run(ctx) })
	}
	err := g.Wait()
	if err != nil && ctx.Err() == nil {
		s.log.Error("a neighbour is followed no more", "brand", b.ID, "error", err)
	}
	return err
}

// ownFeed is what follows from responses as they come: their orders are kept, and
// their identities laid out to be resolved.
func (s *Server) ownFeed(b *brand, sealed chan<- struct{}) *feed.Consumer {
	return &feed.Consumer{
		Name: "neighbours", Brand: b.ID, DB: s.store.db, Clock: s.clock, Log: s.log, Every: gather, Lease: lease,
		Source: s.store.log.Next,
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error {
			if s.store.folds.Applied(b.ID).Seq < facts[len(facts)-1].Seq {
				// Surveys that the facts name must be in the book.
				if err := s.store.folds.Sync(ctx, b.ID); err != nil {
					return err
				}
			}
			if err := s.layOut(ctx, tx, b, facts); err != nil {
				return err
			}
			if err := s.arrived(ctx, tx, b, facts); err != nil {
				return err
			}
			return s.eraseLate(ctx, tx, b, facts)
		},
		Done: func(context.Context, []feed.Fact) {
			select {
			case sealed <- struct{}{}:
			default:
			}
		},
	}
}

// gather is how long facts wait for company, lease for how long a replica that died
// keeps the others from its work.
const (
	gather = 100 * time.Millisecond
	lease  = 3 * time.Second
)

// following brings merges into the log as definitions, and erasures into effect.
func (s *Server) following(b *brand) *people.Followed {
	return &people.Followed{
		Service: "survey", Brand: b.ID, Client: s.neighbours.Segmentation, Journal: s.journal(), Kind: record.Person,
		Erase: s.erase, Log: s.log,
	}
}

// outcomes follows Journey for what became of orders.
func (s *Server) outcomes(b *brand) *feed.Consumer {
	stream := follow.New(s.watchEvents, pieces, s.clock, s.log)
	return &feed.Consumer{
		Name: "journey", Brand: b.ID, DB: s.store.db, Clock: s.clock, Log: s.log, Lease: lease,
		Source: stream.Next,
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error { return s.told(ctx, tx, b, facts) },
	}
}

func (s *Server) watchEvents(ctx context.Context, brand string, after *commonv1.Cursor) (grpc.ServerStreamingClient[journeyv1.WatchEventsResponse], error) {
	return s.neighbours.Journey.WatchEvents(ctx, &journeyv1.WatchEventsRequest{Brand: brand, After: after})
}

// pieces keeps of Journey's facts the outcomes of orders.
func pieces(in *journeyv1.WatchEventsResponse) ([]feed.Fact, *commonv1.Cursor) {
	var facts []feed.Fact
	for _, f := range in.GetFacts() {
		if f.GetOutcome() == nil {
			continue
		}
		body, _ := proto.Marshal(f.GetOutcome()) // a message that was just read can be written
		facts = append(facts, feed.Fact{Seq: f.GetSeq(), Day: feed.NoDay, Day2: feed.NoDay, Body: body})
	}
	return facts, in.GetCursor()
}

// ready waits until a brand's definitions have been read. A database that is away is
// waited for; false: ctx ended before.
func (s *Server) ready(ctx context.Context, id string) bool {
	for {
		err := s.store.folds.Sync(ctx, id)
		if err == nil {
			return true
		}
		s.log.Warn("followers wait for the log", "brand", id, "error", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(openAgain):
		}
	}
}

// attend does all that follows from one brand's log and its neighbours'.
func (s *Server) attend(ctx context.Context, id string) error {
	if !s.ready(ctx, id) {
		return nil
	}
	errs := make(chan error, 3)
	go func() { errs <- s.listen(ctx, s.brands[id]) }()
	go func() { errs <- s.answeredLinks(s.brands[id]).Run(ctx) }()
	go func() {
		err := s.desk.Run(ctx, id)
		if err != nil && ctx.Err() == nil {
			s.log.Error("cases stopped", "brand", id, "error", err)
		}
		errs <- err
	}()
	return errors.Join(<-errs, <-errs, <-errs)
}
