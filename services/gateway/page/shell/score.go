package shell

import (
	"slices"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// MetricTitle is a metric's name for people, in the language of the page, else the
// first of the brand's that there is, else any.
func (l *Lang) MetricTitle(m *surveyv1.Metric, locales []string) string {
	if t := l.Localized(m.GetTitle().GetTexts(), locales); t != "" {
		return t
	}
	if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_LOW_SHARE {
		return l.lowShare
	}
	return m.GetName()
}

// Localized picks the text in the language of the page, else in the brand's first,
// else the first by name of language; empty without any.
func (l *Lang) Localized(texts map[string]string, locales []string) string {
	for _, locale := range slices.Concat([]string{l.Code}, locales) {
		if t := texts[locale]; t != "" {
			return t
		}
	}
	first := ""
	for locale := range texts {
		if first == "" || locale < first {
			first = locale
		}
	}
	return texts[first]
}

// preferred are the kinds of metrics, the one first that people ask about first.
var preferred = []surveyv1.MetricKind{
	surveyv1.MetricKind_METRIC_KIND_NPS, surveyv1.MetricKind_METRIC_KIND_CSAT, surveyv1.MetricKind_METRIC_KIND_RATING,
	surveyv1.MetricKind_METRIC_KIND_CES, surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL, surveyv1.MetricKind_METRIC_KIND_CSI_ITEM,
	surveyv1.MetricKind_METRIC_KIND_LOW_SHARE,
}

// SortMetrics puts the metrics first that people ask about first.
func SortMetrics(all []*surveyv1.Metric) {
	slices.SortStableFunc(all, func(a, b *surveyv1.Metric) int {
		return slices.Index(preferred, a.GetKind()) - slices.Index(preferred, b.GetKind())
	})
}
