package gateway_test

import (
	"fmt"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

var (
	network = ref(commonv1.SubjectKind_SUBJECT_KIND_NETWORK, "all")
	north   = ref(commonv1.SubjectKind_SUBJECT_KIND_REGION, "north")
	south   = ref(commonv1.SubjectKind_SUBJECT_KIND_REGION, "south")
)

// define makes a small chain: two regions with eight stores each, and a survey.
func define(t testing.TB, w *world) {
	t.Helper()
	ctx := t.Context()
	under := func(p *commonv1.SubjectRef) []*surveyv1.ParentLink { return []*surveyv1.ParentLink{{Parent: p}} }
	subjects := []*surveyv1.Subject{
		{Ref: network, Name: "Ромашка"},
		{Ref: north, Name: "Северный регион", Parents: under(network)}, {Ref: south, Name: "Южный регион", Parents: under(network)},
	}
	for i := range 16 {
		region := []*commonv1.SubjectRef{north, south}[i%2]
		subjects = append(subjects, &surveyv1.Subject{
			Ref: store(fmt.Sprint(101 + i)), Name: fmt.Sprintf("Магазин на Ленина, %d", 3*i+1), Parents: under(region),
			Labels: map[string]string{"format": []string{"hyper", "small"}[i%2]},
		})
	}
	results, err := w.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: subjects})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results.GetResults() {
		if r.GetError() != nil {
			t.Fatalf("subject %d: %v", i, r.GetError())
		}
	}
	metrics, err := w.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS, Title: text("Would recommend us", "Готовность рекомендовать")},
		{Name: "csi.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT, Title: text("Satisfied with the visit", "Довольны визитом")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range metrics.GetResults() {
		if r.GetError() != nil {
			t.Fatalf("metric %d: %v", i, r.GetError())
		}
	}
	if _, err := w.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: brand, Survey: visitSurvey()}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "visit"}); err != nil {
		t.Fatal(err)
	}
}

func visitSurvey() *surveyv1.Survey {
	return &surveyv1.Survey{Id: "visit", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Draft: &surveyv1.Questionnaire{
		Questions: []*surveyv1.Question{
			{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"},
			{Id: "visit", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: "csi.visit"},
			{Id: "why", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT},
		},
		CaseRules: []*surveyv1.CaseRule{{
			Cause: "low_score", Queue: "store",
			Conditions: []*surveyv1.Condition{{QuestionId: "nps", Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: 0, Max: 3}}}},
		}},
	}}
}

func scored(question string, score int32) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Score{Score: score}}
}

// response is an answer about a visit so many days ago.
func response(storeID string, daysAgo int, nps int32, why string) *surveyv1.Response {
	at := noon.Add(-time.Duration(daysAgo)*24*time.Hour - time.Hour)
	r := &surveyv1.Response{
		SurveyId: "visit", Subjects: []*commonv1.SubjectRef{store(storeID)},
		Channel: commonv1.Channel_CHANNEL_STORE, Mode: commonv1.ContactMode_CONTACT_MODE_PUSH,
		Answers: []*surveyv1.Answer{scored("nps", nps), scored("visit", nps/3+1)}, ExperiencedAt: stamp(at), AnsweredAt: stamp(at.Add(20 * time.Minute)),
	}
	if why != "" {
		r.Answers = append(r.Answers, &surveyv1.Answer{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: why}})
	}
	return r
}

func (w *world) submit(t testing.TB, id string, r *surveyv1.Response) *surveyv1.SubmitResponseResponse {
	t.Helper()
	out, err := w.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, Response: r, RequestId: id})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var said = []string{
	"Всё понравилось, спасибо!", "", "Долго стояли в очереди на кассе.\nРаботала одна из пяти.", "", "",
	"Friendly staff and a clean shop.", "", "Не нашёл нужный размер, а консультант был занят с другим покупателем почти полчаса.", "", "",
}

// fill gives the chain 120 days of visits: better in the north, and better in the
// last week.
func fill(t testing.TB, w *world) {
	t.Helper()
	channels := []commonv1.Channel{
		commonv1.Channel_CHANNEL_STORE, commonv1.Channel_CHANNEL_STORE, commonv1.Channel_CHANNEL_PICKUP, commonv1.Channel_CHANNEL_COURIER,
		commonv1.Channel_CHANNEL_PICKUP_POINT,
	}
	rows := []*surveyv1.ImportRow{}
	for day := range 120 {
		for i := range 16 {
			mixed := (day*7919 + i*104729 + day*i*31) % 97
			nps := int32(mixed % 11)
			if (i%2 == 0 || day < 7) && nps < 7 && mixed%3 > 0 {
				nps = 9 + nps%2
			}
			r := response(fmt.Sprint(101+i), day, nps, said[mixed%len(said)])
			r.Channel = channels[mixed%len(channels)]
			r.Source, r.ExternalId = "test", fmt.Sprintf("%d-%d", day, i)
			rows = append(rows, &surveyv1.ImportRow{Line: int64(len(rows)), Response: r})
		}
	}
	stream, err := w.ImportResponses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for len(rows) > 0 {
		n := min(100, len(rows))
		if err := stream.Send(&surveyv1.ImportResponsesRequest{Brand: brand, Rows: rows[:n]}); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
		answer, err := stream.Recv()
		if err != nil || len(answer.GetRejections()) > 0 {
			t.Fatal(answer, err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
}
