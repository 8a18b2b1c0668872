package report

import (
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// benchmarks are what others of an industry reach, in %, from the handbook that the
// suite's metric definitions follow; 0: it gives none.
type benchmarks struct{ satisfaction, retention float64 }

// byIndustry has the industries of brands.yaml. Who sells online is held against
// retail's retention: the handbook sets no other.
var byIndustry = map[string]benchmarks{
	"banks":                 {satisfaction: 81, retention: 75},
	"cars":                  {satisfaction: 82},
	"hotels":                {satisfaction: 76},
	"insurance":             {satisfaction: 80, retention: 83},
	"it":                    {retention: 81},
	"media":                 {retention: 84},
	"online_retail":         {satisfaction: 80, retention: 63},
	"professional_services": {retention: 84},
	"retail":                {retention: 63},
	"software":              {satisfaction: 79, retention: 81},
	"telecom":               {retention: 78},
}

// given is a benchmark that there is.
func given(percent float64) *float64 {
	if percent == 0 {
		return nil
	}
	return &percent
}

// satisfaction is the benchmark of a metric: of shares of satisfied answers, and of
// CSI, where it stands beside the weighted value and never beside the product.
func (b *brand) satisfaction(m *surveyv1.Metric) *float64 {
	switch m.GetKind() {
	case surveyv1.MetricKind_METRIC_KIND_CSAT, surveyv1.MetricKind_METRIC_KIND_CSI_ITEM, surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL:
		return given(byIndustry[b.Industry].satisfaction)
	}
	return nil
}

// judgedFrom is how many answers it takes for a word: as many as for a rank.
const judgedFrom = rankedFrom

// judged says in words what the definitions say of a score; empty where they say
// nothing, or where too few answered to say anything.
func judged(m *surveyv1.Metric, s *surveyv1.Score) string {
	value := s.Value
	switch {
	case value == nil || s.GetN() < judgedFrom:
		return ""
	case m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS && *value > 50:
		return "excellent"
	case m.GetKind() == surveyv1.MetricKind_METRIC_KIND_NPS && *value > 30:
		return "good"
	case m.GetKind() == surveyv1.MetricKind_METRIC_KIND_CES && *value < 5.5:
		return "problem"
	}
	return ""
}
