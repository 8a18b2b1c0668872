package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// Connections that the load of a scenario is spread over.
const connections = 4

const stores = 1000

// empty is the empty call of a server.
func empty(tb testing.TB, name string, callers int, p *process) *scenario {
	return &scenario{name: name, callers: callers, servers: []*process{p}, conns: p.dial(tb, min(callers, connections)),
		do: func(ctx context.Context, c *grpc.ClientConn, _ int64) error {
			return call(ctx, c, &wrapperspb.StringValue{Value: "sixteen bytes in"}, &emptypb.Empty{})
		}}
}

// BenchmarkSubmit compares durable submits with an echo (E) and with one
// transaction per call, on both engines.
func BenchmarkSubmit(b *testing.B) {
	e := launch(b, "echo")
	lite, pg := b.TempDir(), sqldbtest.PostgresDurable(b)
	suites := []struct {
		engine      string
		suite, bare *process
	}{
		{"PostgreSQL", launch(b, "suite", "BENCH_DB="+pg, "BENCH_DATA="+lite), launch(b, "bare", "BENCH_DB="+pg)},
		{"SQLite", launch(b, "suite", "BENCH_DATA="+lite), launch(b, "bare", "BENCH_DB=sqlite:"+lite+"/bare.db")},
	}
	all := []*scenario{empty(b, "E: echo, 64 callers", 64, e)}
	for _, s := range suites {
		chain(b, s.suite)
		for _, callers := range []int{1, 64, 256} {
			all = append(all, empty(b, fmt.Sprintf("%s: one transaction per call, %d", s.engine, callers), callers, s.bare))
		}
		for _, callers := range []int{1, 16, 64, 256} {
			all = append(all, submits(b, fmt.Sprintf("%s: submit, %d", s.engine, callers), callers, s.suite))
		}
	}
	for b.Loop() {
		measure(b, all)
	}
	table("submit, two scored questions, store → region → network", all)
}

// submits records responses of two scored questions.
func submits(tb testing.TB, name string, callers int, p *process) *scenario {
	return &scenario{name: name, callers: callers, servers: []*process{p}, conns: p.dial(tb, min(callers, connections)),
		do: func(ctx context.Context, c *grpc.ClientConn, n int64) error {
			_, err := surveyv1.NewSurveyServiceClient(c).SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{
				Brand: "demo", RequestId: fmt.Sprintf("bench-%d", n), Response: answer(n, time.Now()),
			})
			return err
		}}
}

// answer is the n-th response: of one store, with two scores.
func answer(n int64, at time.Time) *surveyv1.Response {
	h := uint64(n) * 0x9E3779B97F4A7C15
	return &surveyv1.Response{
		SurveyId: "visit", Subjects: []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: fmt.Sprintf("s%04d", h>>32%stores)}},
		Channel: commonv1.Channel(1 + h>>8%8), Mode: commonv1.ContactMode_CONTACT_MODE_PUSH, AnsweredAt: timestamppb.New(at),
		Answers: []*surveyv1.Answer{
			{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: int32(h >> 16 % 11)}},
			{QuestionId: "visit", Value: &surveyv1.Answer_Score{Score: int32(1 + h>>24%5)}},
		},
	}
}

// chain defines a chain of 1,000 stores in 8 regions and a survey of two questions.
func chain(tb testing.TB, p *process) surveyv1.SurveyServiceClient {
	tb.Helper()
	ctx := context.Background()
	c := surveyv1.NewSurveyServiceClient(p.dial(tb, 1)[0])
	network := &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_NETWORK, Id: "all"}
	subjects := []*surveyv1.Subject{{Ref: network}}
	region := func(i int) *commonv1.SubjectRef {
		return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: fmt.Sprint(i)}
	}
	for i := range 8 {
		subjects = append(subjects, &surveyv1.Subject{Ref: region(i), Parents: []*surveyv1.ParentLink{{Parent: network}}})
	}
	for i := range stores {
		subjects = append(subjects, &surveyv1.Subject{
			Ref:     &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: fmt.Sprintf("s%04d", i)},
			Parents: []*surveyv1.ParentLink{{Parent: region(i % 8)}},
		})
	}
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	for from := 0; from < len(subjects); from += 500 {
		_, err := c.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: "demo", Subjects: subjects[from:min(from+500, len(subjects))]})
		must(err)
	}
	_, err := c.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: "demo", Metrics: []*surveyv1.Metric{
		{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS}, {Name: "csi.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT},
	}})
	must(err)
	_, err = c.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: "demo", Survey: &surveyv1.Survey{
		Id: "visit", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Draft: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"},
			{Id: "visit", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: "csi.visit"},
		}},
	}})
	must(err)
	_, err = c.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: "demo", SurveyId: "visit"})
	must(err)
	return c
}
