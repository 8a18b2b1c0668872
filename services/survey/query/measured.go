package query

import (
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/survey/score"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// measured is a metric and what it is made of: its own slabs, or those of its
// parameters.
type measured struct {
	def   *surveyv1.Metric
	score score.Def
	parts []uint32 // numbers of the metrics summed
}

// measured finds a metric by name.
func (b *Brand) measured(name string) (measured, error) {
	m, ok := b.Book().Metric(name)
	if !ok {
		return measured{}, fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "metric %q", name)
	}
	out := measured{def: m.Def, score: score.Def{
		Kind: kinds[m.Def.GetKind()], Min: int(m.Def.GetScaleMin()), Max: int(m.Def.GetScaleMax()),
		Threshold: int(m.Def.GetThreshold()),
	}}
	if !out.overall() {
		out.parts = []uint32{m.Number}
		return out, nil
	}
	for _, parameter := range m.Def.GetParameters() {
		p, ok := b.Book().Metric(parameter)
		if !ok {
			return measured{}, fault.NotFound(commonv1.Reason_REASON_METRIC_UNKNOWN, "parameter %q of metric %q", parameter, name)
		}
		out.parts = append(out.parts, p.Number)
	}
	return out, nil
}

var kinds = map[surveyv1.MetricKind]score.Kind{
	surveyv1.MetricKind_METRIC_KIND_NPS:       score.NPS,
	surveyv1.MetricKind_METRIC_KIND_CSAT:      score.CSAT,
	surveyv1.MetricKind_METRIC_KIND_CES:       score.CES,
	surveyv1.MetricKind_METRIC_KIND_CSI_ITEM:  score.CSI,
	surveyv1.MetricKind_METRIC_KIND_RATING:    score.Rating,
	surveyv1.MetricKind_METRIC_KIND_LOW_SHARE: score.LowShare,
}

func (m *measured) overall() bool {
	return m.def.GetKind() == surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL
}

// measures names the slabs of all parts.
func (m *measured) measures(live, rows bool) []string {
	out := make([]string, len(m.parts))
	for i, n := range m.parts {
		v := tally.ViewsOf(n)
		switch {
		case live && rows:
			out[i] = v.LiveRows
		case live:
			out[i] = v.Live
		case rows:
			out[i] = v.DayRows
		default:
			out[i] = v.Day
		}
	}
	return out
}

// evaluate says what the answers are worth. Parts are pooled hists, one for
// each metric summed.
func (m *measured) evaluate(parts []score.Hist) *surveyv1.Score {
	if m.overall() {
		return overallScore(parts)
	}
	r := score.Evaluate(m.score, parts[0])
	if r.Absent {
		return &surveyv1.Score{}
	}
	out := &surveyv1.Score{
		N: r.N, Value: proto.Float64(r.Value), Mean: proto.Float64(r.Mean), Histogram: r.Counts[:],
		Promoters: r.Promoters, Passives: r.Passives, Detractors: r.Detractors, Positive: r.Positive,
	}
	if r.Interval.Known {
		out.Low, out.High = proto.Float64(r.Interval.Low), proto.Float64(r.Interval.High)
	}
	if m.score.Kind == score.CSI {
		out.Weighted, out.WeightedPercent = proto.Float64(r.Weighted), proto.Float64(r.WeightedPercent)
	}
	return out
}

func overallScore(parts []score.Hist) *surveyv1.Score {
	o := score.EvaluateOverall(parts)
	if o.Absent {
		return &surveyv1.Score{}
	}
	return &surveyv1.Score{
		N: o.Answers, Value: proto.Float64(o.Value), Mean: proto.Float64(o.Mean),
		Weighted: proto.Float64(o.Weighted), WeightedPercent: proto.Float64(o.WeightedPercent),
	}
}
