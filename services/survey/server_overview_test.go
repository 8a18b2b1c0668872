package survey_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// An overview says what every RPC says by itself, of the brand and of one store.
func TestOverview(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		define(t, r)
		for i := range 20 {
			submit(t, r, string(rune('a'+i)), response([]string{"n1", "s1"}[i%2], int32(i%11)))
		}
		for i := range 6 {
			makeLink(t, r, string(rune('a'+i)), invitation([]string{"n1", "s1"}[i%2], int64(1+i)))
		}
		today := c.Now().Format("2006-01-02")
		for i, of := range []*commonv1.SubjectRef{nil, store("n1"), store("s1"), nil} {
			end := []string{"2999-01-01", "2999-01-01", "2999-01-01", today}[i] // the last one is over
			_, err := r.SetGoal(t.Context(), &surveyv1.SetGoalRequest{Brand: brand, Goal: &surveyv1.Goal{
				Metric: "nps.network", Subject: of, Target: float64(i), Days: &commonv1.DateRange{Start: "2020-01-01", End: end}}})
			if err != nil {
				t.Fatal(err)
			}
		}
		windows := []*surveyv1.Window{{Window: &surveyv1.Window_LastDays{LastDays: 7}}, {}, {Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: "2020-01-01", End: "2020-02-01"}}}}
		split := []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL}}
		for target, subject := range []*commonv1.SubjectRef{nil, store("n1")} {
			got, err := r.GetOverview(t.Context(), &surveyv1.GetOverviewRequest{Brand: brand, Windows: windows, GroupBy: split, Subject: subject})
			if err != nil {
				t.Fatal(err)
			}
			if g := got.GetGoals(); len(g) != 1 || g[0].GetTarget() != float64(target) {
				t.Errorf("goals of %v: %v", subject, g)
			}
			sameOverview(t, r, got, windows, split, subject)
		}
	})
}

// sameOverview holds an overview against the answers to each question alone.
func sameOverview(t *testing.T, r *replica, got *surveyv1.GetOverviewResponse, windows []*surveyv1.Window, split []*surveyv1.GroupBy, subject *commonv1.SubjectRef) {
	t.Helper()
	list, err := r.ListMetrics(t.Context(), &surveyv1.ListMetricsRequest{Brand: brand})
	if err != nil || len(list.GetMetrics()) != len(got.GetMetrics()) || len(got.GetInvitations()) != len(windows) || got.GetAsOf() == nil {
		t.Fatal(got, err)
	}
	var scope *surveyv1.Scope
	var subjects []*commonv1.SubjectRef
	if subject != nil {
		subjects = append(subjects, subject)
		scope = &surveyv1.Scope{Subjects: subjects}
	}
	for i, w := range windows {
		for k, m := range list.GetMetrics() {
			want, err := r.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: m.GetName(), Window: w, Scope: scope, GroupBy: split})
			have := got.GetMetrics()[k]
			if err != nil || !proto.Equal(m, have.GetMetric()) || !proto.Equal(&surveyv1.OverviewScore{Total: want.GetTotal(), Series: want.GetSeries()}, have.GetScores()[i]) {
				t.Errorf("%s in %v: %v, alone %v (%v)", m.GetName(), w, have, want, err)
			}
		}
		want, err := r.GetInvitationStats(t.Context(), &surveyv1.GetInvitationStatsRequest{Brand: brand, Window: w, Subjects: subjects, GroupBy: split})
		if err != nil || !proto.Equal(want, got.GetInvitations()[i]) {
			t.Errorf("invitations in %v: %v, alone %v (%v)", w, got.GetInvitations()[i], want, err)
		}
	}
}

// Parts that are not asked for are not told; what is wrong is named in the overview's words.
func TestOverviewParts(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		define(t, r)
		submit(t, r, "a", response("n1", 9))
		got, err := r.GetOverview(t.Context(), &surveyv1.GetOverviewRequest{Brand: brand, Parts: []surveyv1.OverviewPart{surveyv1.OverviewPart_OVERVIEW_PART_SCORES}, Metrics: []string{"nps.network"}})
		if err != nil || len(got.GetMetrics()) != 1 || got.GetMetrics()[0].GetScores()[0].GetTotal().GetN() != 1 || got.GetInvitations() != nil {
			t.Error(got, err)
		}
		got, err = r.GetOverview(t.Context(), &surveyv1.GetOverviewRequest{Brand: brand, Parts: []surveyv1.OverviewPart{surveyv1.OverviewPart_OVERVIEW_PART_INVITATIONS}})
		if err != nil || got.GetMetrics() != nil || len(got.GetInvitations()) != 1 {
			t.Error(got, err)
		}
		bad := &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: "2026-02-01", End: "2026-01-01"}}}
		employee := &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE, Id: "e1"}
		for path, in := range map[string]*surveyv1.GetOverviewRequest{
			"windows[1].dates": {Windows: []*surveyv1.Window{{}, bad}},
			"windows[0].dates": {Windows: []*surveyv1.Window{bad}, Parts: []surveyv1.OverviewPart{surveyv1.OverviewPart_OVERVIEW_PART_INVITATIONS}},
			"subject":          {Subject: employee, Parts: []surveyv1.OverviewPart{surveyv1.OverviewPart_OVERVIEW_PART_INVITATIONS}},
		} {
			in.Brand = brand
			if _, err := r.GetOverview(t.Context(), in); err == nil || len(fault.From(err).Fields) != 1 || fault.From(err).Fields[0].Path != path {
				t.Errorf("%s: %v", path, err)
			}
		}
		for reason, in := range map[commonv1.Reason]*surveyv1.GetOverviewRequest{
			commonv1.Reason_REASON_METRIC_UNKNOWN:  {Metrics: []string{"nps.weather"}},
			commonv1.Reason_REASON_SUBJECT_UNKNOWN: {Subject: store("nowhere")},
		} {
			in.Brand = brand
			if _, err := r.GetOverview(t.Context(), in); fault.Code(err) != codes.NotFound || !fault.Is(err, reason) {
				t.Errorf("%v: %v", reason, err)
			}
		}
	})
}
