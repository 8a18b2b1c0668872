package app

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

func TestOnlyGoodRequestsAreRemembered(t *testing.T) {
	m := &method{judged: remembers("/rapport.survey.v1.SurveyService/GetMetric")}
	good := &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps.network"}
	bad := &surveyv1.GetMetricRequest{Brand: "demo"}
	for range 3 {
		if _, err := m.judge(good); err != nil {
			t.Fatal(err)
		}
		if _, err := m.judge(bad); err == nil {
			t.Fatal("a request without a metric was let through")
		}
	}
	if len(m.judged.good) != 1 {
		t.Errorf("%d requests remembered, want the good one", len(m.judged.good))
	}
}

func TestTheSameReplyIsEncodedOnce(t *testing.T) {
	m := &method{judged: remembers("/rapport.survey.v1.SurveyService/GetMetric")}
	ask := &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps.network"}
	reuse := func(reply *surveyv1.GetMetricResponse) any {
		q, err := m.judge(ask)
		if err != nil {
			t.Fatal(err)
		}
		return q.reuse(reply)
	}
	one, other := &surveyv1.GetMetricResponse{Zone: "one"}, &surveyv1.GetMetricResponse{Zone: "other"}
	if a, b := reuse(one), reuse(one); a != b {
		t.Error("the same message was encoded twice")
	}
	for _, reply := range []*surveyv1.GetMetricResponse{other, one, other} {
		sent, err := newCodec().Marshal(reuse(reply))
		if err != nil {
			t.Fatal(err)
		}
		got := &surveyv1.GetMetricResponse{}
		if err := proto.Unmarshal(sent.Materialize(), got); err != nil || !proto.Equal(got, reply) {
			t.Errorf("sent %v for %v, %v", got, reply, err)
		}
	}
	large := &surveyv1.GetMetricResponse{Zone: strings.Repeat("x", maxEncoded)}
	if reuse(large) != any(large) {
		t.Error("a large reply is kept")
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	m := &method{judged: remembers("/rapport.survey.v1.SurveyService/GetMetric")}
	for i := range 3 * maxJudged {
		if _, err := m.judge(&surveyv1.GetMetricRequest{Brand: "demo", Metric: fmt.Sprint("m", i)}); err != nil {
			t.Fatal(err)
		}
		if len(m.judged.good) > maxJudged {
			t.Fatalf("%d requests remembered", len(m.judged.good))
		}
	}
	long := &surveyv1.GetMetricRequest{Brand: "demo", Metric: string(make([]byte, maxJudgedBytes))}
	n := len(m.judged.good)
	if _, err := m.judge(long); err != nil || len(m.judged.good) != n {
		t.Errorf("a long request: %v, %d remembered, want %d", err, len(m.judged.good), n)
	}
}

func TestWritesAreNotRemembered(t *testing.T) {
	if remembers("/rapport.survey.v1.SurveyService/SubmitResponse") != nil {
		t.Error("a submit never comes twice")
	}
}
