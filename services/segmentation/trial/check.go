package trial

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Days reads a range of days; what is wrong with it is told under its path.
func Days(r *commonv1.DateRange, path string, wrong *fault.Fields) (days calendar.Days) {
	var err error
	known := wrong.Len()
	if days.From, err = calendar.ParseDay(r.GetStart()); err != nil {
		wrong.Field(path+".start", "%v", err)
	}
	if days.Until, err = calendar.ParseDay(r.GetEnd()); err != nil {
		wrong.Field(path+".end", "%v", err)
	}
	if wrong.Len() == known && days.From >= days.Until {
		wrong.Field(path+".end", "must be after the start")
	}
	return days
}

// CheckHypothesis judges a hypothesis as a caller puts it.
func CheckHypothesis(h *segmentationv1.Hypothesis) error {
	wrong := fault.Invalid()
	told(wrong, map[string]bool{"hypothesis.plan": h.GetPlan() != nil, "hypothesis.conclusion": h.GetConclusion() != nil,
		"hypothesis.created_at": h.GetCreatedAt() != nil})
	if h.GetExpected() == 0 {
		wrong.Field("hypothesis.expected", "must not be 0: a belief that nothing changes cannot be confirmed")
	}
	known := wrong.Len()
	before, after := Days(h.GetBefore(), "hypothesis.before", wrong), Days(h.GetAfter(), "hypothesis.after", wrong)
	if wrong.Len() > known || h.GetExperimentId() != "" {
		return wrong.Err()
	}
	if after.From < before.Until {
		wrong.Field("hypothesis.after.start", "must not be before %s, when the days before end", before.Until)
	} else if h.GetMeasure().GetPurchases() != 0 && before.Len() != after.Len() {
		wrong.Field("hypothesis.after.end", "must be as many days after as before, which are %d: in more days everybody buys more", before.Len())
	}
	return wrong.Err()
}

// told refuses what a caller cannot say.
func told(wrong *fault.Fields, set map[string]bool) {
	for path, is := range set {
		if is {
			wrong.Field(path, "is told, not asked")
		}
	}
}

// CheckConclusion judges a conclusion as a caller puts it.
func CheckConclusion(c *segmentationv1.HypothesisConclusion) error {
	wrong := fault.Invalid()
	told(wrong, map[string]bool{"conclusion.result": c.GetResult() != nil, "conclusion.concluded_at": c.GetConcludedAt() != nil})
	return wrong.Err()
}

// CheckExperiment judges an experiment as a caller puts it.
func CheckExperiment(e *segmentationv1.Experiment) error {
	wrong := fault.Invalid()
	told(wrong, map[string]bool{"experiment.segment_version": e.GetSegmentVersion() != 0, "experiment.persons": e.GetPersons() != 0,
		"experiment.created_at": e.GetCreatedAt() != nil, "experiment.stopped_at": e.GetStoppedAt() != nil})
	taken := map[string]bool{HoldOut: true}
	for i, a := range e.GetArms() {
		if taken[a.GetName()] {
			wrong.Field(fmt.Sprintf("experiment.arms[%d].name", i), "%q is another arm's", a.GetName())
		}
		taken[a.GetName()] = true
	}
	if e.GetHoldOutBp() == 0 && len(e.GetArms()) < 2 {
		wrong.Field("experiment.hold_out_bp", "must be above 0 with a single arm: there is nothing to compare it with")
	}
	return wrong.Err()
}

// Weighted is an experiment with every weight filled in.
func Weighted(e *segmentationv1.Experiment) *segmentationv1.Experiment {
	out := proto.CloneOf(e)
	for _, a := range out.GetArms() {
		a.Weight = max(1, a.GetWeight())
	}
	return out
}

// SameHypothesis tells whether what was asked for is there already; it refuses another
// one under its id.
func SameHypothesis(was, asked *segmentationv1.Hypothesis) error {
	is := proto.CloneOf(was)
	is.Plan, is.Conclusion, is.CreatedAt = nil, nil, nil
	return same("hypothesis", asked.GetId(), is, asked)
}

// SameExperiment is SameHypothesis for experiments, both weighted.
func SameExperiment(was, asked *segmentationv1.Experiment) error {
	is := proto.CloneOf(was)
	is.SegmentVersion, is.Persons, is.CreatedAt, is.StoppedAt = 0, 0, nil, nil
	return same("experiment", asked.GetId(), is, asked)
}

// same names the first field in which two differ.
func same(what, id string, is, asked proto.Message) error {
	a, b := is.ProtoReflect(), asked.ProtoReflect()
	for i := range a.Descriptor().Fields().Len() {
		f := a.Descriptor().Fields().Get(i)
		if a.Has(f) == b.Has(f) && a.Get(f).Equal(b.Get(f)) {
			continue
		}
		path := what + "." + string(f.Name())
		return fault.AlreadyExists(commonv1.Reason_REASON_ALREADY_EXISTS, "%s %q is there with another %s", what, id, path).With("field", path)
	}
	return nil
}

// Begin are the facts of an experiment and of whom it put where.
func Begin(e *segmentationv1.Experiment, arms *Arms) ([]feed.Fact, error) {
	f, err := record.Split(e)
	if err != nil {
		return nil, err
	}
	assigned, err := arms.facts(e)
	return append([]feed.Fact{f}, assigned...), err
}
