package directory

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// LowShareName is the metric every brand has: questionnaires with a low score.
const LowShareName = "low.share"

// Metric is a metric with its number.
type Metric struct {
	// Number within the brand; 0 is low.share.
	Number uint32
	// Def is the definition, defaults filled in.
	Def *surveyv1.Metric
}

func lowShare() *surveyv1.Metric {
	return &surveyv1.Metric{
		Name: LowShareName, Kind: surveyv1.MetricKind_METRIC_KIND_LOW_SHARE,
		ScaleMin: 0, ScaleMax: 1, Threshold: 1, LowAtMost: proto.Int32(-1),
	}
}

func (b *Book) putMetric(m *surveyv1.Metric) {
	n, ok := b.byMetric[m.GetName()]
	if !ok {
		n = uint32(len(b.metrics))
		b.byMetric[m.GetName()] = n
		b.metrics = append(b.metrics, nil)
	}
	b.metrics[n] = &Metric{Number: n, Def: m}
}

// Metric finds a metric by name.
func (b *Book) Metric(name string) (*Metric, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	n, ok := b.byMetric[name]
	if !ok {
		return nil, false
	}
	return b.metrics[n], true
}

// MetricByNumber is the metric of a number, nil if there is none.
func (b *Book) MetricByNumber(n uint32) *Metric {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if int(n) >= len(b.metrics) {
		return nil
	}
	return b.metrics[n]
}

// Metrics lists all metrics by name.
func (b *Book) Metrics() []*Metric {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := slices.Clone(b.metrics)
	slices.SortFunc(out, func(x, y *Metric) int { return cmp.Compare(x.Def.GetName(), y.Def.GetName()) })
	return out
}

// MetricScores is whether answers of this kind are counted in histograms of
// their own; CSI_OVERALL is computed from others, low.share from all.
func MetricScores(kind surveyv1.MetricKind) bool {
	return kind != surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL && kind != surveyv1.MetricKind_METRIC_KIND_LOW_SHARE
}
