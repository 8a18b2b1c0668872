package report

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

func TestCheckTree(t *testing.T) {
	for wrong, nodes := range map[string][]*reportv1.MetricNode{
		"":                     {node("a", "", mainRole), node("b", "a", proxyRole), node("c", "b", counterRole)},
		"tree.nodes[1].id":     {node("a", "", mainRole), node("a", "a", proxyRole)},
		"tree.nodes[0].parent": {node("a", "b", mainRole), node("b", "", mainRole)},
		"tree.nodes[0].role":   {node("a", "", counterRole)},
		"tree.nodes[1].role":   {node("a", "", proxyRole), node("b", "a", counterRole)},
	} {
		err := checkTree(&reportv1.MetricTree{Nodes: nodes})
		if wrong == "" && err != nil || wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestReplaced(t *testing.T) {
	one := &reportv1.MetricTree{Nodes: []*reportv1.MetricNode{node("a", "", mainRole)}}
	two := &reportv1.MetricTree{Nodes: []*reportv1.MetricNode{node("b", "", mainRole)}}
	versioned := func(of *reportv1.MetricTree, v int32) *reportv1.MetricTree {
		of = proto.CloneOf(of)
		of.Version = v
		return of
	}
	for name, tt := range map[string]struct {
		have, set *reportv1.MetricTree
		want      int32 // 0: nothing changes
		conflict  bool
	}{
		"the first":               {nil, one, 1, false},
		"the first, of a version": {nil, versioned(one, 1), 0, true},
		"another":                 {versioned(one, 1), two, 2, false},
		"another, seen":           {versioned(one, 1), versioned(two, 1), 2, false},
		"another, not seen":       {versioned(one, 2), versioned(two, 1), 0, true},
		"the same":                {versioned(one, 1), one, 0, false},
		"the same, sent again":    {versioned(one, 2), versioned(one, 1), 0, false},
	} {
		got, err := replaced(tt.have, tt.set)
		if got.GetVersion() != tt.want || fault.Is(err, commonv1.Reason_REASON_VERSION_CONFLICT) != tt.conflict || (err != nil) != tt.conflict {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Whatever metrics a brand has, its usual tree could be set as it is.
func TestUsualTree(t *testing.T) {
	nps := func(name string) *surveyv1.Metric {
		return &surveyv1.Metric{Name: name, Kind: surveyv1.MetricKind_METRIC_KIND_NPS}
	}
	low := &surveyv1.Metric{Name: lowShare, Kind: surveyv1.MetricKind_METRIC_KIND_LOW_SHARE}
	for name, metrics := range map[string][]*surveyv1.Metric{
		"none":   {low},
		"one":    {nps("nps.network"), {Name: "csat.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT}, low},
		"odd":    {nps("_nps._x"), nps("nps.b"), {Name: "a", Kind: surveyv1.MetricKind_METRIC_KIND_CES}},
		"simple": {nps("nps")},
	} {
		tree := usualTree(metrics)
		if err := checkTree(tree); err != nil || len(tree.GetNodes()) != len(metrics) {
			t.Error(name, err)
		}
		if err := fault.Validate(&reportv1.SetMetricTreeRequest{Brand: "demo", Tree: tree}); err != nil {
			t.Error(name, err)
		}
	}
	if got := usualTree([]*surveyv1.Metric{nps("a"), nps("b"), low}).GetNodes(); got[1].GetParent() != "" || got[2].GetParent() != "a" || !got[2].GetLowerIsBetter() {
		t.Error(got)
	}
}
