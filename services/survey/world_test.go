package survey_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/survey"
)

// start is where the tests' clock begins: a Monday noon in Moscow.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// clock is the tests' time; it moves only when told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// replica is one server on a database, behind the same steps as in production.
type replica struct {
	surveyv1.SurveyServiceClient
	server *survey.Server
	stop   func()
}

var secret = []byte("0123456789abcdef0123456789abcdef")

// newReplica serves the database at url; redis may be empty.
func newReplica(t testing.TB, url, redis string, now func() time.Time) *replica {
	t.Helper()
	return newReplicaOf(t, url, redis, now, fold.Config{SweepEvery: -1})
}

// newReplicaOf is newReplica with folds of one's own kind.
func newReplicaOf(t testing.TB, url, redis string, now func() time.Time, folding fold.Config) *replica {
	t.Helper()
	return newReplicaWith(t, url, redis, now, folding, hot.Options{})
}

// newReplicaWith is newReplica with folds and a cache of one's own kind.
func newReplicaWith(t testing.TB, url, redis string, now func() time.Time, folding fold.Config, caching hot.Options) *replica {
	t.Helper()
	return newReplicaBeside(t, url, redis, now, folding, caching, survey.Neighbours{})
}

// newReplicaBeside is newReplicaWith with neighbours.
func newReplicaBeside(t testing.TB, url, redis string, now func() time.Time, folding fold.Config, caching hot.Options, near survey.Neighbours) *replica {
	t.Helper()
	caching.Service, caching.Log = "survey", quiet
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	brands, err := config.LoadBrands("testdata/brands.yaml")
	must(err)
	guard, err := access.New(access.Config{}, brands, true)
	must(err)
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(err)
	db := sqldbtest.Open(t, url)
	cache, err := hot.Open(redis, secret, caching)
	must(err)
	s, err := survey.New(brands, guard, db, cache, folding, secret, near, now, quiet)
	must(err)
	must(s.Migrate(ctx))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	a, err := app.New(app.Config{MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	must(err)
	a.Bind(app.Service{Name: "survey", Register: func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, s) }})
	must(a.Start(ctx))
	conn, err := a.Dial()
	must(err)
	stop := sync.OnceFunc(func() {
		err := errors.Join(conn.Close(), a.Stop())
		cancel()
		ctx := context.WithoutCancel(ctx)
		if err := errors.Join(err, <-stopped, s.Close(ctx), cache.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return &replica{SurveyServiceClient: surveyv1.NewSurveyServiceClient(conn), server: s, stop: stop}
}

var quiet = slog.New(slog.DiscardHandler)

const brand = "demo"

func ref(kind commonv1.SubjectKind, id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: kind, Id: id}
}

func store(id string) *commonv1.SubjectRef {
	return ref(commonv1.SubjectKind_SUBJECT_KIND_STORE, id)
}

var (
	network = ref(commonv1.SubjectKind_SUBJECT_KIND_NETWORK, "all")
	north   = ref(commonv1.SubjectKind_SUBJECT_KIND_REGION, "north")
	south   = ref(commonv1.SubjectKind_SUBJECT_KIND_REGION, "south")
)

func below(parent *commonv1.SubjectRef) []*surveyv1.ParentLink {
	return []*surveyv1.ParentLink{{Parent: parent}}
}

// define fills the directory: two regions with a store each and one more store
// that moves from north to south on 1 March 2026, and a published survey.
func define(t testing.TB, c surveyv1.SurveyServiceClient) {
	t.Helper()
	ctx := t.Context()
	moved := []*surveyv1.ParentLink{{Parent: north}, {Parent: south, Since: stamp(time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC))}}
	subjects, err := c.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{
		{Ref: network, Name: "Network"},
		{Ref: north, Parents: below(network)}, {Ref: south, Parents: below(network)},
		{Ref: store("n1"), Parents: below(north), Labels: map[string]string{"format": "hyper"}},
		{Ref: store("s1"), Parents: below(south), Labels: map[string]string{"format": "hyper"}},
		{Ref: store("m1"), Parents: moved, Labels: map[string]string{"format": "small"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range subjects.GetResults() {
		if r.GetError() != nil {
			t.Fatalf("subject %d: %v", i, r.GetError())
		}
	}
	metrics, err := c.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS},
		{Name: "csi.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT},
		{Name: "csi.queue", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range metrics.GetResults() {
		if r.GetError() != nil {
			t.Fatalf("metric %d: %v", i, r.GetError())
		}
	}
	if _, err := c.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: brand, Survey: visitSurvey()}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "visit"}); err != nil {
		t.Fatal(err)
	}
}

func visitSurvey() *surveyv1.Survey {
	return &surveyv1.Survey{Id: "visit", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Draft: &surveyv1.Questionnaire{
		Questions: []*surveyv1.Question{
			{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"},
			{Id: "visit", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: "csi.visit"},
			{Id: "queue", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM, Metric: "csi.queue"},
			{Id: "why", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT, ShowIf: &surveyv1.Condition{
				QuestionId: "nps", Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: 0, Max: 8}},
			}},
			{Id: "kind", Kind: surveyv1.QuestionKind_QUESTION_KIND_MULTI, Options: []*surveyv1.Option{{Id: "a"}, {Id: "b"}}},
			{Id: "hope", Kind: surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION},
		},
		Facets: []string{"order.late"},
		CaseRules: []*surveyv1.CaseRule{{
			Cause: "low_score", Queue: "store",
			Conditions: []*surveyv1.Condition{{QuestionId: "nps", Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: 0, Max: 6}}}},
		}},
	}}
}

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

func scoreOf(question string, score int32) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Score{Score: score}}
}

// response is a good response of one store's visitor.
func response(storeID string, nps int32) *surveyv1.Response {
	return &surveyv1.Response{
		SurveyId: "visit", Subjects: []*commonv1.SubjectRef{store(storeID)},
		Channel: commonv1.Channel_CHANNEL_STORE, Mode: commonv1.ContactMode_CONTACT_MODE_PUSH,
		Answers:    []*surveyv1.Answer{scoreOf("nps", nps), scoreOf("visit", nps/3+1)},
		AnsweredAt: stamp(start.Add(-time.Hour)), ExperiencedAt: stamp(start.Add(-26 * time.Hour)),
	}
}

func submit(t testing.TB, c surveyv1.SurveyServiceClient, id string, r *surveyv1.Response) *surveyv1.SubmitResponseResponse {
	t.Helper()
	out, err := c.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: id, Response: proto.CloneOf(r)})
	if err != nil {
		t.Fatalf("submit %s: %v", id, err)
	}
	return out
}

// each runs a test on a fresh replica of each engine.
func each(t *testing.T, fn func(t *testing.T, r *replica, c *clock)) {
	t.Helper()
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, "", c.Now)
		define(t, r)
		fn(t, r, c)
	})
}
