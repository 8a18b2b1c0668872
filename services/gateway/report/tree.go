package report

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// checkTree refuses a tree that is none: parents stand before their children, and what
// must not suffer has something above it that it must not suffer for.
func checkTree(t *reportv1.MetricTree) error {
	f := fault.Invalid()
	underMain, seen := map[string]bool{}, map[string]bool{}
	for i, n := range t.GetNodes() {
		path := "tree.nodes[" + strconv.Itoa(i) + "]"
		if seen[n.GetId()] {
			f.Field(path+".id", "is taken")
		}
		if n.GetParent() != "" && !seen[n.GetParent()] {
			f.Field(path+".parent", "names no node that stands before it")
		}
		above := underMain[n.GetParent()]
		if n.GetRole() == reportv1.MetricNode_ROLE_COUNTER && !above {
			f.Field(path+".role", "needs a main figure above it")
		}
		seen[n.GetId()], underMain[n.GetId()] = true, above || n.GetRole() == reportv1.MetricNode_ROLE_MAIN
	}
	return f.Err()
}

// known refuses a tree that names metrics that are none.
func known(t *reportv1.MetricTree, metrics []*surveyv1.Metric) error {
	f := fault.Invalid()
	for i, n := range t.GetNodes() {
		name := n.GetMetric()
		if name != "" && !slices.ContainsFunc(metrics, func(m *surveyv1.Metric) bool { return m.GetName() == name }) {
			f.Field("tree.nodes["+strconv.Itoa(i)+"].metric", "names no metric of the brand: %q", name)
		}
	}
	return f.Err()
}

// replaced is the tree that takes the place of another one. The same content again
// changes nothing, whatever version it names: nil.
func replaced(have, tree *reportv1.MetricTree) (*reportv1.MetricTree, error) {
	next := proto.CloneOf(tree)
	if have != nil {
		if next.Version = have.GetVersion(); proto.Equal(next, have) {
			return nil, nil
		}
	}
	if v := tree.GetVersion(); v != 0 && v != have.GetVersion() {
		return nil, fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "the tree is of version %d by now", have.GetVersion()).
			With("version", strconv.Itoa(int(have.GetVersion())))
	}
	next.Version = have.GetVersion() + 1
	return next, nil
}

// usualTree is the one that follows from a brand's metrics: what it is recommended for
// at the top, the others below the first of them, or at the top where there is none.
func usualTree(metrics []*surveyv1.Metric) *reportv1.MetricTree {
	out := &reportv1.MetricTree{}
	top := ""
	for _, m := range metrics {
		n := &reportv1.MetricNode{
			Id: nodeID(m.GetName()), Parent: top, Role: reportv1.MetricNode_ROLE_PROXY, Titles: m.GetTitle().GetTexts(),
			Figure:        &reportv1.MetricNode_Metric{Metric: m.GetName()},
			LowerIsBetter: m.GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE,
		}
		if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS {
			n.Role, n.Parent = reportv1.MetricNode_ROLE_MAIN, ""
			if top == "" {
				top = n.Id
			}
		}
		out.Nodes = append(out.Nodes, n)
	}
	return out
}

// nodeID is a metric's name in the letters of ids, of which a dot is none.
func nodeID(metric string) string {
	id := strings.ReplaceAll(metric, ".", "-")
	if strings.HasPrefix(id, "_") {
		id = "m" + id
	}
	return id
}

// needs tells which sections the figures of a tree come from.
func needs(t *reportv1.MetricTree) func(section string) bool {
	from := map[string]string{successIndex: ordersSection, contactRate: contactsSection, retention: retentionSection, redemption: loyaltySection,
		responseRate: invitedSection}
	return func(section string) bool {
		return section == scoresSection || slices.ContainsFunc(t.GetNodes(), func(n *reportv1.MetricNode) bool { return from[n.GetRate()] == section })
	}
}
