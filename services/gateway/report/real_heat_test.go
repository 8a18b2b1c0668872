package report_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// sfoKind is what is rated in the airport, whatever the mapping calls it.
func sfoKind(t *testing.T, w *world) commonv1.SubjectKind {
	t.Helper()
	all, err := w.survey.ListSubjects(t.Context(), &surveyv1.ListSubjectsRequest{Brand: "sfo", PageSize: 1000})
	must(t, err)
	if len(all.GetSubjects()) == 0 {
		t.Fatal("nothing is rated")
	}
	return all.GetSubjects()[len(all.GetSubjects())-1].GetRef().GetKind()
}

// heatOf holds a heat map against the league tables and the scores that Survey answers:
// every place of every column, and some of the cells one by one.
func heatOf(t *testing.T, w *world, in *reportv1.GetHeatMapRequest) {
	t.Helper()
	got, err := w.reports.GetHeatMap(t.Context(), in)
	must(t, err)
	if len(got.GetClasses()) != 1 || len(got.GetMetrics()) == 0 {
		t.Fatalf("%v: %d classes, %d columns, %v", in, len(got.GetClasses()), len(got.GetMetrics()), got.GetSections())
	}
	rows, minN := got.GetClasses()[0].GetRows(), int64(in.GetMinN())
	if minN == 0 {
		minN = 30
	}
	for column, m := range got.GetMetrics() {
		table, err := w.survey.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{Brand: in.GetBrand(), Metric: m.GetName(), Window: in.GetWindow(),
			Kind: in.GetKind(), MinN: int32(minN), PageSize: 1000})
		must(t, err)
		ranked := 0
		for i, r := range rows {
			cell := r.GetCells()[column]
			if cell.GetTier() > 0 {
				ranked++
				at := table.GetSubjects()[cell.GetRank()-1]
				if !proto.Equal(at.GetSubject(), r.GetSubject()) || at.GetTier() != cell.GetTier() || at.GetBestRank() != cell.GetBestRank() || at.GetWorstRank() != cell.GetWorstRank() ||
					at.GetScore().GetN() != cell.GetN() || at.GetScore().GetValue() != cell.GetValue() || at.GetScore().GetLow() != cell.GetLow() {
					t.Fatalf("%s at %s: %v, the league table has %v", r.GetName(), m.GetName(), cell, at)
				}
			}
			if i >= 10 {
				continue
			}
			one, err := w.survey.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: in.GetBrand(), Metric: m.GetName(), Window: in.GetWindow(),
				Scope: &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{r.GetSubject()}}})
			must(t, err)
			if s := one.GetTotal(); s.GetN() != cell.GetN() || s.GetValue() != cell.GetValue() || s.GetLow() != cell.GetLow() || s.GetHigh() != cell.GetHigh() ||
				(s.GetN() == 0) != (cell.GetStanding() == reportv1.HeatCell_STANDING_EMPTY) {
				t.Errorf("%s at %s: %v, Survey says %v", r.GetName(), m.GetName(), cell, s)
			}
		}
		if ranked != int(table.GetRanked()) {
			t.Errorf("%s: %d ranked, the league table has %d", m.GetName(), ranked, table.GetRanked())
		}
	}
}
