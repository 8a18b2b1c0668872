package report_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/report"
)

// regions declares stores of two classes in a region, one without a class, one in which
// nobody answers, and one that is elsewhere; and lets customers answer.
func (w *world) regions(t *testing.T) (all []*surveyv1.Subject) {
	t.Helper()
	w.defined(t)
	south := subject(commonv1.SubjectKind_SUBJECT_KIND_REGION, "south")
	add := func(id, class string, above *commonv1.SubjectRef) {
		s := &surveyv1.Subject{Ref: subject(commonv1.SubjectKind_SUBJECT_KIND_STORE, id), Name: "Store " + id, Parents: []*surveyv1.ParentLink{{Parent: above}}}
		if class != "" {
			s.Labels = map[string]string{"class": class}
		}
		all = append(all, s)
	}
	for i := range 4 {
		add(fmt.Sprint("a", i), "A", north)
		add(fmt.Sprint("b", i), "B", north)
	}
	add("empty", "A", north)
	add("plain", "", north)
	add("far", "A", south)
	_, err := w.survey.UpsertSubjects(t.Context(), &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: append([]*surveyv1.Subject{{Ref: south}}, all...)})
	must(t, err)
	random := rand.New(rand.NewPCG(8, 8))
	for i := range 500 {
		s := all[random.IntN(len(all))]
		if s.GetRef().GetId() == "empty" {
			continue
		}
		score := 4 + random.Int32N(7)
		if s.GetRef().GetId() == "b1" {
			score = random.Int32N(4)
		}
		w.answer(t, fmt.Sprint("h", i), s.GetRef(), w.now.AddDate(0, 0, -random.IntN(20)), score)
	}
	return all
}

// Each cell is what Survey says of that store alone, each place that of the league table
// of its class in the region, and the empty ones say so.
func TestHeatMap(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	all := w.regions(t)
	got, err := w.reports.GetHeatMap(t.Context(), &reportv1.GetHeatMapRequest{Brand: brand, Under: north, ClassLabel: "class", MinN: 20})
	must(t, err)
	for _, s := range got.GetSections() {
		if s.GetStatus() != reportv1.Section_STATUS_OK || s.GetAsOf() == nil && s.GetName() != "subjects" {
			t.Error(s)
		}
	}
	var classes []string
	rows := map[string]*reportv1.HeatRow{}
	for _, c := range got.GetClasses() {
		classes = append(classes, c.GetValue())
		for i, r := range c.GetRows() {
			rows[r.GetSubject().GetId()] = r
			if first := r.GetCells()[0]; i > 0 && first.GetTier() != 0 {
				if before := c.GetRows()[i-1].GetCells()[0]; before.GetTier() == 0 || before.GetRank() >= first.GetRank() {
					t.Errorf("%s stands behind %v", r.GetName(), before)
				}
			}
		}
	}
	if fmt.Sprint(classes) != "[A B ]" || len(rows) != len(all)-1+2 || rows["far"] != nil || got.GetMetrics()[0].GetName() != "nps.network" || len(got.GetMetrics()) != 5 {
		t.Fatalf("classes %q, %d rows, %d columns", classes, len(rows), len(got.GetMetrics()))
	}
	standings := map[reportv1.HeatCell_Standing]int{}
	for column, m := range got.GetMetrics() {
		for _, s := range all {
			if r := rows[s.GetRef().GetId()]; r != nil {
				standings[w.holdCell(t, m, s, r.GetCells()[column])]++
			}
		}
	}
	for _, want := range []reportv1.HeatCell_Standing{reportv1.HeatCell_STANDING_EMPTY, reportv1.HeatCell_STANDING_ALIKE, reportv1.HeatCell_STANDING_WORSE, reportv1.HeatCell_STANDING_BETTER} {
		if standings[want] == 0 {
			t.Errorf("no cell is %v: %v", want, standings)
		}
	}
	// Nobody is set beside what is in no class.
	if c := rows["plain"].GetCells()[0]; c.GetStanding() != reportv1.HeatCell_STANDING_ALIKE || c.GetTier() != 0 || c.Gap != nil || c.GetN() == 0 {
		t.Error(c)
	}
}

func (w *world) holdCell(t *testing.T, m *surveyv1.Metric, s *surveyv1.Subject, cell *reportv1.HeatCell) reportv1.HeatCell_Standing {
	t.Helper()
	window := &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 30}}
	one, err := w.survey.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: m.GetName(), Window: window, Scope: &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{s.GetRef()}}})
	must(t, err)
	own := one.GetTotal()
	if cell.GetN() != own.GetN() || cell.GetValue() != own.GetValue() || cell.GetLow() != own.GetLow() || cell.GetHigh() != own.GetHigh() || (cell.Value == nil) != (own.GetN() == 0) {
		t.Errorf("%s at %s: %v, not %v", m.GetName(), s.GetName(), cell, own)
	}
	if (own.GetN() == 0) != (cell.GetStanding() == reportv1.HeatCell_STANDING_EMPTY) || (own.GetN() > 0 && own.GetN() < 20) != (cell.GetStanding() == reportv1.HeatCell_STANDING_FEW) {
		t.Errorf("%s at %s of %d answers: %v", m.GetName(), s.GetName(), own.GetN(), cell.GetStanding())
	}
	if s.GetLabels()["class"] == "" {
		return cell.GetStanding()
	}
	table, err := w.survey.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{Brand: brand, Metric: m.GetName(), Window: window,
		Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Under: north, Labels: s.GetLabels(), MinN: 20})
	must(t, err)
	place := &surveyv1.RankedSubject{}
	for _, r := range table.GetSubjects() {
		if proto.Equal(r.GetSubject(), s.GetRef()) {
			place = r
		}
	}
	if cell.GetTier() != place.GetTier() || cell.GetRank() != place.GetRank() || cell.GetBestRank() != place.GetBestRank() || cell.GetWorstRank() != place.GetWorstRank() {
		t.Errorf("%s at %s: %v, not %v", m.GetName(), s.GetName(), cell, place)
	}
	return cell.GetStanding()
}

func TestHeatMapRefuses(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.defined(t)
	for name, tt := range map[string]struct {
		in     *reportv1.GetHeatMapRequest
		reason commonv1.Reason
	}{
		"region": {&reportv1.GetHeatMapRequest{Brand: brand, Under: subject(commonv1.SubjectKind_SUBJECT_KIND_REGION, "none")}, commonv1.Reason_REASON_SUBJECT_UNKNOWN},
		"metric": {&reportv1.GetHeatMapRequest{Brand: brand, Metrics: []string{"nps.weather"}}, commonv1.Reason_REASON_METRIC_UNKNOWN},
		"window": {&reportv1.GetHeatMapRequest{Brand: brand, Window: dates("2026-02-02", "2026-02-01")}, commonv1.Reason_REASON_FIELD_INVALID},
	} {
		if _, err := w.reports.GetHeatMap(t.Context(), tt.in); !fault.Is(err, tt.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.survey.UpsertMetrics(t.Context(), &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "csi.all", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL, Parameters: []string{"csi.queue"}}}})
	must(t, err)
	got, err := w.reports.GetHeatMap(t.Context(), &reportv1.GetHeatMapRequest{Brand: brand, Metrics: []string{"csi.all"}})
	must(t, err)
	if of := states(got); of["scores"] != reportv1.Section_STATUS_FAILED || of["subjects"] != reportv1.Section_STATUS_OK {
		t.Error(got.GetSections())
	}
}
