package segmentation

import (
	"context"
	"slices"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

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
