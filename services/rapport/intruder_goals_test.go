package main

import (
	"testing"

	"github.com/golang-jwt/jwt/v5"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Targets told beside scores are those that their reader could list: a director's own, of
// whoever else's scores it sees.
func TestGoalsBesideScores(t *testing.T) {
	f := newFortress(t)
	f.plant()
	client, reports := surveyv1.NewSurveyServiceClient(f.conn), reportv1.NewReportServiceClient(f.conn)
	for target, of := range []*commonv1.SubjectRef{nil, storeRef("1"), storeRef("2")} {
		_, err := client.SetGoal(f.with(f.service), &surveyv1.SetGoalRequest{Brand: "demo", Goal: &surveyv1.Goal{
			Metric: "nps", Subject: of, Target: float64(target), Days: &commonv1.DateRange{Start: "2020-01-01", End: "2999-01-01"}}})
		f.ok(err)
	}
	director := jwt.MapClaims{"subjects": "STORE/1"}
	for who, c := range map[string]struct {
		claims jwt.MapClaims
		of     *commonv1.SubjectRef
		n      int64
		goals  int
	}{
		"all, of the brand":            {nil, nil, 9, 1},
		"all, of a store":              {nil, storeRef("1"), 2, 1},
		"a director":                   {director, storeRef("1"), 2, 1},
		"a director, of the brand":     {director, nil, 2, 0},
		"scores of all, own goals":     {jwt.MapClaims{"roles": "scores", "subjects": "STORE/1"}, storeRef("1"), 2, 1},
		"scores of all, another store": {jwt.MapClaims{"roles": "scores", "subjects": "STORE/1"}, storeRef("2"), 7, 0},
		"scores of all, of the brand":  {jwt.MapClaims{"roles": "scores", "subjects": "STORE/1"}, nil, 9, 0},
		"nobody's goals":               {jwt.MapClaims{"roles": "no.goals.read"}, storeRef("1"), 2, 0},
	} {
		out, err := client.GetOverview(f.with(f.token(c.claims)), &surveyv1.GetOverviewRequest{Brand: "demo", Subject: c.of, Metrics: []string{"nps"}})
		if err != nil {
			t.Error(who, err)
			continue
		}
		if n := out.GetMetrics()[0].GetScores()[0].GetTotal().GetN(); n != c.n || len(out.GetGoals()) != c.goals {
			t.Errorf("%s: %d answers, goals %v", who, n, out.GetGoals())
		}
	}
	out, err := reports.GetOmnichannelReport(f.with(f.token(director)), &reportv1.GetOmnichannelReportRequest{Brand: "demo", Subject: storeRef("1"), Sections: []string{"scores"}})
	f.ok(err)
	if lines := out.GetTotal().GetMetrics(); len(lines) == 0 || lines[0].GetMetric().GetName() != "nps" || lines[0].Goal == nil || lines[0].GetGoal() != 1 {
		t.Errorf("a director's report: %v", lines)
	}
}
