package directory

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// scales that a kind fixes; CSAT and RATING choose their own.
var scales = map[surveyv1.MetricKind][2]int32{
	surveyv1.MetricKind_METRIC_KIND_NPS:      {0, 10},
	surveyv1.MetricKind_METRIC_KIND_CES:      {1, 7},
	surveyv1.MetricKind_METRIC_KIND_CSI_ITEM: {1, 10},
}

// WithDefaults fills in what a metric leaves to its kind.
func WithDefaults(in *surveyv1.Metric) *surveyv1.Metric {
	m := proto.CloneOf(in)
	if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL {
		m.LowAtMost = proto.Int32(-1)
		return m
	}
	if m.GetScaleMin() == 0 && m.GetScaleMax() == 0 {
		m.ScaleMin, m.ScaleMax = 1, 5
		if s, fixed := scales[m.GetKind()]; fixed {
			m.ScaleMin, m.ScaleMax = s[0], s[1]
		}
	}
	if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_CSAT && m.GetThreshold() == 0 {
		m.Threshold = m.GetScaleMax() - 1
	}
	if m.LowAtMost == nil {
		m.LowAtMost = proto.Int32(lowDefault(m))
	}
	return m
}

// lowDefault is the highest score that still calls for a call-back: a detractor,
// below 3 of 5, and the like share of other scales.
func lowDefault(m *surveyv1.Metric) int32 {
	switch {
	case m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS:
		return 6
	case m.GetKind() == surveyv1.MetricKind_METRIC_KIND_CES:
		return 3
	case m.GetScaleMax() == 5:
		return 2
	case m.GetScaleMax() == 10:
		return 4
	}
	return m.GetScaleMin()
}

// CheckMetric judges a metric with its defaults filled in, against itself and
// against the one of that name which may exist.
func (b *Book) CheckMetric(m *surveyv1.Metric) error {
	f := fault.Invalid()
	kind := m.GetKind()
	s, fixed := scales[kind]
	switch {
	case m.GetName() == LowShareName || kind == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE:
		f.Field("name", "%s is there for every brand and cannot be changed", LowShareName)
	case kind == surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL:
		b.checkParameters(f, m)
	case fixed && (m.GetScaleMin() != s[0] || m.GetScaleMax() != s[1]):
		f.Field("scale_max", "the scale of this kind is %d to %d", s[0], s[1])
	case m.GetScaleMin() >= m.GetScaleMax():
		f.Field("scale_max", "must be above scale_min")
	case kind == surveyv1.MetricKind_METRIC_KIND_CSAT && (m.GetThreshold() <= m.GetScaleMin() || m.GetThreshold() > m.GetScaleMax()):
		f.Field("threshold", "must be above scale_min and at most scale_max")
	case kind != surveyv1.MetricKind_METRIC_KIND_CSAT && m.GetThreshold() != 0:
		f.Field("threshold", "only a CSAT metric has one")
	case m.GetLowAtMost() >= m.GetScaleMax():
		f.Field("low_at_most", "must be below scale_max")
	}
	if kind != surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL && len(m.GetParameters()) > 0 {
		f.Field("parameters", "only a CSI_OVERALL metric has them")
	}
	if err := f.Err(); err != nil {
		return err
	}
	if old, ok := b.Metric(m.GetName()); ok {
		return fixedParts(old.Def, m)
	}
	return nil
}

func (b *Book) checkParameters(f *fault.Fields, m *surveyv1.Metric) {
	if len(m.GetParameters()) == 0 {
		f.Field("parameters", "name at least one CSI_ITEM metric")
	}
	for i, name := range m.GetParameters() {
		if p, ok := b.Metric(name); !ok || p.Def.GetKind() != surveyv1.MetricKind_METRIC_KIND_CSI_ITEM {
			f.Field(fmt.Sprintf("parameters[%d]", i), "%q is not a CSI_ITEM metric", name)
		}
	}
}

// fixedParts refuses a change of what answers were counted by.
func fixedParts(old, m *surveyv1.Metric) error {
	for _, part := range []struct {
		field string
		same  bool
	}{
		{"kind", old.GetKind() == m.GetKind()},
		{"scale_min", old.GetScaleMin() == m.GetScaleMin()},
		{"scale_max", old.GetScaleMax() == m.GetScaleMax()},
		{"threshold", old.GetThreshold() == m.GetThreshold()},
		{"low_at_most", old.GetLowAtMost() == m.GetLowAtMost()},
	} {
		if !part.same {
			return fault.Precondition(commonv1.Reason_REASON_METRIC_MISMATCH,
				"%s of metric %q is fixed: define a metric of another name", part.field, m.GetName()).With("field", part.field)
		}
	}
	return nil
}
