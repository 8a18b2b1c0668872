package segmentation

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/follow"
	"github.com/rapport-cx/rapport/services/segmentation/answer"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// followAnswers keeps the answers of all brands up with Survey until ctx ends. Without
// a neighbour there is nothing to follow.
func (s *Server) followAnswers(ctx context.Context) error {
	if s.neighbours.Survey == nil {
		return nil
	}
	source := follow.New(s.watchResponses, answer.Split, s.clock, s.log)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all error
	for id := range s.brands {
		f := &answer.Follower{Brand: id, DB: s.store.db, Clock: s.clock, Log: s.log}
		wg.Go(func() {
			err := f.Consumer(source.Next).Run(ctx)
			if err == nil || ctx.Err() != nil {
				return
			}
			s.log.Error("answers stopped: run rapport rebuild", "brand", id, "error", err)
			mu.Lock()
			defer mu.Unlock()
			all = errors.Join(all, err)
		})
	}
	wg.Wait()
	return all
}

// watchResponses opens Survey's stream behind a cursor.
func (s *Server) watchResponses(ctx context.Context, brand string, after *commonv1.Cursor) (grpc.ServerStreamingClient[surveyv1.WatchResponsesResponse], error) {
	return s.neighbours.Survey.WatchResponses(ctx, &surveyv1.WatchResponsesRequest{Brand: brand, After: after})
}

// checkAnswers counts answers anew from their facts.
func (s *Server) checkAnswers(ctx context.Context, b *brand, report func(floor.Drift)) (int, error) {
	drift := drifting(report, "answers")
	return answer.Verify(ctx, s.store.db, b.ID, func(customer int64, reason string) { drift(customer, "%s", reason) })
}

// rebuildAnswers counts answers anew and goes over Survey's log again: what was counted
// before is known by its key, so that only what is missing is added.
func (s *Server) rebuildAnswers(ctx context.Context, b *brand) error {
	return s.store.write(ctx, b.ID, func(c *change) error {
		if err := answer.Rebuild(ctx, c.tx, b.ID); err != nil {
			return err
		}
		return feed.Rewind(ctx, c.tx, answer.ConsumerName, b.ID)
	})
}

// meet takes a metric in.
func (b *brand) meet(f *feed.Fact) error {
	name, err := record.Met(f)
	if err != nil {
		return err
	}
	known := *b.metrics.Load()
	if i, found := slices.BinarySearch(known, name); !found {
		more := slices.Insert(slices.Clone(known), i, name)
		b.metrics.Store(&more)
	}
	return nil
}

// patience is how long Survey may think about its metrics: without an answer rules
// read those that are known.
const patience = 500 * time.Millisecond

// meetMetrics asks Survey which metrics there are, so that rules can read those that
// nobody has answered yet.
func (s *Server) meetMetrics(ctx context.Context, b *brand) error {
	if s.neighbours.Survey == nil {
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := s.neighbours.Survey.ListMetrics(asking, &surveyv1.ListMetricsRequest{Brand: b.ID})
	if err != nil {
		s.log.Info("metrics are not told: rules read those that are known", "brand", b.ID, "error", err)
		return ctx.Err()
	}
	if len(b.unmet(out.GetMetrics())) == 0 {
		return nil
	}
	return s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		for _, name := range b.unmet(out.GetMetrics()) {
			f, err := record.Meet(name)
			if err != nil {
				return err
			}
			c.tell(f)
		}
		return nil
	})
}

// unmet are the names of metrics that people answer and rules cannot read yet.
func (b *brand) unmet(all []*surveyv1.Metric) (names []string) {
	known := *b.metrics.Load()
	for _, m := range all {
		if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE || m.GetKind() == surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL {
			continue
		}
		if _, found := slices.BinarySearch(known, m.GetName()); !found {
			names = append(names, m.GetName())
		}
	}
	return names
}
