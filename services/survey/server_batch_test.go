package survey_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Several questions at once are answered as each alone; one that is wrong says so in its
// place.
func TestBatchGetMetrics(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		define(t, r)
		for i := range 20 {
			submit(t, r, string(rune('a'+i)), response([]string{"n1", "s1"}[i%2], int32(i%11)))
		}
		scope := &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{store("n1")}}
		asked := []*surveyv1.GetMetricRequest{
			{Brand: brand, Metric: "nps.network"}, {Brand: brand, Metric: "csi.visit", Scope: scope}, {Metric: "low.share"},
			{Metric: "nps.weather"}, {Metric: "nps.network", RollingDays: 9999}, {Metric: ""},
		}
		got, err := r.BatchGetMetrics(t.Context(), &surveyv1.BatchGetMetricsRequest{Brand: brand, Requests: asked})
		if err != nil {
			t.Fatal(err)
		}
		for i, in := range asked {
			one := proto.CloneOf(in)
			one.Brand = brand
			want, err := r.GetMetric(t.Context(), one)
			have := got.GetResults()[i]
			if err == nil != (i < 3) || err == nil && !proto.Equal(want, have.GetMetric()) || err != nil && codes.Code(have.GetError().GetCode()) != fault.Code(err) {
				t.Errorf("%v: %v, alone %v (%v)", in, have, want, err)
			}
		}
		whole, err := r.BatchGetMetrics(t.Context(), &surveyv1.BatchGetMetricsRequest{Brand: brand, Requests: asked[:3]})
		if err != nil || whole.GetAsOf() == nil || got.GetAsOf() == nil {
			t.Error(whole.GetAsOf(), got.GetAsOf(), err)
		}
		for name, bad := range map[string]*surveyv1.BatchGetMetricsRequest{
			"none":          {Brand: brand},
			"too many":      {Brand: brand, Requests: make([]*surveyv1.GetMetricRequest, 201)},
			"another brand": {Brand: brand, Requests: []*surveyv1.GetMetricRequest{{Brand: "olist", Metric: "nps.network"}}},
		} {
			for i, one := range bad.GetRequests() {
				if one == nil {
					bad.Requests[i] = &surveyv1.GetMetricRequest{Metric: "nps.network"}
				}
			}
			if _, err := r.BatchGetMetrics(t.Context(), bad); fault.Code(err) != codes.InvalidArgument {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
