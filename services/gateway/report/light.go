package report

import (
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

// lights says of each figure what to make of it.
func lights(t *reportv1.MetricTree, states []*reportv1.MetricState, scored []bool) {
	parent := map[string]string{}
	for i, n := range t.GetNodes() {
		parent[n.GetId()] = n.GetParent()
		states[i].Light = light(n, states[i], scored[i])
	}
	for i, main := range t.GetNodes() {
		if main.GetRole() != reportv1.MetricNode_ROLE_MAIN || turned(main, states[i], scored[i]) <= 0 {
			continue
		}
		for k, n := range t.GetNodes() {
			if n.GetRole() == reportv1.MetricNode_ROLE_COUNTER && below(parent, n.GetId(), main.GetId()) && turned(n, states[k], scored[k]) < 0 {
				states[i].Light = reportv1.MetricState_LIGHT_RED
				states[i].Because = append(states[i].Because, n.GetId())
			}
		}
	}
}

// light is a figure's own, whatever the others do.
func light(n *reportv1.MetricNode, s *reportv1.MetricState, scored bool) reportv1.MetricState_Light {
	var good bool
	switch {
	case s.Value == nil:
		return reportv1.MetricState_LIGHT_UNSPECIFIED
	case n.Target != nil && n.GetLowerIsBetter():
		good = s.GetValue() <= n.GetTarget()
	case n.Target != nil:
		good = s.GetValue() >= n.GetTarget()
	case s.GetPrevious() == nil || s.GetPrevious().Change == nil:
		return reportv1.MetricState_LIGHT_UNSPECIFIED
	default:
		good = turned(n, s, scored) >= 0
	}
	if good {
		return reportv1.MetricState_LIGHT_GREEN
	}
	return reportv1.MetricState_LIGHT_YELLOW
}

// turned tells whether a figure got better (1) or worse (−1) than before, beyond chance
// where that can be told, which is of scores.
func turned(n *reportv1.MetricNode, s *reportv1.MetricState, scored bool) int {
	change := s.GetPrevious().GetChange()
	if scored && !s.GetPrevious().GetSignificant() {
		return 0
	}
	if n.GetLowerIsBetter() {
		change = -change
	}
	switch {
	case change > 0:
		return 1
	case change < 0:
		return -1
	}
	return 0
}

// below tells whether a node stands anywhere below another one.
func below(parent map[string]string, id, other string) bool {
	for id = parent[id]; id != ""; id = parent[id] {
		if id == other {
			return true
		}
	}
	return false
}
