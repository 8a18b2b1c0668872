package subscription_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/gateway"
	"github.com/rapport-cx/rapport/services/gateway/report"
	"github.com/rapport-cx/rapport/services/gateway/subscription"
	"github.com/rapport-cx/rapport/services/gateway/subscription/carrier"
	"github.com/rapport-cx/rapport/services/survey"
)

const demo = "demo"

// monday is 08:50 in Moscow, ten minutes before reports are due.
var monday = time.Date(2026, 3, 2, 5, 50, 0, 0, time.UTC)

var secret = []byte("0123456789abcdef0123456789abcdef")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clock is moved by the test.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time        { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) move(by time.Duration) { c.at.Add(by.Microseconds()) }
func (c *clock) set(at time.Time)      { c.at.Store(at.UnixMicro()) }

// node is a process of the gateway and Survey, with the steps that calls go through.
type node struct {
	server *subscription.Server
	reportv1.ReportServiceClient
	survey surveyv1.SurveyServiceClient
	clock  *clock
	conn   *grpc.ClientConn
	// outside is a way to it on which no token is shown.
	outside *grpc.ClientConn
	close   func() error
}

// start starts one on the gateway's database and a folder with Survey's.
func start(ctx context.Context, db *sqldb.DB, folder string, settings subscription.Settings, guarding access.Config, now time.Time) (*node, error) {
	n := &node{clock: &clock{}}
	n.clock.set(now)
	log := slog.New(slog.DiscardHandler)
	brands, err := config.LoadBrands("")
	if err != nil {
		return nil, err
	}
	guard, err := access.New(guarding, brands, guarding.File == "")
	if err != nil {
		return nil, err
	}
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	if err != nil {
		return nil, err
	}
	a, err := app.New(app.Config{GRPC: "127.0.0.1:0", MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: 10 * time.Second}, guard, tel)
	if err != nil {
		return nil, err
	}
	if n.conn, err = a.Dial(); err != nil {
		return nil, err
	}
	n.survey, n.ReportServiceClient = surveyv1.NewSurveyServiceClient(n.conn), reportv1.NewReportServiceClient(n.conn)
	answersDB, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(folder, "survey.db"))
	if err != nil {
		return nil, err
	}
	answers, err := survey.New(brands, guard, answersDB, nil, fold.Config{SweepEvery: -1, AuditEvery: -1}, secret, survey.Neighbours{}, n.clock.now, log)
	if err != nil {
		return nil, err
	}
	trees, store := report.NewStore(db, n.clock.now), subscription.NewStore(db)
	if err := errors.Join(answers.Migrate(ctx), trees.Migrate(ctx), store.Migrate(ctx)); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- answers.Run(running) }()
	reports := report.New(report.Config{Brands: brands, Guard: guard, Clock: n.clock.now, Log: log}, report.Services{Survey: n.survey}, trees)
	n.server, err = subscription.New(subscription.Config{Settings: settings, Brands: brands, Guard: guard, Secret: secret, Clock: n.clock.now, Log: log},
		store, n.ReportServiceClient, n.survey)
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	a.Bind(app.Service{Name: "survey", Register: func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, answers) }})
	a.Bind(app.Service{Name: "gateway", Register: func(r grpc.ServiceRegistrar) {
		reportv1.RegisterReportServiceServer(r, gateway.Reports{Server: reports, Subscriptions: n.server})
	}})
	n.close = func() error {
		err := errors.Join(n.outside.Close(), a.Stop(), n.conn.Close())
		stop()
		return errors.Join(err, <-stopped, answers.Close(context.WithoutCancel(ctx)), answersDB.Close())
	}
	if err := a.Start(ctx); err != nil {
		return nil, err
	}
	n.outside, err = grpc.NewClient(a.GRPCAddr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	return n, err
}

// world is a node with a mail server, and some answers about a store.
type world struct {
	*node
	post *post
	db   *sqldb.DB
}

func settings(p *post) subscription.Settings {
	return subscription.Settings{
		Mail:    carrier.MailConfig{Server: "smtp+plain://" + p.at, From: "Rapport <reports@rapport.test>"},
		Webhook: carrier.WebhookConfig{Private: true}, Dashboard: "https://rapport.test", AtOnce: 8, Rights: 180 * 24 * time.Hour,
	}
}

func newWorld(t testing.TB, db *sqldb.DB) *world {
	t.Helper()
	w := &world{post: newPost(t, nil), db: db}
	var err error
	w.node, err = start(t.Context(), db, t.TempDir(), settings(w.post), access.Config{}, monday)
	must(t, err)
	t.Cleanup(func() { must(t, w.close()) })
	answered(t, w.survey, 40)
	return w
}

var shop = &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "101"}

// answered lets people answer on the Sunday before.
func answered(t testing.TB, client surveyv1.SurveyServiceClient, n int) {
	t.Helper()
	ctx := t.Context()
	_, err := client.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: demo, Subjects: []*surveyv1.Subject{
		{Ref: shop, Name: "Тверская"}, {Ref: &commonv1.SubjectRef{Kind: shop.GetKind(), Id: "102"}, Name: "Арбат"},
	}})
	must(t, err)
	title := func(en, ru string) *commonv1.LocalizedText {
		return &commonv1.LocalizedText{Texts: map[string]string{"en": en, "ru": ru}}
	}
	_, err = client.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: demo, Metrics: []*surveyv1.Metric{
		{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS, Title: title("NPS", "NPS")},
		{Name: "csi.queue", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT, Title: title("Queue", "Очередь")},
	}})
	must(t, err)
	_, err = client.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: demo, Survey: &surveyv1.Survey{Id: "visit", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED,
		Draft: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"},
			{Id: "queue", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: "csi.queue"},
			{Id: "why", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT},
		}}}})
	must(t, err)
	_, err = client.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: demo, SurveyId: "visit"})
	must(t, err)
	for i := range n {
		at := timestamppb.New(monday.Add(-20 * time.Hour).Add(time.Duration(i) * time.Minute))
		answers := []*surveyv1.Answer{
			{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: int32([]int{10, 9, 9, 8, 3}[i%5])}},
			{QuestionId: "queue", Value: &surveyv1.Answer_Score{Score: int32(1 + i%5)}},
		}
		if i%10 == 4 {
			answers = append(answers, &surveyv1.Answer{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: fmt.Sprintf("Ждали <b>%d</b> минут", i)}})
		}
		_, err := client.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Brand: demo, RequestId: fmt.Sprint("r", i), Response: &surveyv1.Response{
			SurveyId: "visit", Subjects: []*commonv1.SubjectRef{shop}, Channel: commonv1.Channel_CHANNEL_STORE, ExperiencedAt: at, AnsweredAt: at, Answers: answers,
		}})
		must(t, err)
	}
}

// daily is due at nine by Moscow's clock.
func daily(address string) *reportv1.Subscription {
	return &reportv1.Subscription{
		Report: reportv1.ReportKind_REPORT_KIND_OMNICHANNEL, Cadence: &reportv1.Cadence{Every: reportv1.Cadence_EVERY_DAY, Hour: 9}, Zone: "Europe/Moscow", Locale: "en",
		Target: &reportv1.Subscription_Email{Email: &reportv1.EmailTarget{Address: address, Name: "Анна"}},
	}
}

func (n *node) create(t testing.TB, sub *reportv1.Subscription) *reportv1.Subscription {
	t.Helper()
	out, err := n.CreateSubscription(t.Context(), &reportv1.CreateSubscriptionRequest{Brand: demo, Subscription: sub, RequestId: rand.Text()})
	must(t, err)
	return out.GetSubscription()
}

// deliver makes one attempt at what is due.
func (n *node) deliver(t testing.TB) int {
	t.Helper()
	made, err := n.server.Deliver(t.Context())
	must(t, err)
	return made
}

// deliveries are all that there are.
func (n *node) deliveries(t testing.TB) []*reportv1.Delivery {
	t.Helper()
	out, err := n.ListDeliveries(t.Context(), &reportv1.ListDeliveriesRequest{Brand: demo, PageSize: 1000})
	must(t, err)
	return out.GetDeliveries()
}

// shows makes calls with a token of somebody's.
type shows struct {
	*node
	token string
}

// Invoke makes one.
func (s shows) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	return s.outside.Invoke(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+s.token), method, in, out, opts...)
}

// NewStream is for watches, of which there is none here.
func (s shows) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return s.outside.NewStream(ctx, desc, method, opts...)
}

func read(t testing.TB, r *http.Request) []byte {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	must(t, err)
	return body
}
