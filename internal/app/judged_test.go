package app

import (
	"fmt"
	"testing"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

func TestOnlyGoodRequestsAreRemembered(t *testing.T) {
	m := &method{judged: remembers("/rapport.survey.v1.SurveyService/GetMetric")}
	good := &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps.network"}
	bad := &surveyv1.GetMetricRequest{Brand: "demo"}
	for range 3 {
		if err := m.judge(good); err != nil {
			t.Fatal(err)
		}
		if err := m.judge(bad); err == nil {
			t.Fatal("a request without a metric was let through")
		}
	}
	if len(m.judged.good) != 1 {
		t.Errorf("%d requests remembered, want the good one", len(m.judged.good))
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	m := &method{judged: remembers("/rapport.survey.v1.SurveyService/GetMetric")}
	for i := range 3 * maxJudged {
		if err := m.judge(&surveyv1.GetMetricRequest{Brand: "demo", Metric: fmt.Sprint("m", i)}); err != nil {
			t.Fatal(err)
		}
		if len(m.judged.good) > maxJudged {
			t.Fatalf("%d requests remembered", len(m.judged.good))
		}
	}
	long := &surveyv1.GetMetricRequest{Brand: "demo", Metric: string(make([]byte, maxJudgedBytes))}
	n := len(m.judged.good)
	if err := m.judge(long); err != nil || len(m.judged.good) != n {
		t.Errorf("a long request: %v, %d remembered, want %d", err, len(m.judged.good), n)
	}
}

func TestWritesAreNotRemembered(t *testing.T) {
	if remembers("/rapport.survey.v1.SurveyService/SubmitResponse") != nil {
		t.Error("a submit never comes twice")
	}
}
