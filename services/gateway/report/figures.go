package report

import (
	"context"
	"slices"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

// SetMetricTree replaces a brand's tree of figures.
func (s *Server) SetMetricTree(ctx context.Context, in *reportv1.SetMetricTreeRequest) (*reportv1.SetMetricTreeResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), nil, access.Define)
	if err != nil {
		return nil, err
	}
	if err := checkTree(in.GetTree()); err != nil {
		return nil, err
	}
	if err := s.checkFigures(ctx, b, in.GetTree()); err != nil {
		return nil, err
	}
	out := &reportv1.SetMetricTreeResponse{}
	err = s.trees.setTree(ctx, b.ID, func(have *reportv1.MetricTree) (*reportv1.MetricTree, error) {
		next, err := replaced(have, in.GetTree())
		if out.Tree = next; next == nil {
			out.Tree = have
		}
		return next, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// checkFigures refuses a tree of metrics that the brand does not have.
func (s *Server) checkFigures(ctx context.Context, b *brand, tree *reportv1.MetricTree) error {
	if !slices.ContainsFunc(tree.GetNodes(), func(n *reportv1.MetricNode) bool { return n.GetMetric() != "" }) {
		return nil
	}
	if s.from.Survey == nil {
		return fault.Unimplemented(nil, "which metrics there are is told by Survey, which is no part of this deployment")
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	v := s.visit()
	defer v.leave()
	metrics, err := s.metrics(ctx, &asking{brand: b, visits: v})
	if err != nil {
		return err
	}
	return known(tree, metrics)
}

// GetMetricTree reads the tree with its figures.
func (s *Server) GetMetricTree(ctx context.Context, in *reportv1.GetMetricTreeRequest) (*reportv1.GetMetricTreeResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), nil, access.Read)
	if err != nil {
		return nil, err
	}
	w, err := b.window(s.cfg.Clock(), in.GetWindow())
	if err != nil {
		return nil, err
	}
	f := &figures{omnichannel: omnichannel{s: s, b: b, w: w}}
	if f.tree, err = s.trees.tree(ctx, b.ID); err != nil {
		return nil, err
	}
	out := &reportv1.GetMetricTreeResponse{}
	if out.Sections, err = s.gather(ctx, b, f.parts()); err != nil {
		return nil, err
	}
	if out.Tree = f.tree; out.Tree == nil {
		out.Tree = &reportv1.MetricTree{}
	}
	out.States = f.states()
	return out, nil
}

// figures are those of a tree on their way: what an omnichannel report has of all
// channels together, as far as the tree asks for it.
type figures struct {
	omnichannel
	tree *reportv1.MetricTree // nil: what follows from the metrics
}

func (f *figures) parts() []part {
	needed := needs(f.tree)
	all := f.omnichannel.parts(omnichannelSections)
	all[0] = f.s.part(scoresSection, fromSurvey, f.fetchScores)
	f.wanted = slices.DeleteFunc(slices.Clone(omnichannelSections), func(name string) bool { return !needed(name) })
	return slices.DeleteFunc(all, func(p part) bool { return !needed(p.name) })
}

// fetchScores reads the metrics that the tree names, as far as there are such.
func (f *figures) fetchScores(ctx context.Context, a *asking) error {
	said, err := f.said(ctx, a)
	if err != nil {
		return err
	}
	if f.tree == nil {
		var metrics []*surveyv1.Metric
		for _, r := range said.scores {
			metrics = append(metrics, r.metric)
		}
		f.tree = usualTree(metrics)
	}
	f.scores = said.of(func(m *surveyv1.Metric) bool {
		return slices.ContainsFunc(f.tree.GetNodes(), func(n *reportv1.MetricNode) bool { return n.GetMetric() == m.GetName() })
	})
	return nil
}

// states are how the figures stand, in the order of the nodes.
func (f *figures) states() []*reportv1.MetricState {
	nodes := f.tree.GetNodes()
	states, scored := make([]*reportv1.MetricState, len(nodes)), make([]bool, len(nodes))
	rates := f.total().GetRates()
	for i, n := range nodes {
		states[i] = &reportv1.MetricState{Id: n.GetId()}
		for _, r := range f.scores {
			if r.metric.GetName() == n.GetMetric() {
				ofScore(states[i], r)
				// Of the overall index chance cannot be told.
				scored[i] = r.metric.GetKind() != surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL
			}
		}
		for _, r := range rates {
			if r.GetName() == n.GetRate() {
				states[i].Value, states[i].N, states[i].Low, states[i].High, states[i].Previous = r.Value, r.GetDenominator(), r.Low, r.High, r.GetPrevious()
			}
		}
	}
	lights(f.tree, states, scored)
	return states
}

// ofScore writes what a metric says.
func ofScore(s *reportv1.MetricState, r reading) {
	score := r.score(current, "")
	s.Value, s.N, s.Low, s.High = score.Value, score.GetN(), score.Low, score.High
	s.Previous = changed(r.metric, score, r.score(earlier, ""))
}
