package report

import (
	"maps"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

// An industry that a brand can name has a benchmark, and no other has.
func TestIndustries(t *testing.T) {
	if have := slices.Sorted(maps.Keys(byIndustry)); !slices.Equal(have, config.Industries) {
		t.Errorf("benchmarks of %v, brands may be of %v", have, config.Industries)
	}
	for name, b := range byIndustry {
		if b.satisfaction == 0 && b.retention == 0 {
			t.Error(name, "has nothing to be set beside")
		}
	}
}

func TestJudged(t *testing.T) {
	nps, ces := surveyv1.MetricKind_METRIC_KIND_NPS, surveyv1.MetricKind_METRIC_KIND_CES
	for _, tt := range []struct {
		kind  surveyv1.MetricKind
		n     int64
		value float64
		want  string
	}{
		{nps, 30, 50.1, "excellent"}, {nps, 30, 50, "good"}, {nps, 30, 30.1, "good"}, {nps, 30, 30, ""},
		{nps, 29, 100, ""}, {ces, 30, 5.4, "problem"}, {ces, 30, 5.5, ""}, {surveyv1.MetricKind_METRIC_KIND_CSAT, 30, 99, ""},
	} {
		if got := judged(&surveyv1.Metric{Kind: tt.kind}, &surveyv1.Score{N: tt.n, Value: proto.Float64(tt.value)}); got != tt.want {
			t.Errorf("%v of %v, %d answers: %q, want %q", tt.kind, tt.value, tt.n, got, tt.want)
		}
	}
}
