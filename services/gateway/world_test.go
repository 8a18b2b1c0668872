package gateway_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/gateway"
	"github.com/rapport-cx/rapport/services/survey"
)

// noon is the time of all tests: a Monday in Moscow.
var noon = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const brand = "demo"

// maxBody is small, so that a test reaches it.
const maxBody = 64 << 10

// world is a Survey service on a database of its own and a gateway in front.
type world struct {
	surveyv1.SurveyServiceClient
	url  string
	stop func()
}

var quiet = slog.New(slog.DiscardHandler)

// newWorld starts one. Broken, if not nil, stands between gateway and service.
func newWorld(t testing.TB, broken ...grpc.UnaryClientInterceptor) *world {
	t.Helper()
	return newGuardedWorld(t, "", broken...)
}

// newGuardedWorld starts one that asks for the token of a file, if there is one.
func newGuardedWorld(t testing.TB, token config.SecretFile, broken ...grpc.UnaryClientInterceptor) *world {
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
	guard, err := access.New(access.Config{Shown: access.Shown{TokenFile: token}}, brands, token == "")
	must(err)
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(err)
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "survey.db"))
	must(err)
	secret := []byte("0123456789abcdef0123456789abcdef")
	cache, err := hot.Open("", secret, hot.Options{Service: "survey", Log: quiet})
	must(err)
	clock := func() time.Time { return noon }
	s, err := survey.New(brands, guard, db, cache, fold.Config{SweepEvery: -1}, secret, survey.Neighbours{}, clock, quiet)
	must(err)
	must(s.Migrate(ctx))
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(running) }()
	cfg := app.Config{HTTP: "127.0.0.1:0", MaxMessage: maxBody, MaxStreams: 1000, Strangers: 10, Deadline: time.Minute, Grace: 10 * time.Second}
	a, err := app.New(cfg, guard, tel)
	must(err)
	a.Bind(app.Service{Name: "survey", Register: func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, s) }})
	conn, err := a.Dial()
	must(err)
	var way grpc.ClientConnInterface = conn
	for _, b := range broken {
		way = brokenConn{conn, b}
	}
	g, err := gateway.New(gateway.Config{Brands: brands, MaxBody: maxBody, Clock: clock, Draining: a.Draining(), Log: quiet}, gateway.Services{Survey: surveyv1.NewSurveyServiceClient(way)})
	must(err)
	a.Handle("/", g)
	g.Publish(a)
	must(a.Start(ctx))
	stop := sync.OnceFunc(func() {
		err := errors.Join(a.Stop(), conn.Close())
		cancel()
		ctx := context.WithoutCancel(ctx)
		if err := errors.Join(err, <-stopped, s.Close(ctx), cache.Close(ctx), db.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return &world{SurveyServiceClient: surveyv1.NewSurveyServiceClient(conn), url: "http://" + a.HTTPAddr().String(), stop: stop}
}

// brokenConn lets a test stand in the way of unary calls.
type brokenConn struct {
	*grpc.ClientConn
	in grpc.UnaryClientInterceptor
}

// Invoke makes a call, if the test lets it.
func (b brokenConn) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	return b.in(ctx, method, req, reply, b.ClientConn, func(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
		return b.ClientConn.Invoke(ctx, method, req, reply, opts...)
	}, opts...)
}

func ref(kind commonv1.SubjectKind, id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: kind, Id: id}
}

func store(id string) *commonv1.SubjectRef {
	return ref(commonv1.SubjectKind_SUBJECT_KIND_STORE, id)
}

// get reads an address.
func (w *world) get(t testing.TB, path string, header ...string) (int, string, http.Header) {
	t.Helper()
	return w.do(t, "GET", path, nil, header...)
}

func (w *world) do(t testing.TB, method, path string, body io.Reader, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header
}

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

func text(en, ru string) *commonv1.LocalizedText {
	return &commonv1.LocalizedText{Texts: map[string]string{"en": en, "ru": ru}}
}
