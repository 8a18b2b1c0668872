package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// scorecards of the sellers that have most answers equal what the services say.
func scorecards(t *testing.T, w *world) {
	end := time.Date(2018, 11, 2, 0, 0, 0, 0, time.UTC)
	year := stretch{end.AddDate(0, 0, -365).Format(time.DateOnly), end.Format(time.DateOnly)}
	table, err := w.survey.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{
		Brand: "olist", Metric: "csat.order", Window: year.answers(), Kind: commonv1.SubjectKind_SUBJECT_KIND_SELLER, MinN: 10, PageSize: 1000})
	must(t, err)
	if table.GetRanked() < 20 {
		t.Fatal(table.GetRanked(), "sellers are ranked")
	}
	peers, err := w.survey.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: "olist", Metric: "csat.order", Window: year.answers(),
		Scope: &surveyv1.Scope{}, GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT_KIND}}})
	must(t, err)
	var pooled *surveyv1.Score
	for _, s := range peers.GetSeries() {
		if s.GetKey()[0] == "SELLER" {
			pooled = s.GetTotal()
		}
	}
	for _, ranked := range table.GetSubjects()[:5] {
		got, err := w.reports.GetSubjectScorecard(t.Context(), &reportv1.GetSubjectScorecardRequest{Brand: "olist", Subject: ranked.GetSubject(), Days: 365, MinN: 10})
		must(t, err)
		holdScorecard(t, w, got, ranked, year)
		gap := got.GetGaps()[0]
		if diff := cmp.Diff(pooled, gap.GetPeers(), protocmp.Transform()); diff != "" || gap.GetGap() != ranked.GetScore().GetValue()-pooled.GetValue() {
			t.Error("peers:", diff, gap)
		}
		if got.GetPeers() != table.GetRanked() {
			t.Errorf("%d peers of %d", got.GetPeers(), table.GetRanked())
		}
	}
}

func holdScorecard(t *testing.T, w *world, got *reportv1.GetSubjectScorecardResponse, ranked *surveyv1.RankedSubject, year stretch) {
	t.Helper()
	of := []*commonv1.SubjectRef{ranked.GetSubject()}
	comments, err := w.survey.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: "olist", PageSize: 20,
		Filter: &surveyv1.ResponseFilter{Subjects: of, Commented: proto.Bool(true)}})
	must(t, err)
	cases, err := w.survey.ListCases(t.Context(), &surveyv1.ListCasesRequest{Brand: "olist", Subject: of[0], PageSize: 20})
	must(t, err)
	index, err := w.journey.GetSuccessIndex(t.Context(), &journeyv1.GetSuccessIndexRequest{Brand: "olist", Window: year.events(), Filter: &journeyv1.EventFilter{Subjects: of}})
	must(t, err)
	trend, err := w.survey.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: "olist", Metric: "csat.order", Window: year.answers(),
		Scope: &surveyv1.Scope{Subjects: of}, Grain: commonv1.Grain_GRAIN_DAY, RollingDays: 365, Clock: surveyv1.Clock_CLOCK_EXPERIENCE})
	must(t, err)
	want := &reportv1.GetSubjectScorecardResponse{
		Name: ranked.GetName(), Rank: ranked, Comments: comments.GetResponses(), Cases: cases.GetCases(), Trend: trend.GetSeries()[0].GetPoints(),
	}
	bare := &reportv1.GetSubjectScorecardResponse{Name: got.GetName(), Rank: got.GetRank(), Comments: got.GetComments(), Cases: got.GetCases(), Trend: got.GetTrend()}
	if diff := cmp.Diff(want, bare, protocmp.Transform()); diff != "" {
		t.Errorf("%s (-services +scorecard)\n%s", ranked.GetName(), diff)
	}
	main := got.GetScores()[0]
	if main.GetMetric().GetName() != "csat.order" || !proto.Equal(main.GetScore(), ranked.GetScore()) {
		t.Errorf("main metric %v", main)
	}
	if r := got.GetRates()[0]; r.GetDenominator() != index.GetTotal().GetOrders() || r.GetNumerator() != index.GetTotal().GetWithinNorm() {
		t.Errorf("orders %v, want %v", r, index.GetTotal())
	}
}
