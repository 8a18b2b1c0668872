package report

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

func node(id, parent string, role reportv1.MetricNode_Role, more ...func(*reportv1.MetricNode)) *reportv1.MetricNode {
	n := &reportv1.MetricNode{Id: id, Parent: parent, Role: role, Figure: &reportv1.MetricNode_Metric{Metric: id}}
	for _, m := range more {
		m(n)
	}
	return n
}

func target(x float64) func(*reportv1.MetricNode) {
	return func(n *reportv1.MetricNode) { n.Target = &x }
}

func lower(n *reportv1.MetricNode) { n.LowerIsBetter = true }

// stands is a value that changed by so much.
func stands(value, by float64, beyond bool) *reportv1.MetricState {
	return &reportv1.MetricState{Value: &value, Previous: &reportv1.Change{Then: proto.Float64(value - by), Change: &by, Significant: beyond}}
}

const (
	mainRole    = reportv1.MetricNode_ROLE_MAIN
	proxyRole   = reportv1.MetricNode_ROLE_PROXY
	counterRole = reportv1.MetricNode_ROLE_COUNTER
	dark        = reportv1.MetricState_LIGHT_UNSPECIFIED
	green       = reportv1.MetricState_LIGHT_GREEN
	yellow      = reportv1.MetricState_LIGHT_YELLOW
	red         = reportv1.MetricState_LIGHT_RED
)

func TestOwnLights(t *testing.T) {
	fresh := &reportv1.MetricState{Value: proto.Float64(50), Previous: &reportv1.Change{}}
	for name, tt := range map[string]struct {
		node   *reportv1.MetricNode
		state  *reportv1.MetricState
		scored bool
		want   reportv1.MetricState_Light
	}{
		"no value":               {node("a", "", mainRole, target(1)), &reportv1.MetricState{}, true, dark},
		"nothing to compare":     {node("a", "", mainRole), fresh, true, dark},
		"at its target":          {node("a", "", mainRole, target(50)), fresh, true, green},
		"below its target":       {node("a", "", mainRole, target(50.1)), fresh, true, yellow},
		"less is better":         {node("a", "", mainRole, target(50.1), lower), fresh, true, green},
		"too much":               {node("a", "", mainRole, target(49), lower), fresh, true, yellow},
		"worse":                  {node("a", "", mainRole), stands(40, -5, true), true, yellow},
		"worse by chance":        {node("a", "", mainRole), stands(40, -5, false), true, green},
		"a rate that is worse":   {node("a", "", mainRole), stands(40, -5, false), false, yellow},
		"better":                 {node("a", "", mainRole), stands(40, 5, true), true, green},
		"as before":              {node("a", "", mainRole), stands(40, 0, false), false, green},
		"more of what is bad":    {node("a", "", mainRole, lower), stands(40, 5, true), true, yellow},
		"a target beats a trend": {node("a", "", mainRole, target(30)), stands(40, -5, true), true, green},
	} {
		states := []*reportv1.MetricState{tt.state}
		tt.state.Because = nil
		lights(&reportv1.MetricTree{Nodes: []*reportv1.MetricNode{tt.node}}, states, []bool{tt.scored})
		if got := states[0].GetLight(); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// A main figure that rises is red while a counter figure anywhere below it falls, both
// beyond chance.
func TestRedLights(t *testing.T) {
	tree := &reportv1.MetricTree{Nodes: []*reportv1.MetricNode{
		node("speed", "", mainRole), node("stops", "speed", proxyRole), node("safety", "stops", counterRole), node("waste", "speed", counterRole, lower), node("aside", "", mainRole),
	}}
	for name, tt := range map[string]struct {
		speed, safety, waste *reportv1.MetricState
		scored               bool
		because              []string
	}{
		"both beyond chance":    {stands(9, 1, true), stands(5, -1, true), stands(5, 0, false), true, []string{"safety"}},
		"two suffer":            {stands(9, 1, true), stands(5, -1, true), stands(5, 1, true), true, []string{"safety", "waste"}},
		"the rise is chance":    {stands(9, 1, false), stands(5, -1, true), stands(5, 1, true), true, nil},
		"the fall is chance":    {stands(9, 1, true), stands(5, -1, false), stands(5, 1, false), true, nil},
		"of rates any":          {stands(9, 1, false), stands(5, -1, false), stands(5, 0, false), false, []string{"safety"}},
		"it falls itself":       {stands(9, -1, true), stands(5, -1, true), stands(5, 1, true), true, nil},
		"less waste is no harm": {stands(9, 1, true), stands(5, 1, true), stands(5, -1, true), true, nil},
	} {
		states := []*reportv1.MetricState{tt.speed, stands(1, 0, false), tt.safety, tt.waste, stands(9, 1, true)}
		lights(tree, states, []bool{tt.scored, true, tt.scored, tt.scored, true})
		if got := states[0].GetBecause(); !slices.Equal(got, tt.because) || (states[0].GetLight() == red) != (tt.because != nil) {
			t.Errorf("%s: %v because of %v, want %v", name, states[0].GetLight(), got, tt.because)
		}
		if states[4].GetLight() == red {
			t.Errorf("%s: what stands aside is red", name)
		}
	}
}
