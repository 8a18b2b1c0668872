package segmentation

import (
	"context"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/record"
	"github.com/rapport-cx/rapport/services/segmentation/trial"
)

// listedTrials is how many hypotheses or experiments one answer has.
const listedTrials = 1000

// CreateExperiment sorts the members into arms without a lock, and takes the log for
// those alone who came or went meanwhile.
func (s *Server) CreateExperiment(ctx context.Context, in *segmentationv1.CreateExperimentRequest) (*segmentationv1.CreateExperimentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if err := trial.CheckExperiment(in.GetExperiment()); err != nil {
		return nil, err
	}
	asked := trial.Weighted(in.GetExperiment())
	book := b.trials.Load()
	if book.Experiment(asked.GetId()) == nil {
		if err := s.split(ctx, b, asked); err != nil {
			return nil, err
		}
	}
	is := book.Experiment(asked.GetId())
	if err := trial.SameExperiment(is, asked); err != nil {
		return nil, err
	}
	return &segmentationv1.CreateExperimentResponse{Experiment: is}, nil
}

// split begins an experiment, unless somebody did meanwhile.
func (s *Server) split(ctx context.Context, b *brand, asked *segmentationv1.Experiment) error {
	if err := s.current(ctx, b); err != nil {
		return err
	}
	if _, err := s.livingSegment(ctx, b, asked.GetSegmentId()); err != nil {
		return err
	}
	members, seq := b.live.Members(asked.GetSegmentId())
	splitter := trial.NewSplitter(s.splits, b.ID, asked)
	sets := splitter.Split(members)
	return s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		if b.trials.Load().Experiment(asked.GetId()) != nil {
			return nil
		}
		if err := b.live.Catch(ctx, c.tx, feed.In(c.tx)); err != nil {
			return err
		}
		def, persons := b.live.Get(asked.GetSegmentId())
		if def == nil || def.GetArchived() {
			return unknownSegment(asked.GetSegmentId())
		}
		if b.live.Changed(def.GetId()) != seq {
			members, seq = b.live.Members(def.GetId())
			splitter.Follow(sets, members)
		}
		e := proto.CloneOf(asked)
		e.SegmentVersion, e.Persons, e.CreatedAt = def.GetVersion(), persons, timestamppb.New(c.at)
		facts, err := trial.Begin(e, trial.NewArms(sets))
		c.tell(facts...)
		return err
	})
}

// livingSegment is knownSegment, but for archived ones.
func (s *Server) livingSegment(ctx context.Context, b *brand, id string) (*segmentationv1.Segment, error) {
	def, err := s.knownSegment(ctx, b, id)
	if err == nil && def.GetArchived() {
		err = unknownSegment(id)
	}
	return def, err
}

// experiment is the one of an id, also one that another replica began a moment ago.
func (s *Server) experiment(ctx context.Context, b *brand, id string) (*segmentationv1.Experiment, error) {
	if e := b.trials.Load().Experiment(id); e != nil {
		return e, nil
	}
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, floor.Unavailable("read experiments", err)
	}
	if e := b.trials.Load().Experiment(id); e != nil {
		return e, nil
	}
	return nil, fault.NotFound(commonv1.Reason_REASON_EXPERIMENT_UNKNOWN, "experiment %q", id)
}

// usualMeasures are compared where nothing else is asked for.
var usualMeasures = []*segmentationv1.Measure{
	{Measure: &segmentationv1.Measure_Purchases{Purchases: segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_SPENT}},
	{Measure: &segmentationv1.Measure_Purchases{Purchases: segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_COUNT}},
}

// GetExperiment counts what came of an experiment.
func (s *Server) GetExperiment(ctx context.Context, in *segmentationv1.GetExperimentRequest) (*segmentationv1.GetExperimentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if dates := in.GetDates(); dates != nil {
		if err := s.guard.Cadence(ctx).Dates(dates); err != nil {
			return nil, err
		}
	}
	e, err := s.experiment(ctx, b, in.GetId())
	if err != nil {
		return nil, err
	}
	days := s.runs(b, e)
	if in.GetDates() != nil {
		if days, err = within(in.GetDates(), e, days); err != nil {
			return nil, err
		}
	}
	// First what is certainly counted.
	head, err := s.store.log.Head(ctx, b.ID)
	if err != nil {
		return nil, floor.Lost("read experiment", err)
	}
	found, err := s.found(ctx, b, e)
	if err != nil {
		return nil, floor.Lost("read experiment", err)
	}
	out := &segmentationv1.GetExperimentResponse{Experiment: e, Control: trial.Names(e)[trial.Control(e)], AsOf: countedTo(head.At)}
	counts := make([]int64, 0, len(found.Sets))
	for _, set := range found.Counted() {
		counts = append(counts, int64(set.GetCardinality()))
	}
	out.Arms, out.RatioPValue, out.RatioMismatch = trial.Ratio(e, counts)
	measures := in.GetMeasures()
	if len(measures) == 0 {
		measures = usualMeasures
	}
	out.Results, err = s.compareArms(ctx, b, e, found, measures, days, 0)
	if s.hides(ctx) {
		hideArms(out.GetResults())
	}
	return out, floor.Lost("compare arms", err)
}

// within are the days asked for that an experiment has not been stopped on.
func within(asked *commonv1.DateRange, e *segmentationv1.Experiment, runs calendar.Days) (calendar.Days, error) {
	wrong := fault.Invalid()
	days := trial.Days(asked, "dates", wrong)
	if wrong.Len() == 0 && e.GetStoppedAt() != nil {
		if days.Until = min(days.Until, runs.Until); days.From >= days.Until {
			wrong.Field("dates.start", "the experiment was stopped on %s", runs.Until-1)
		}
	}
	return days, wrong.Err()
}

// ListExperiments reads the experiments.
func (s *Server) ListExperiments(ctx context.Context, in *segmentationv1.ListExperimentsRequest) (*segmentationv1.ListExperimentsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.ListExperimentsResponse{Experiments: b.trials.Load().Experiments(listedTrials)}, nil
}

// StopExperiment ends an experiment.
func (s *Server) StopExperiment(ctx context.Context, in *segmentationv1.StopExperimentRequest) (*segmentationv1.StopExperimentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if _, err := s.experiment(ctx, b, in.GetId()); err != nil {
		return nil, err
	}
	err = s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		if b.trials.Load().Experiment(in.GetId()).GetStoppedAt() != nil {
			return nil
		}
		f, err := record.End(in.GetId())
		c.tell(f)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &segmentationv1.StopExperimentResponse{Experiment: b.trials.Load().Experiment(in.GetId())}, nil
}

// GetAssignment reads which arm a person is in.
func (s *Server) GetAssignment(ctx context.Context, in *segmentationv1.GetAssignmentRequest) (*segmentationv1.GetAssignmentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	e, err := s.experiment(ctx, b, in.GetId())
	if err != nil {
		return nil, err
	}
	arms, err := b.trials.Load().Arms(ctx, s.store.log.Reader, b.ID, e)
	if err != nil {
		return nil, floor.Lost("read arms", err)
	}
	out := &segmentationv1.GetAssignmentResponse{Stopped: e.GetStoppedAt() != nil}
	now := b.book.Load().Now()
	person := now.Person(in.GetCustomerId())
	if arm, _ := arms.Of(person, now.Members(person)); arm >= 0 {
		out.Arm = trial.Names(e)[arm]
	}
	return out, nil
}

// ListAssignments pages through the persons of an arm.
func (s *Server) ListAssignments(ctx context.Context, in *segmentationv1.ListAssignmentsRequest) (*segmentationv1.ListAssignmentsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	e, err := s.experiment(ctx, b, in.GetId())
	if err != nil {
		return nil, err
	}
	arm := slices.Index(trial.Names(e), in.GetArm())
	if arm < 0 {
		return nil, fault.NotFound(commonv1.Reason_REASON_EXPERIMENT_UNKNOWN, "experiment %q has no arm %q", e.GetId(), in.GetArm())
	}
	var after int64
	if err := s.readToken(in, in.GetPageToken(), &after); err != nil {
		return nil, err
	}
	found, err := s.found(ctx, b, e)
	if err != nil {
		return nil, floor.Lost("read arms", err)
	}
	persons, size := found.Sets[arm], int(in.GetPageSize())
	if size == 0 {
		size = usualMembers
	}
	out := &segmentationv1.ListAssignmentsResponse{Persons: int64(persons.GetCardinality())}
	it := persons.Iterator()
	it.AdvanceIfNeeded(uint64(after) + 1)
	for it.HasNext() && len(out.GetIds()) < size {
		out.Ids = append(out.Ids, int64(it.Next()))
	}
	if it.HasNext() {
		out.NextPageToken, err = s.token(in, out.GetIds()[size-1])
	}
	return out, err
}
