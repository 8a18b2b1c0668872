package segment

import (
	"context"
	"math"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/segmentation/expr"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Explain asks a segment's rule of a person, part by part, of what is known now; of an
// algebra the parts are the segments.
func (e *Evaluator) Explain(ctx context.Context, def *segmentationv1.Segment, person int64) ([]expr.Part, map[string]string, error) {
	if ids := parts(def); len(ids) > 0 {
		out := make([]expr.Part, len(ids))
		for i, id := range ids {
			out[i] = expr.Part{Text: id, Holds: e.Live.Has(id, person)}
		}
		return out, nil, nil
	}
	w, err := e.World(ctx)
	if err != nil {
		return nil, nil, err
	}
	rule, err := Read(def.GetRule(), w.Fields)
	if err != nil {
		return nil, nil, err
	}
	p := w.subject(person)
	if err := w.Know(ctx, e.DB, []*Subject{p}, rule.reads); err != nil {
		return nil, nil, err
	}
	parts, values := rule.explain(p, w.Fields, e.today())
	return parts, values, nil
}

// How many facts of a number are looked through for the newest that counts, and how
// many are read at once.
const (
	lookedThrough = 2000
	readAtOnce    = 100
)

// Newest is the newest fact about a person that a segment's rule can depend on, by its
// number and commit time; 0: none is found, or the rule is an algebra.
func (e *Evaluator) Newest(ctx context.Context, def *segmentationv1.Segment, person int64) (seq, at int64, err error) {
	w, err := e.World(ctx)
	if err != nil || len(parts(def)) > 0 {
		return 0, 0, err
	}
	rule, err := Read(def.GetRule(), w.Fields)
	if err != nil {
		return 0, 0, err
	}
	for _, id := range w.subject(person).Numbers {
		f, err := e.newestOf(ctx, id, rule.groups)
		if err != nil {
			return 0, 0, err
		}
		if f != nil && f.Seq > seq {
			seq, at = f.Seq, f.At
		}
	}
	if rule.groups&field.RFM != 0 {
		// A run is about everybody and names nobody.
		err = e.Facts.ReadKind(ctx, e.Brand, []int16{record.RfmRun}, seq, func(f *feed.Fact) error {
			seq, at = f.Seq, f.At
			return nil
		})
	}
	return seq, at, err
}

// newestOf is the newest fact about a number that changes any of some groups; nil if
// none is found.
func (e *Evaluator) newestOf(ctx context.Context, id int64, wanted field.Group) (*feed.Fact, error) {
	before := int64(math.MaxInt64)
	for range lookedThrough / readAtOnce {
		facts, err := e.Facts.ReadWho(ctx, e.Brand, id, before, readAtOnce)
		if err != nil || len(facts) == 0 {
			return nil, err
		}
		for i := range facts {
			if groups[facts[i].Kind]&wanted != 0 {
				return &facts[i], nil
			}
		}
		before = facts[len(facts)-1].Seq
	}
	return nil, nil
}
