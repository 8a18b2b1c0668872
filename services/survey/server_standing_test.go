package survey_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Where a store stands is what the league table says, and how its peers do is what they
// were given, counted from the table itself.
func TestStanding(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		define(t, r)
		var all []*surveyv1.Subject
		for i := range 9 {
			all = append(all, &surveyv1.Subject{Ref: store(fmt.Sprint("x", i)), Parents: below(north), Labels: map[string]string{"format": []string{"hyper", "small"}[i%2]}})
		}
		if _, err := r.UpsertSubjects(t.Context(), &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: all}); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(7, 7))
		for i := range 200 {
			submit(t, r, fmt.Sprint(i), response(fmt.Sprint("x", random.IntN(8)), random.Int32N(11)))
		}
		for _, label := range []string{"", "format"} {
			for i, s := range all {
				got, err := r.GetStanding(t.Context(), &surveyv1.GetStandingRequest{Brand: brand, Subject: s.GetRef(), Metric: "nps.network", PeersByLabel: label, MinN: 5})
				if err != nil {
					t.Fatal(err)
				}
				holdStanding(t, r, got, all[i], label)
			}
		}
		_, err := r.GetStanding(t.Context(), &surveyv1.GetStandingRequest{Brand: brand, Subject: store("nowhere"), Metric: "nps.network"})
		if !fault.Is(err, commonv1.Reason_REASON_SUBJECT_UNKNOWN) {
			t.Error(err)
		}
		_, err = r.GetStanding(t.Context(), &surveyv1.GetStandingRequest{Brand: brand, Subject: store("x1"), Metric: "nps.weather"})
		if !fault.Is(err, commonv1.Reason_REASON_METRIC_UNKNOWN) {
			t.Error(err)
		}
	})
}

func holdStanding(t *testing.T, r *replica, got *surveyv1.GetStandingResponse, s *surveyv1.Subject, label string) {
	t.Helper()
	in := &surveyv1.RankSubjectsRequest{Brand: brand, Metric: "nps.network", Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, MinN: 5, PageSize: 1000}
	scope := &surveyv1.Scope{}
	if label != "" {
		in.Labels = map[string]string{label: s.GetLabels()[label]}
		scope.Labels = in.Labels
	}
	table, err := r.RankSubjects(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var own *surveyv1.RankedSubject
	var values []float64
	for _, one := range table.GetSubjects() {
		if values = append(values, one.GetScore().GetValue()); proto.Equal(one.GetSubject(), s.GetRef()) {
			own = one
		}
	}
	slices.Sort(values)
	below, exceeded := 0, 0
	for _, v := range values {
		if v <= got.GetMedian() {
			below++
		}
		if v > got.GetMedian() {
			exceeded++
		}
	}
	if !proto.Equal(own, got.GetStanding()) || got.GetRanked() != table.GetRanked() || 2*below < len(values) || 2*exceeded > len(values) ||
		!slices.Contains(values, got.GetMedian()) || got.GetLowerQuartile() > got.GetMedian() || got.GetMedian() > got.GetUpperQuartile() || got.GetHidden() {
		t.Errorf("%s: %v of %v", s.GetRef().GetId(), got, values)
	}
	pooled, err := r.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: scope})
	if err != nil || !proto.Equal(pooled.GetTotal(), got.GetPeers()) {
		t.Errorf("peers %v, not %v (%v)", got.GetPeers(), pooled.GetTotal(), err)
	}
}
