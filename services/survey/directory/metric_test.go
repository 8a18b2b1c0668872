package directory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

const (
	nps     = surveyv1.MetricKind_METRIC_KIND_NPS
	csat    = surveyv1.MetricKind_METRIC_KIND_CSAT
	ces     = surveyv1.MetricKind_METRIC_KIND_CES
	csiItem = surveyv1.MetricKind_METRIC_KIND_CSI_ITEM
	rating  = surveyv1.MetricKind_METRIC_KIND_RATING
	overall = surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL
)

func TestMetricDefaults(t *testing.T) {
	for _, tt := range []struct {
		in                        *surveyv1.Metric
		low, top, threshold, lows int32
	}{
		{&surveyv1.Metric{Kind: nps}, 0, 10, 0, 6},
		{&surveyv1.Metric{Kind: csat}, 1, 5, 4, 2},
		{&surveyv1.Metric{Kind: csat, ScaleMin: 1, ScaleMax: 10}, 1, 10, 9, 4},
		{&surveyv1.Metric{Kind: csat, ScaleMin: 1, ScaleMax: 7}, 1, 7, 6, 1},
		{&surveyv1.Metric{Kind: csat, Threshold: 3, LowAtMost: proto.Int32(-1)}, 1, 5, 3, -1},
		{&surveyv1.Metric{Kind: ces}, 1, 7, 0, 3},
		{&surveyv1.Metric{Kind: csiItem}, 1, 10, 0, 4},
		{&surveyv1.Metric{Kind: rating}, 1, 5, 0, 2},
		{&surveyv1.Metric{Kind: rating, ScaleMax: 10, LowAtMost: proto.Int32(0)}, 0, 10, 0, 0},
		{&surveyv1.Metric{Kind: overall}, 0, 0, 0, -1},
	} {
		given := proto.CloneOf(tt.in)
		m := directory.WithDefaults(tt.in)
		want := &surveyv1.Metric{
			Kind: tt.in.GetKind(), ScaleMin: tt.low, ScaleMax: tt.top, Threshold: tt.threshold, LowAtMost: proto.Int32(tt.lows),
		}
		if diff := cmp.Diff(want, m, protocmp.Transform()); diff != "" {
			t.Errorf("%v: %s", tt.in, diff)
		}
		if !proto.Equal(given, tt.in) {
			t.Errorf("%v was changed", given)
		}
		if again := directory.WithDefaults(m); !proto.Equal(again, m) {
			t.Errorf("%v: defaults of the defaults are %v", m, again)
		}
	}
}

func TestCheckMetric(t *testing.T) {
	l := newLedger(t)
	l.metric(&surveyv1.Metric{Name: "csi.queue", Kind: csiItem})
	l.metric(&surveyv1.Metric{Name: "csat.visit", Kind: csat})
	for _, tt := range []struct {
		name string
		in   *surveyv1.Metric
		want string
	}{
		{"by default", &surveyv1.Metric{Name: "nps.network", Kind: nps}, ""},
		{"a scale of its own", &surveyv1.Metric{Name: "rating.app", Kind: rating, ScaleMax: 10}, ""},
		{"the scale of another kind", &surveyv1.Metric{Name: "nps.network", Kind: nps, ScaleMin: 1, ScaleMax: 10}, "FIELD_INVALID scale_max"},
		{"a scale of one", &surveyv1.Metric{Name: "rating.app", Kind: rating, ScaleMin: 5, ScaleMax: 5}, "FIELD_INVALID scale_max"},
		{"a scale downwards", &surveyv1.Metric{Name: "rating.app", Kind: rating, ScaleMin: 5, ScaleMax: 1}, "FIELD_INVALID scale_max"},
		{"everything is positive", &surveyv1.Metric{Name: "csat.new", Kind: csat, Threshold: 1}, "FIELD_INVALID threshold"},
		{"nothing is positive", &surveyv1.Metric{Name: "csat.new", Kind: csat, Threshold: 6}, "FIELD_INVALID threshold"},
		{"a threshold of a mean", &surveyv1.Metric{Name: "rating.app", Kind: rating, Threshold: 4}, "FIELD_INVALID threshold"},
		{"everything is low", &surveyv1.Metric{Name: "rating.app", Kind: rating, LowAtMost: proto.Int32(5)}, "FIELD_INVALID low_at_most"},
		{"parameters of a mean", &surveyv1.Metric{Name: "rating.app", Kind: rating, Parameters: []string{"csi.queue"}}, "FIELD_INVALID parameters"},
		{"the name of low.share", &surveyv1.Metric{Name: directory.LowShareName, Kind: nps}, "FIELD_INVALID name"},
		{"the kind of low.share", &surveyv1.Metric{Name: "low.mine", Kind: surveyv1.MetricKind_METRIC_KIND_LOW_SHARE}, "FIELD_INVALID name"},
		{"an index", &surveyv1.Metric{Name: "csi.overall", Kind: overall, Parameters: []string{"csi.queue"}}, ""},
		{"an index of nothing", &surveyv1.Metric{Name: "csi.overall", Kind: overall}, "FIELD_INVALID parameters"},
		{"an index of another kind", &surveyv1.Metric{Name: "csi.overall", Kind: overall, Parameters: []string{"csi.queue", "csat.visit"}}, "FIELD_INVALID parameters[1]"},
		{"an index of the unknown", &surveyv1.Metric{Name: "csi.overall", Kind: overall, Parameters: []string{"csi.none"}}, "FIELD_INVALID parameters[0]"},
		{"again", &surveyv1.Metric{Name: "csat.visit", Kind: csat}, ""},
		{"another kind", &surveyv1.Metric{Name: "csat.visit", Kind: rating}, "METRIC_MISMATCH kind"},
		{"another lowest", &surveyv1.Metric{Name: "csat.visit", Kind: csat, ScaleMin: 0, ScaleMax: 5}, "METRIC_MISMATCH scale_min"},
		{"another top", &surveyv1.Metric{Name: "csat.visit", Kind: csat, ScaleMin: 1, ScaleMax: 7}, "METRIC_MISMATCH scale_max"},
		{"another threshold", &surveyv1.Metric{Name: "csat.visit", Kind: csat, Threshold: 3}, "METRIC_MISMATCH threshold"},
		{"another low", &surveyv1.Metric{Name: "csat.visit", Kind: csat, LowAtMost: proto.Int32(1)}, "METRIC_MISMATCH low_at_most"},
	} {
		if got := refusal(l.CheckMetric(directory.WithDefaults(tt.in))); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestMetricsKeepTheirNumbers(t *testing.T) {
	l := newLedger(t)
	l.metric(&surveyv1.Metric{Name: "nps.network", Kind: nps})
	l.metric(&surveyv1.Metric{Name: "csat.visit", Kind: csat})
	l.metric(&surveyv1.Metric{Name: "nps.network", Kind: nps})
	var names []string
	for _, m := range l.Metrics() {
		names = append(names, m.Def.GetName())
		if found, ok := l.Metric(m.Def.GetName()); !ok || found != m || l.MetricByNumber(m.Number) != m {
			t.Errorf("%s is found as %v", m.Def.GetName(), found)
		}
	}
	if diff := cmp.Diff([]string{"csat.visit", directory.LowShareName, "nps.network"}, names); diff != "" {
		t.Error(diff)
	}
	if m, _ := l.Metric("nps.network"); m.Number != 1 {
		t.Errorf("number %d", m.Number)
	}
	if l.MetricByNumber(0).Def.GetName() != directory.LowShareName || l.MetricByNumber(3) != nil {
		t.Error("low.share is number 0, 3 is nobody's")
	}
}
