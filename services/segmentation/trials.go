package segmentation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"golang.org/x/sync/errgroup"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/record"
	"github.com/rapport-cx/rapport/services/segmentation/trial"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// Why there is no reading of a metric, other than what Survey says.
var (
	errNoSurvey = errors.New("no service of this deployment has metrics")
	errTooMany  = errors.New("the persons are too many to be asked about")
	errFew      = errors.New("too few have answered to tell of")
)

// ofMetric reads a metric over the answers of a scope. Survey gets a part of the
// caller's time, so that there is some left to answer without it.
func (s *Server) ofMetric(ctx context.Context, b *brand, metric string, days calendar.Days, scope *surveyv1.Scope) (trial.Sample, error) {
	if s.neighbours.Survey == nil {
		return trial.Sample{}, errNoSurvey
	}
	wait := 10 * time.Second
	if end, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(end)*3/4)
	}
	// Survey answers as it would answer the caller: it hides scores of few.
	asking, cancel := context.WithTimeout(access.OnBehalf(ctx), wait)
	defer cancel()
	out, err := s.neighbours.Survey.GetMetric(asking, &surveyv1.GetMetricRequest{Brand: b.ID, Metric: metric, Scope: scope,
		Window: &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: dates(days)}}})
	if ctx.Err() != nil {
		return trial.Sample{}, ctx.Err()
	}
	if err != nil {
		return trial.Sample{}, err
	}
	if out.GetTotal().GetSuppressed() {
		return trial.Sample{}, errFew
	}
	return trial.OfScore(out.GetMetric(), out.GetTotal()), nil
}

func dates(days calendar.Days) *commonv1.DateRange {
	return &commonv1.DateRange{Start: days.From.String(), End: days.Until.String()}
}

// ofArms reads a metric over the answers of each arm's persons. Why there is none of an
// arm stands in its place of the errors.
func (s *Server) ofArms(ctx context.Context, b *brand, metric string, days calendar.Days, arms []*roaring64.Bitmap) ([]trial.Sample, []error) {
	samples, errs := make([]trial.Sample, len(arms)), make([]error, len(arms))
	var g errgroup.Group
	g.SetLimit(4)
	who := b.book.Load().Now()
	for i, persons := range arms {
		// A scope without customers would be that of everybody.
		if persons.IsEmpty() {
			continue
		}
		g.Go(func() error {
			set, err := packed(who, persons)
			if err == nil {
				samples[i], err = s.ofMetric(ctx, b, metric, days, &surveyv1.Scope{Customers: set})
			}
			errs[i] = err
			return nil
		})
	}
	_ = g.Wait()
	return samples, errs
}

// packed is a set of persons as Survey reads it. Survey adds the numbers that it knows of
// each; those of a merge that it has not heard of yet are told.
func packed(who *people.Mapping, persons *roaring64.Bitmap) ([]byte, error) {
	set := persons.Clone()
	who.Each(func(id, person int64) {
		if persons.Contains(uint64(person)) {
			set.Add(uint64(id))
		}
	})
	set.RunOptimize()
	out, err := set.ToPortableBytes()
	if err == nil && len(out) > mostPersons {
		err = errTooMany
	}
	return out, err
}

// missing tells a caller why there is no reading.
func missing(err error) string {
	for _, own := range []error{errNoSurvey, errTooMany, errFew} {
		if errors.Is(err, own) {
			return own.Error()
		}
	}
	return unscored(err)
}

// must is the error of a reading that nothing can be written down without.
func must(err error, path string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNoSurvey), errors.Is(err, errFew):
		return fault.Invalid().Field(path, "%v", err).Err()
	case fault.Is(err, commonv1.Reason_REASON_METRIC_UNKNOWN):
		return fault.Invalid().Reason(commonv1.Reason_REASON_METRIC_UNKNOWN).Field(path, "%s", missing(err)).Err()
	}
	// A segment that Survey does not find yet it will find later.
	if e := fault.From(err); e.Reason != "" && !fault.Retryable(e) && !fault.Is(e, commonv1.Reason_REASON_SEGMENT_UNKNOWN) {
		return e
	}
	return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "%s", missing(err)).Because(err)
}

// tallies count what groups of persons bought in some stretches of days, in one pass
// over all of them. Groups have nobody in common.
func (s *Server) tallies(ctx context.Context, b *brand, groups []*roaring64.Bitmap, stretches ...calendar.Days) ([][]trial.Tally, error) {
	last, err := lastNumber(ctx, s.store.db, b.ID)
	if err != nil {
		return nil, err
	}
	empty := func() [][]trial.Tally {
		out := make([][]trial.Tally, len(groups))
		for i := range out {
			out[i] = make([]trial.Tally, len(stretches))
		}
		return out
	}
	out := empty()
	var mu sync.Mutex
	walk := value.Walk{Brand: b.ID, DB: s.store.db, People: b.book.Load().Now(), Last: last}
	err = walk.Each(ctx, roaring64.FastOr(groups...), func(run []value.Person) error {
		part := empty()
		for _, p := range run {
			for i, group := range groups {
				if !group.Contains(uint64(p.ID)) {
					continue
				}
				for k, days := range stretches {
					part[i][k].Add(p.History, days)
				}
				break
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for i := range part {
			for k := range part[i] {
				out[i][k].Plus(&part[i][k])
			}
		}
		return nil
	})
	return out, err
}

// found are the persons there are of an experiment's arms.
func (s *Server) found(ctx context.Context, b *brand, e *segmentationv1.Experiment) (*trial.Found, error) {
	erased := roaring64.New()
	err := s.store.log.ReadKind(ctx, b.ID, []int16{record.Erased}, 0, func(f *feed.Fact) error {
		erased.Add(uint64(f.Who))
		return nil
	})
	if err != nil {
		return nil, err
	}
	arms, err := b.trials.Load().Arms(ctx, s.store.log.Reader, b.ID, e)
	if err != nil {
		return nil, err
	}
	return arms.Find(b.book.Load().Now(), erased), nil
}

// runs are the days of an experiment that count so far.
func (s *Server) runs(b *brand, e *segmentationv1.Experiment) calendar.Days {
	until := s.clock()
	if e.GetStoppedAt() != nil {
		until = e.GetStoppedAt().AsTime()
	}
	return calendar.Days{From: b.zone.DayOf(e.GetCreatedAt().AsTime()), Until: b.zone.DayOf(until) + 1}
}

// reading is one measure over each arm, or why there is none.
type reading struct {
	samples []trial.Sample
	errs    []error
}

// compareArms sets the arms of an experiment beside their control, measure by measure.
func (s *Server) compareArms(ctx context.Context, b *brand, e *segmentationv1.Experiment, found *trial.Found,
	measures []*segmentationv1.Measure, days calendar.Days, expected float64) ([]*segmentationv1.ArmResult, error) {
	arms := found.Counted()
	var bought [][]trial.Tally
	var out []*segmentationv1.ArmResult
	for _, m := range measures {
		r := reading{samples: make([]trial.Sample, len(arms)), errs: make([]error, len(arms))}
		if m.GetMetric() != "" {
			r.samples, r.errs = s.ofArms(ctx, b, m.GetMetric(), days, arms)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		} else {
			if bought == nil {
				var err error
				if bought, err = s.tallies(ctx, b, arms, days); err != nil {
					return nil, fmt.Errorf("count purchases of arms: %w", err)
				}
			}
			for i := range arms {
				r.samples[i] = bought[i][0].Sample(m.GetPurchases())
			}
		}
		out = append(out, r.results(e, m, expected)...)
	}
	return out, nil
}

// results are what came of each arm but the control.
func (r *reading) results(e *segmentationv1.Experiment, m *segmentationv1.Measure, expected float64) (out []*segmentationv1.ArmResult) {
	control := trial.Control(e)
	for i, a := range e.GetArms() {
		if i == control {
			continue
		}
		one := &segmentationv1.ArmResult{Measure: m, Arm: a.GetName()}
		if err := errors.Join(r.errs[control], r.errs[i]); err != nil {
			one.Missing = missing(err)
		} else if one.Difference = trial.Beside(&r.samples[control], &r.samples[i], expected); m.GetMetric() == "" {
			trial.Total(one)
		}
		out = append(out, one)
	}
	return out
}
