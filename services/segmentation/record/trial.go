package record

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Kinds of facts about hypotheses and experiments.
const (
	// Hypothesis writes one down; body Hypothesis with its plan.
	Hypothesis int16 = 60
	// Conclusion says how one ended; body ConcludeHypothesisRequest without brand.
	Conclusion int16 = 61
	// Experiment says that a segment was split; body Experiment.
	Experiment int16 = 62
	// Assignment has the persons of one arm; its key names both, its body is the set in
	// the portable form. It is no definition: sets are read when they are asked for.
	Assignment int16 = 63
	// Stop ends an experiment; body StopExperimentRequest without brand.
	Stop int16 = 64
)

// Trials are the kinds that are kept in memory.
var Trials = []int16{Hypothesis, Conclusion, Experiment, Stop}

func defined(kind int16, m proto.Message) (feed.Fact, error) {
	f := about(kind, 0)
	var err error
	f.Body, err = written.Marshal(m)
	return f, err
}

func read(f *feed.Fact, what string, m proto.Message) error {
	if err := proto.Unmarshal(f.Body, m); err != nil {
		return fmt.Errorf("fact %d: read %s: %w", f.Seq, what, err)
	}
	return nil
}

// Suppose is the fact about a hypothesis.
func Suppose(h *segmentationv1.Hypothesis) (feed.Fact, error) { return defined(Hypothesis, h) }

// HypothesisOf reads a HYPOTHESIS fact.
func HypothesisOf(f *feed.Fact) (*segmentationv1.Hypothesis, error) {
	h := &segmentationv1.Hypothesis{}
	return h, read(f, "hypothesis", h)
}

// Conclude is the fact about how a hypothesis ended.
func Conclude(id string, c *segmentationv1.HypothesisConclusion) (feed.Fact, error) {
	return defined(Conclusion, &segmentationv1.ConcludeHypothesisRequest{Id: id, Conclusion: c})
}

// ConclusionOf reads a CONCLUSION fact.
func ConclusionOf(f *feed.Fact) (*segmentationv1.ConcludeHypothesisRequest, error) {
	c := &segmentationv1.ConcludeHypothesisRequest{}
	return c, read(f, "conclusion", c)
}

// Split is the fact about an experiment.
func Split(e *segmentationv1.Experiment) (feed.Fact, error) { return defined(Experiment, e) }

// ExperimentOf reads an EXPERIMENT fact.
func ExperimentOf(f *feed.Fact) (*segmentationv1.Experiment, error) {
	e := &segmentationv1.Experiment{}
	return e, read(f, "experiment", e)
}

// AssignmentKey is under which key the persons of an arm are told.
func AssignmentKey(experiment, arm string) []byte {
	return []byte("assignment\x00" + experiment + "\x00" + arm)
}

// Assign is the fact about the persons of an arm.
func Assign(experiment, arm string, persons *roaring64.Bitmap) (feed.Fact, error) {
	f := about(Assignment, 0)
	f.Key = AssignmentKey(experiment, arm)
	var err error
	f.Body, err = persons.ToPortableBytes()
	return f, err
}

// AssignmentOf reads an ASSIGNMENT fact.
func AssignmentOf(f *feed.Fact) (*roaring64.Bitmap, error) {
	set, err := ReadSet(f.Body)
	if err != nil {
		return nil, fmt.Errorf("fact %d: read assignment: %w", f.Seq, err)
	}
	return set, nil
}

// End is the fact that ends an experiment.
func End(id string) (feed.Fact, error) {
	return defined(Stop, &segmentationv1.StopExperimentRequest{Id: id})
}

// EndOf reads which experiment a STOP fact ends.
func EndOf(f *feed.Fact) (id string, err error) {
	s := &segmentationv1.StopExperimentRequest{}
	err = read(f, "end of experiment", s)
	return s.GetId(), err
}
