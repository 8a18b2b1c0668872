package survey_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// The traps others fell into that concern scores, each a test. Those not here
// are tested where they would open: clock changes and month boundaries in query,
// stampedes and brands in cache keys in fold, callers that leave in app.

// alone serves a fresh embedded database.
func alone(t *testing.T) (*replica, *clock) {
	t.Helper()
	c := &clock{now: start}
	r := newReplica(t, sqldbtest.SQLite(t), "", c.Now)
	define(t, r)
	return r, c
}

// scores asks for a metric over everything.
func scores(t testing.TB, c surveyv1.SurveyServiceClient, metric string) *surveyv1.Score {
	t.Helper()
	out, err := c.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: metric})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetTotal()
}

// A fractional score falls in no bucket: it does not even parse.
func TestTrapFractionalScore(t *testing.T) {
	for text, good := range map[string]bool{`7`: true, `7.5`: false, `"7.5"`: false, `1e-1`: false, `NaN`: false} {
		err := protojson.Unmarshal([]byte(`{"questionId":"nps","score":`+text+`}`), &surveyv1.Answer{})
		if (err == nil) != good {
			t.Errorf("score %s: %v", text, err)
		}
	}
}

// A question that was skipped is no answer, in whatever way it was skipped.
func TestTrapSkippedAnswers(t *testing.T) {
	r, _ := alone(t)
	submit(t, r, "given", response("n1", 10))
	for key, answers := range map[string][]*surveyv1.Answer{
		"no value":  {{QuestionId: "nps"}, scoreOf("visit", 5)},
		"no answer": {scoreOf("visit", 5)},
		"nothing":   nil,
	} {
		in := response("n1", 0)
		in.Answers = answers
		submit(t, r, key, in)
	}
	if got := scores(t, r, "nps.network"); got.GetN() != 1 || got.GetValue() != 100 {
		t.Errorf("NPS = %v, want that of the one answer", got)
	}
	if got := scores(t, r, "csi.visit"); got.GetN() != 3 {
		t.Errorf("visit n = %d, want 3", got.GetN())
	}
	if got := scores(t, r, "low.share"); got.GetN() != 3 || got.GetPositive() != 0 {
		t.Errorf("low share = %v, want none low of the 3 questionnaires that have a score", got)
	}
}

// tenPoints defines a rating and a CSAT on 0-10 and asks for both.
func tenPoints(t *testing.T, r *replica) {
	t.Helper()
	out, err := r.UpsertMetrics(t.Context(), &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "rating.app", Kind: surveyv1.MetricKind_METRIC_KIND_RATING, ScaleMin: 0, ScaleMax: 10},
		{Name: "csat.app", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT, ScaleMin: 0, ScaleMax: 10},
		{Name: "ces.return", Kind: surveyv1.MetricKind_METRIC_KIND_CES},
	}})
	if err != nil || out.GetResults()[0].GetError() != nil || out.GetResults()[1].GetError() != nil || out.GetResults()[2].GetError() != nil {
		t.Fatal(err, out)
	}
	if err := publish(t, r, "app", surveyv1.QuestionKind_QUESTION_KIND_RATING, "rating.app", surveyv1.QuestionKind_QUESTION_KIND_CSAT, "csat.app"); err != nil {
		t.Fatal(err)
	}
}

// publish makes a survey of two questions, "a" and "b".
func publish(t *testing.T, r *replica, id string, kindA surveyv1.QuestionKind, metricA string, kindB surveyv1.QuestionKind, metricB string) error {
	t.Helper()
	_, err := r.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{Brand: brand, Survey: &surveyv1.Survey{
		Id: id, Kind: surveyv1.SurveyKind_SURVEY_KIND_PASSIVE, Draft: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "a", Kind: kindA, Metric: metricA}, {Id: "b", Kind: kindB, Metric: metricB}}}}})
	if err != nil {
		return err
	}
	_, err = r.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: id})
	return err
}

// A scale of 0-10 makes no NPS: the metric says what an answer means.
func TestTrapTenPointScaleIsNotNPS(t *testing.T) {
	r, _ := alone(t)
	tenPoints(t, r)
	for i, score := range []int32{10, 9, 2} {
		submit(t, r, fmt.Sprint(i), &surveyv1.Response{SurveyId: "app", Answers: []*surveyv1.Answer{scoreOf("a", score), scoreOf("b", score)}})
	}
	if got := scores(t, r, "rating.app"); got.GetValue() != 7 || got.GetPromoters()+got.GetDetractors() != 0 {
		t.Errorf("rating = %v, want the mean 7", got)
	}
	if got := scores(t, r, "csat.app"); got.GetPositive() != 2 || got.GetPromoters()+got.GetDetractors() != 0 {
		t.Errorf("CSAT = %v, want 2 of 3 positive", got)
	}
	err := publish(t, r, "mixed", surveyv1.QuestionKind_QUESTION_KIND_NPS, "rating.app", surveyv1.QuestionKind_QUESTION_KIND_RATING, "nps.network")
	if !fault.Is(err, commonv1.Reason_REASON_METRIC_MISMATCH) {
		t.Errorf("an NPS question in a rating metric: %v", err)
	}
}

// Effort on two scales is two metrics, and nothing averages them.
func TestTrapEffortOfTwoScales(t *testing.T) {
	r, _ := alone(t)
	tenPoints(t, r)
	out, err := r.UpsertMetrics(t.Context(), &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "ces.five", Kind: surveyv1.MetricKind_METRIC_KIND_CES, ScaleMin: 1, ScaleMax: 5},
		{Name: "rating.app", Kind: surveyv1.MetricKind_METRIC_KIND_RATING, ScaleMin: 1, ScaleMax: 5},
		{Name: "csi.all", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL, Parameters: []string{"ces.return", "csi.queue"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, refused := range out.GetResults() {
		if refused.GetError() == nil {
			t.Errorf("metric %d, of another scale, was taken", i)
		}
	}
	if err := publish(t, r, "mixed", surveyv1.QuestionKind_QUESTION_KIND_CES, "rating.app", surveyv1.QuestionKind_QUESTION_KIND_RATING, "ces.return"); !fault.Is(err, commonv1.Reason_REASON_METRIC_MISMATCH) {
		t.Errorf("effort in a rating metric: %v", err)
	}
}

// Shares add up because nothing is rounded: counts are told, and the value is
// theirs to the last digit.
func TestTrapPercentagesThatDoNotAddUp(t *testing.T) {
	r, _ := alone(t)
	n := int64(0)
	for i, score := range []int32{10, 10, 8, 0, 7, 3, 9} {
		submit(t, r, fmt.Sprint(i), response("n1", score))
		n++
		s := scores(t, r, "nps.network")
		if s.GetPromoters()+s.GetPassives()+s.GetDetractors() != n || s.GetN() != n {
			t.Fatalf("%v does not add up to %d", s, n)
		}
		if want := 100 * float64(s.GetPromoters()-s.GetDetractors()) / float64(n); s.GetValue()-want > 1e-12 || want-s.GetValue() > 1e-12 {
			t.Errorf("NPS %v, want %v unrounded", s.GetValue(), want)
		}
	}
}

// A late, amended or retracted answer leaves nothing behind in numbers that
// were hot: in memory, in Redis, in results, on the other replica.
func TestTrapOldContributionInHotAggregates(t *testing.T) {
	c := &clock{now: start}
	url, redis := sqldbtest.Postgres(t), hottest.Start(t).URL()
	a := newReplica(t, url, redis, c.Now)
	define(t, a)
	b := newReplica(t, url, redis, c.Now)
	long := start.AddDate(0, 0, -40)
	late := func(storeID string, score int32) *surveyv1.Response {
		in := response(storeID, score)
		in.ExperiencedAt = stamp(long)
		return in
	}
	expect := func(step string, n, promoters int64) {
		t.Helper()
		for i, r := range []*replica{a, b} {
			var got *surveyv1.Score
			for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
				if got = nps(t, r, in(store("n1"))); got.GetN() == n && got.GetPromoters() == promoters || i == 0 {
					break
				}
			}
			if got.GetN() != n || got.GetPromoters() != promoters {
				t.Errorf("%s, replica %d: n %d with %d promoters, want %d with %d", step, i, got.GetN(), got.GetPromoters(), n, promoters)
			}
		}
	}
	submit(t, a, "first", late("n1", 9))
	expect("first", 1, 1)
	id := submit(t, a, "late", late("n1", 3)).GetId()
	expect("late", 2, 1)
	better := late("n1", 10)
	better.Id = id
	if _, err := a.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: better}); err != nil {
		t.Fatal(err)
	}
	expect("amended", 2, 2)
	moved := late("s1", 10)
	moved.Id = id
	if _, err := a.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: brand, Response: moved}); err != nil {
		t.Fatal(err)
	}
	expect("moved", 1, 1)
	if _, err := a.RetractResponse(t.Context(), &surveyv1.RetractResponseRequest{Brand: brand, Id: id}); err != nil {
		t.Fatal(err)
	}
	expect("retracted", 1, 1)
	if got := nps(t, a, in(south)); got.GetN() != 0 || got.Value != nil {
		t.Errorf("the south = %v, want absent", got)
	}
}

// republish publishes the survey "visit" with other questions.
func republish(t *testing.T, r *replica, change func(*surveyv1.Questionnaire)) {
	t.Helper()
	s := visitSurvey()
	change(s.GetDraft())
	if _, err := r.UpdateSurvey(t.Context(), &surveyv1.UpdateSurveyRequest{Brand: brand, Survey: s}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "visit"}); err != nil {
		t.Fatal(err)
	}
}

// withoutVisit puts the questions in another order and drops "visit".
func withoutVisit(q *surveyv1.Questionnaire) {
	q.Questions = []*surveyv1.Question{q.GetQuestions()[2], q.GetQuestions()[0], q.GetQuestions()[3]}
}

// Questions may be put in another order or dropped: answers are bound to the
// question and the version, and stay what they were.
func TestTrapQuestionReorderedOrDeleted(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		first := response("n1", 3)
		first.Answers = append(first.Answers, &surveyv1.Answer{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: "queue"}})
		id := submit(t, r, "a", first).GetId()
		republish(t, r, withoutVisit)
		second := response("n1", 9)
		second.Answers = second.Answers[:1]
		submit(t, r, "b", second)
		got, err := r.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: id})
		if err != nil {
			t.Fatal(err)
		}
		if a := got.GetResponse().GetAnswers(); got.GetResponse().GetSurveyVersion() != 1 || len(a) != 3 ||
			a[0].GetQuestionId() != "nps" || a[0].GetScore() != 3 || a[1].GetQuestionId() != "visit" || a[2].GetText() != "queue" {
			t.Errorf("first response = %v", got.GetResponse())
		}
		if s := scores(t, r, "nps.network"); s.GetN() != 2 || s.GetPromoters() != 1 {
			t.Errorf("NPS = %v, want both", s)
		}
		if s := scores(t, r, "csi.visit"); s.GetN() != 1 {
			t.Errorf("the score of the dropped question = %v, want the one answer it had", s)
		}
		if _, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: "c", Response: response("n1", 9)}); fault.Code(err) != codes.InvalidArgument {
			t.Errorf("an answer to the dropped question: %v", err)
		}
		old := response("n1", 9)
		old.SurveyVersion = 1
		submit(t, r, "d", old)
		if s := scores(t, r, "csi.visit"); s.GetN() != 2 {
			t.Errorf("an answer to the old version is not counted: %v", s)
		}
	})
}

// More answers in one cell than a small counter holds.
func TestTrapCounterOverflow(t *testing.T) {
	r, _ := alone(t)
	const n = 1<<16 + 1
	stream, err := r.ImportResponses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for sent := 0; sent < n; {
			chunk := &surveyv1.ImportResponsesRequest{Brand: brand}
			for ; len(chunk.Rows) < 1000 && sent < n; sent++ {
				chunk.Rows = append(chunk.Rows, &surveyv1.ImportRow{Line: int64(sent), Response: &surveyv1.Response{
					SurveyId: "visit", Source: "f", ExternalId: fmt.Sprint(sent), AnsweredAt: stamp(start), Answers: []*surveyv1.Answer{scoreOf("nps", 10)}}})
			}
			if err := stream.Send(chunk); err != nil {
				done <- err
				return
			}
		}
		done <- stream.CloseSend()
	}()
	for recorded := 0; recorded < n; {
		out, err := stream.Recv()
		if err != nil || len(out.GetRejections()) > 0 {
			t.Fatal(err, out.GetRejections())
		}
		recorded += int(out.GetRecorded())
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, scope := range []*surveyv1.Scope{nil, {SurveyIds: []string{"visit"}}} { // histograms, then rows
		if got := nps(t, r, scope); got.GetN() != n || got.GetHistogram()[10] != n || got.GetValue() != 100 {
			t.Errorf("%v: %v, want %d answers of 10", scope, got, n)
		}
	}
}

// An oversize write is refused as a whole.
func TestTrapOversizeWrite(t *testing.T) {
	r, _ := alone(t)
	in := response("n1", 3)
	in.Answers = append(in.Answers, &surveyv1.Answer{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: strings.Repeat("x", 5<<20)}})
	_, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: "big", Response: in})
	if err == nil {
		t.Error("a response of 5 MiB was taken")
	}
	many := &surveyv1.UpsertSubjectsRequest{Brand: brand}
	for i := range 1001 {
		many.Subjects = append(many.Subjects, &surveyv1.Subject{Ref: store(fmt.Sprint("many", i))})
	}
	if _, err := r.UpsertSubjects(t.Context(), many); fault.Code(err) != codes.InvalidArgument {
		t.Errorf("1,001 subjects: %v", err)
	}
	if _, err := r.GetSubject(t.Context(), &surveyv1.GetSubjectRequest{Brand: brand, Ref: store("many0")}); fault.Code(err) != codes.NotFound {
		t.Errorf("the first of them: %v, want NotFound", err)
	}
	chunk := &surveyv1.ImportResponsesRequest{Brand: brand}
	for i := range 1001 {
		row := response("n1", 9)
		row.Source, row.ExternalId = "f", fmt.Sprint(i)
		chunk.Rows = append(chunk.Rows, &surveyv1.ImportRow{Line: int64(i), Response: row})
	}
	stream, err := r.ImportResponses(t.Context())
	if err == nil {
		err = stream.Send(chunk)
	}
	if err == nil {
		_, err = stream.Recv()
	}
	if fault.Code(err) != codes.InvalidArgument {
		t.Errorf("a chunk of 1,001 rows: %v", err)
	}
	if got := scores(t, r, "nps.network"); got.GetN() != 0 {
		t.Errorf("n = %d of what was refused", got.GetN())
	}
}

// A refusal writes nothing, so the key is still free: a row that named an unknown
// store lands when the file is imported again after the store was added.
func TestTrapRefusedKeyMayBeUsedAgain(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		send := func() (*surveyv1.SubmitResponseResponse, error) {
			return r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: "a", Response: response("new", 9)})
		}
		if _, err := send(); !fault.Is(err, commonv1.Reason_REASON_SUBJECT_UNKNOWN) {
			t.Fatalf("unknown store: %v", err)
		}
		if _, err := r.UpsertSubjects(t.Context(), &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{{Ref: store("new")}}}); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if out, err := send(); err != nil || out.GetReplayed() != (i == 1) {
				t.Errorf("time %d: %v, %v", i+1, out, err)
			}
		}
	})
}

// A retry is the first answer again even when the world has changed so that the
// response would be refused today.
func TestTrapRetryAfterTheWorldChanged(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		byRequest, byKey := response("n1", 9), response("n1", 3)
		byRequest.AnsweredAt, byRequest.ExperiencedAt = nil, nil // they count from their arrival
		byKey.Source, byKey.ExternalId, byKey.AnsweredAt, byKey.ExperiencedAt = "till", "1", nil, nil
		again := func(step string) {
			t.Helper()
			for _, in := range []*surveyv1.Response{byRequest, byKey} {
				out, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: "a", Response: proto.CloneOf(in)})
				if err != nil || out.GetReplayed() != (step != "first") {
					t.Errorf("%s: %v, %v", step, out, err)
				}
			}
			_, replayed, lines := importRows(t, r, []*surveyv1.ImportRow{{Line: 1, Response: proto.CloneOf(byKey)}})
			if replayed != 1 || len(lines) > 0 {
				t.Errorf("%s: imported again: %d replayed, refused %v", step, replayed, lines)
			}
		}
		again("first")
		c.Add(time.Hour)
		republish(t, r, withoutVisit)
		again("question dropped")
		closed := &surveyv1.Subject{Ref: store("n1"), Parents: below(north), ClosedAt: stamp(c.Now())}
		c.Add(time.Hour)
		if _, err := r.UpsertSubjects(t.Context(), &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{closed}}); err != nil {
			t.Fatal(err)
		}
		again("store closed")
		if _, err := r.CloseSurvey(t.Context(), &surveyv1.CloseSurveyRequest{Brand: brand, SurveyId: "visit"}); err != nil {
			t.Fatal(err)
		}
		c.Add(time.Hour)
		again("survey closed")
		byRequest.Answers[0] = scoreOf("nps", 1)
		_, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: "a", Response: byRequest})
		if !fault.Is(err, commonv1.Reason_REASON_KEY_REUSED) {
			t.Errorf("another body under the key: %v", err)
		}
		if got := scores(t, r, "nps.network"); got.GetN() != 2 {
			t.Errorf("n = %d, want 2", got.GetN())
		}
	})
}
