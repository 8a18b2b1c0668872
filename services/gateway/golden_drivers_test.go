package gateway_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// driverCalls come last: what they need would move other answers.
var driverCalls = []call{
	{rpc: "GetDrivers", method: "POST", path: "/v1/demo/drivers:get", body: `{"metric": "nps.shop", "window": {"dates": {"start": "2026-02-01", "end": "2026-03-01"}}, "scope": {"modes": ["CONTACT_MODE_QR"]}}`},
}

// explained lets forty visitors rate a shop and two parts of it: the queue goes with
// the score, the light hardly.
func (w *world) explained(t *testing.T) {
	t.Helper()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.UpsertMetrics(t.Context(), &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "nps.shop", Kind: surveyv1.MetricKind_METRIC_KIND_NPS},
		{Name: "csi.queue", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM, Title: &commonv1.LocalizedText{Texts: map[string]string{"en": "The queue"}}},
		{Name: "rating.light", Kind: surveyv1.MetricKind_METRIC_KIND_RATING},
	}}))
	must(w.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{Brand: brand, Survey: &surveyv1.Survey{Id: "shop",
		Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Draft: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.shop"},
			{Id: "queue", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM, Metric: "csi.queue"},
			{Id: "light", Kind: surveyv1.QuestionKind_QUESTION_KIND_RATING, Metric: "rating.light"},
		}}}}))
	must(w.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "shop"}))
	for i := range int32(40) {
		score := func(question string, v int32, importance *int32) *surveyv1.Answer {
			return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Score{Score: v}, Importance: importance}
		}
		at := timestamppb.New(time.Date(2026, 2, 10, 9, int(i), 0, 0, time.UTC))
		must(w.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: fmt.Sprint("shop", i), Response: &surveyv1.Response{
			SurveyId: "shop", Mode: commonv1.ContactMode_CONTACT_MODE_QR, AnsweredAt: at, ExperiencedAt: at,
			Answers: []*surveyv1.Answer{score("nps", i%11, nil), score("queue", 1+(i%11+i%7)/2, proto.Int32(8+i%3)), score("light", 1+i%5, nil)},
		}}))
	}
}
