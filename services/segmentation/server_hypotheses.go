package segmentation

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/record"
	"github.com/rapport-cx/rapport/services/segmentation/trial"
)

// CreateHypothesis reads what the measure is now, and writes the hypothesis down with
// what it takes to tell.
func (s *Server) CreateHypothesis(ctx context.Context, in *segmentationv1.CreateHypothesisRequest) (*segmentationv1.CreateHypothesisResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	asked := in.GetHypothesis()
	if err := trial.CheckHypothesis(asked); err != nil {
		return nil, err
	}
	book := b.trials.Load()
	if book.Hypothesis(asked.GetId()) == nil {
		if err := s.suppose(ctx, b, asked); err != nil {
			return nil, err
		}
	}
	is := book.Hypothesis(asked.GetId())
	if err := trial.SameHypothesis(is, asked); err != nil {
		return nil, err
	}
	return &segmentationv1.CreateHypothesisResponse{Hypothesis: s.shownHypothesis(ctx, is)}, nil
}

// suppose writes a hypothesis down, unless somebody did meanwhile.
func (s *Server) suppose(ctx context.Context, b *brand, asked *segmentationv1.Hypothesis) error {
	if _, err := s.livingSegment(ctx, b, asked.GetSegmentId()); err != nil {
		return err
	}
	if id := asked.GetExperimentId(); id != "" {
		e, err := s.experiment(ctx, b, id)
		if err != nil {
			return err
		}
		if e.GetSegmentId() != asked.GetSegmentId() {
			return fault.Invalid().Field("hypothesis.experiment_id", "experiment %q is of segment %q", id, e.GetSegmentId()).Err()
		}
	}
	before, err := s.before(ctx, b, asked)
	if err != nil {
		return err
	}
	return s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		if b.trials.Load().Hypothesis(asked.GetId()) != nil {
			return nil
		}
		if def, _ := b.live.Get(asked.GetSegmentId()); def.GetArchived() {
			return unknownSegment(asked.GetSegmentId())
		}
		h := proto.CloneOf(asked)
		h.Plan, h.CreatedAt = trial.Plan(&before, h.GetExpected()), timestamppb.New(c.at)
		f, err := record.Suppose(h)
		c.tell(f)
		return err
	})
}

// before is what the measure was in the days before. Without it nothing is written.
func (s *Server) before(ctx context.Context, b *brand, h *segmentationv1.Hypothesis) (trial.Sample, error) {
	const path = "hypothesis.measure.metric"
	days := trial.Days(h.GetBefore(), "", fault.Invalid())
	if h.GetMeasure().GetMetric() == "" {
		samples, err := s.ofMembers(ctx, b, h, days)
		if err != nil {
			return trial.Sample{}, floor.Unavailable("count purchases of the segment", err)
		}
		return samples[0], nil
	}
	sample, err := s.ofSegment(ctx, b, h, days)
	return sample, must(err, path)
}

// ofSegment reads the metric of a hypothesis over answers of its segment's members, as
// they are now. Survey is told who they are, for it may not have heard of all of them
// yet; it looks itself where they are nobody, or too many to tell.
func (s *Server) ofSegment(ctx context.Context, b *brand, h *segmentationv1.Hypothesis, days calendar.Days) (trial.Sample, error) {
	if err := s.current(ctx, b); err != nil {
		return trial.Sample{}, err
	}
	members, _ := b.live.Members(h.GetSegmentId())
	scope := &surveyv1.Scope{SegmentId: h.GetSegmentId()}
	if set, err := packed(b.book.Load().Now(), members); err == nil && !members.IsEmpty() {
		scope = &surveyv1.Scope{Customers: set}
	}
	return s.ofMetric(ctx, b, h.GetMeasure().GetMetric(), days, scope)
}

// ofMembers reads the purchase measure of a hypothesis over its segment's members, as
// they are now, in each of some stretches of days.
func (s *Server) ofMembers(ctx context.Context, b *brand, h *segmentationv1.Hypothesis, stretches ...calendar.Days) ([]trial.Sample, error) {
	if err := s.current(ctx, b); err != nil {
		return nil, err
	}
	members, _ := b.live.Members(h.GetSegmentId())
	tallies, err := s.tallies(ctx, b, []*roaring64.Bitmap{members}, stretches...)
	if err != nil {
		return nil, err
	}
	out := make([]trial.Sample, len(stretches))
	for i := range out {
		out[i] = tallies[0][i].Sample(h.GetMeasure().GetPurchases())
	}
	return out, nil
}

// hypothesis is the one of an id, also one that another replica wrote a moment ago.
func (s *Server) hypothesis(ctx context.Context, b *brand, id string) (*segmentationv1.Hypothesis, error) {
	if h := b.trials.Load().Hypothesis(id); h != nil {
		return h, nil
	}
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, floor.Unavailable("read hypotheses", err)
	}
	if h := b.trials.Load().Hypothesis(id); h != nil {
		return h, nil
	}
	return nil, fault.NotFound(commonv1.Reason_REASON_HYPOTHESIS_UNKNOWN, "hypothesis %q", id)
}

// GetHypothesis reads a hypothesis and its data.
func (s *Server) GetHypothesis(ctx context.Context, in *segmentationv1.GetHypothesisRequest) (*segmentationv1.GetHypothesisResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	h, err := s.hypothesis(ctx, b, in.GetId())
	if err != nil {
		return nil, err
	}
	h = s.shownHypothesis(ctx, h)
	out := &segmentationv1.GetHypothesisResponse{Hypothesis: h, Data: h.GetConclusion().GetResult()}
	if h.GetConclusion() == nil {
		out.Data, out.Missing, err = s.data(ctx, b, h)
		if s.hides(ctx) && hideDifference(out.GetData()) {
			out.Missing = errFew.Error()
		}
	}
	return out, floor.Lost("read data", err)
}

// data are what came of a hypothesis so far, or why they cannot be told.
func (s *Server) data(ctx context.Context, b *brand, h *segmentationv1.Hypothesis) (d *segmentationv1.Difference, lacking string, err error) {
	if h.GetExperimentId() != "" {
		return s.tested(ctx, b, h)
	}
	wrong := fault.Invalid()
	days := []calendar.Days{trial.Days(h.GetBefore(), "", wrong), trial.Days(h.GetAfter(), "", wrong)}
	if h.GetMeasure().GetMetric() == "" {
		samples, err := s.ofMembers(ctx, b, h, days...)
		if err != nil {
			return nil, "", err
		}
		d = trial.Beside(&samples[0], &samples[1], h.GetExpected())
		// Who has not had all the days yet has bought less, whatever was done.
		if days[1].Until > b.zone.DayOf(s.clock()) {
			d.Verdict = segmentationv1.Verdict_VERDICT_OPEN
		}
		return d, "", nil
	}
	var samples [2]trial.Sample
	for i := range days {
		if samples[i], err = s.ofSegment(ctx, b, h, days[i]); ctx.Err() != nil {
			return nil, "", ctx.Err()
		} else if err != nil {
			return nil, missing(err), nil
		}
	}
	return trial.Beside(&samples[0], &samples[1], h.GetExpected()), "", nil
}

// tested are the data of a hypothesis that has an experiment: its control, and the first
// of the other arms.
func (s *Server) tested(ctx context.Context, b *brand, h *segmentationv1.Hypothesis) (*segmentationv1.Difference, string, error) {
	e, err := s.experiment(ctx, b, h.GetExperimentId())
	if err != nil {
		return nil, "", err
	}
	found, err := s.found(ctx, b, e)
	if err != nil {
		return nil, "", err
	}
	results, err := s.compareArms(ctx, b, e, found, []*segmentationv1.Measure{h.GetMeasure()}, s.runs(b, e), h.GetExpected())
	if err != nil {
		return nil, "", err
	}
	return results[0].GetDifference(), results[0].GetMissing(), nil
}

// ListHypotheses reads the hypotheses.
func (s *Server) ListHypotheses(ctx context.Context, in *segmentationv1.ListHypothesesRequest) (*segmentationv1.ListHypothesesResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	out := b.trials.Load().Hypotheses(listedTrials, func(h *segmentationv1.Hypothesis) bool {
		return (in.GetSegmentId() == "" || h.GetSegmentId() == in.GetSegmentId()) && !(in.GetOpen() && h.GetConclusion() != nil)
	})
	for i, h := range out {
		out[i] = s.shownHypothesis(ctx, h)
	}
	return &segmentationv1.ListHypothesesResponse{Hypotheses: out}, nil
}

// ConcludeHypothesis writes down what was learned, beside the data of this moment.
func (s *Server) ConcludeHypothesis(ctx context.Context, in *segmentationv1.ConcludeHypothesisRequest) (*segmentationv1.ConcludeHypothesisResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	asked := in.GetConclusion()
	if err := trial.CheckConclusion(asked); err != nil {
		return nil, err
	}
	h, err := s.hypothesis(ctx, b, in.GetId())
	if err != nil {
		return nil, err
	}
	if h.GetConclusion() == nil {
		if err := s.conclude(ctx, b, h, asked); err != nil {
			return nil, err
		}
		h = b.trials.Load().Hypothesis(h.GetId())
	}
	if is := h.GetConclusion(); is.GetDecision() != asked.GetDecision() || is.GetInsight() != asked.GetInsight() {
		return nil, fault.Precondition(commonv1.Reason_REASON_HYPOTHESIS_CONCLUDED, "hypothesis %q was concluded otherwise", h.GetId())
	}
	return &segmentationv1.ConcludeHypothesisResponse{Hypothesis: s.shownHypothesis(ctx, h)}, nil
}

// conclude ends a hypothesis, unless somebody did meanwhile.
func (s *Server) conclude(ctx context.Context, b *brand, h *segmentationv1.Hypothesis, asked *segmentationv1.HypothesisConclusion) error {
	data, lacking, err := s.data(ctx, b, h)
	if err != nil {
		return floor.Unavailable("read data", err)
	}
	if data == nil {
		return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "there are no data to conclude from: %s", lacking)
	}
	return s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		if b.trials.Load().Hypothesis(h.GetId()).GetConclusion() != nil {
			return nil
		}
		end := proto.CloneOf(asked)
		end.Result, end.ConcludedAt = data, timestamppb.New(c.at)
		f, err := record.Conclude(h.GetId(), end)
		c.tell(f)
		return err
	})
}
