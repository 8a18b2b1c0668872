package survey_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// A batch is judged by the directory as it was before: a second entry of one
// name would slip past whatever the first one fixed.
func TestABatchNamesEachOnce(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		ctx := t.Context()
		metrics, err := r.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
			{Name: "csi.parking", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM},
			{Name: "csi.parking", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT},
		}})
		if err != nil {
			t.Fatal(err)
		}
		subjects, err := r.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{
			{Ref: store("n2"), Name: "first"}, {Ref: store("n2"), Name: "second"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range metrics.GetResults() {
			got = append(got, reason(fault.FromStatus(m.GetError())))
		}
		for _, s := range subjects.GetResults() {
			got = append(got, reason(fault.FromStatus(s.GetError())))
		}
		if diff := cmp.Diff([]string{"", "FIELD_INVALID", "", "FIELD_INVALID"}, got); diff != "" {
			t.Error(diff)
		}
		kept, err := r.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: brand, Ref: store("n2")})
		if err != nil || kept.GetSubject().GetName() != "first" {
			t.Errorf("kept %v, %v", kept, err)
		}
		list, err := r.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list.GetMetrics() {
			if m.GetName() == "csi.parking" && m.GetKind() != surveyv1.MetricKind_METRIC_KIND_CSI_ITEM {
				t.Errorf("kept %v", m)
			}
		}
	})
}

func reason(e *fault.Error) string {
	if e == nil {
		return ""
	}
	return e.Reason
}
