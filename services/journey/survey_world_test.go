package journey_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/survey"
)

// neighbour is the way to a real Survey that may be slow: held calls wait until
// their time is up.
type neighbour struct {
	grpc.ClientConnInterface
	held atomic.Bool
	stop func()
}

func (n *neighbour) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	if n.held.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return n.ClientConnInterface.Invoke(ctx, method, in, out, opts...)
}

// newSurvey serves a real Survey with the metric nps.delivery, which one visitor of
// the shop and one of the web shop answered.
func newSurvey(t *testing.T, now func() time.Time) *neighbour {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	brands, err := config.LoadBrands("")
	must(err)
	guard, err := access.New(access.Config{}, brands, true)
	must(err)
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(err)
	s, err := survey.New(brands, guard, sqldbtest.Open(t, sqldbtest.SQLite(t)), nil,
		fold.Config{SweepEvery: -1, AuditEvery: -1}, secret, survey.Neighbours{}, now, quiet)
	must(err)
	must(s.Migrate(ctx))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	a, err := app.New(app.Config{MaxMessage: 4 << 20, MaxStreams: 100, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	must(err)
	a.Bind(app.Service{Name: "survey", Register: func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, s) }})
	must(a.Start(ctx))
	conn, err := a.Dial()
	must(err)
	n := &neighbour{ClientConnInterface: conn, stop: sync.OnceFunc(func() {
		err := errors.Join(conn.Close(), a.Stop())
		cancel()
		if err := errors.Join(err, <-stopped, s.Close(context.WithoutCancel(ctx))); err != nil {
			t.Error(err)
		}
	})}
	t.Cleanup(n.stop)
	answered(t, surveyv1.NewSurveyServiceClient(conn))
	return n
}

func answered(t *testing.T, c surveyv1.SurveyServiceClient) {
	t.Helper()
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "nps.delivery", Kind: surveyv1.MetricKind_METRIC_KIND_NPS},
	}}))
	must(c.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{{Ref: store("s1")}}}))
	must(c.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: brand, Survey: &surveyv1.Survey{
		Id: "delivery", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Draft: &surveyv1.Questionnaire{
			Questions: []*surveyv1.Question{{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.delivery"}},
		},
	}}))
	must(c.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "delivery"}))
	for id, one := range map[string]struct {
		channel commonv1.Channel
		score   int32
	}{"shop": {commonv1.Channel_CHANNEL_STORE, 10}, "web": {commonv1.Channel_CHANNEL_WEB, 0}} {
		must(c.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: id, Response: &surveyv1.Response{
			SurveyId: "delivery", Subjects: []*commonv1.SubjectRef{store("s1")}, Channel: one.channel,
			Answers:    []*surveyv1.Answer{{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: one.score}}},
			AnsweredAt: stamp(start.Add(-time.Hour)), ExperiencedAt: stamp(start.Add(-26 * time.Hour)),
		}}))
	}
}
