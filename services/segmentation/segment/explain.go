package segment

import (
	"context"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/segmentation/expr"
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
