package main

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Whoever subtracts a window from its month learns nothing of few persons.
func TestDifferenceOfWindows(t *testing.T) {
	f := newFortress(t)
	f.plant()
	whole := f.bringer(nil)
	answer := func(id, age, employee string, day int) {
		r := rated(id, 9, storeRef("1"), employeeRef(employee))
		at := timestamppb.New(time.Date(2026, 1, day, 9, 0, 0, 0, time.UTC))
		r.Facets, r.ExperiencedAt, r.AnsweredAt = map[string]string{"age": age}, at, at
		if _, code := whole.submit(r); code != 0 {
			t.Fatal(code)
		}
	}
	for i := range 16 { // employee a and the young: six by the fifth, two on the twentieth
		day := 5
		if i >= 6 && i < 8 {
			day = 20
		}
		answer(fmt.Sprint("d", i), []string{"young", "old"}[i/8], []string{"a", "b"}[i/8], day)
	}
	client := surveyv1.NewSurveyServiceClient(f.conn)
	dates := func(end string) *surveyv1.Window {
		return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: "2026-01-01", End: end}}}
	}
	for end, hidden := range map[string]bool{"2026-02-01": false, "2026-01-10": true, "2026-01-20": true} {
		for token, applies := range map[string]bool{f.token(nil): true, f.service: false} {
			ctx := f.with(token)
			scoped, err := client.GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps", Window: dates(end), Scope: &surveyv1.Scope{Facets: map[string]string{"age": "young"}}})
			f.ok(err)
			split, err := client.GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps", Window: dates(end), GroupBy: []*surveyv1.GroupBy{
				{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE},
			}})
			f.ok(err)
			ranked, err := client.RankSubjects(ctx, &surveyv1.RankSubjectsRequest{Brand: "demo", Metric: "nps", Kind: commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE, Window: dates(end)})
			f.ok(err)
			compared, err := client.CompareMetric(ctx, &surveyv1.CompareMetricRequest{
				Brand: "demo", Metric: "nps", A: &surveyv1.MetricSide{Window: dates(end), Scope: &surveyv1.Scope{Facets: map[string]string{"age": "young"}}}, B: &surveyv1.MetricSide{},
			})
			f.ok(err)
			want := hidden && applies
			if got := scoped.GetTotal().GetSuppressed(); got != want {
				t.Errorf("until %s, a scope: hidden %v", end, got)
			}
			if got := compared.GetA().GetSuppressed(); got != want {
				t.Errorf("until %s, a side: hidden %v", end, got)
			}
			for _, one := range split.GetSeries() {
				if got := one.GetTotal().GetSuppressed(); got != want {
					t.Errorf("until %s, %v: hidden %v", end, one.GetKey(), got)
				}
			}
			left := map[bool]int{true: 0, false: 2}[want]
			if len(ranked.GetSubjects()) != left || int(ranked.GetRanked()+ranked.GetUnranked()) != 2 {
				t.Errorf("until %s: %d ranked of %d and %d", end, len(ranked.GetSubjects()), ranked.GetRanked(), ranked.GetUnranked())
			}
		}
	}
	// A store's own numbers are told to the day.
	own, err := client.GetMetric(f.with(f.token(nil)), &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps", Window: dates("2026-01-10"), Scope: &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{storeRef("1")}}})
	f.ok(err)
	if own.GetTotal().GetN() != 14 {
		t.Errorf("a store's own: %v", own.GetTotal())
	}
}
