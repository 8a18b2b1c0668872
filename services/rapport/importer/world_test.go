package importer

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/rapport/mapping"
	"github.com/rapport-cx/rapport/services/survey"
)

// serve starts the real service on the database at url.
func serve(t *testing.T, url string) *grpc.ClientConn {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	secret := []byte("0123456789abcdef0123456789abcdef")
	brands, err := config.LoadBrands("")
	must(err)
	guard, err := access.New(access.Config{}, brands, true)
	must(err)
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	must(err)
	cache, err := hot.Open("", secret, hot.Options{Service: "survey", Log: quiet})
	must(err)
	s, err := survey.New(brands, guard, sqldbtest.Open(t, url), cache, fold.Config{SweepEvery: -1}, secret, survey.Neighbours{}, time.Now, quiet)
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
	t.Cleanup(func() {
		err := errors.Join(conn.Close(), a.Stop())
		cancel()
		ctx := context.WithoutCancel(ctx)
		if err := errors.Join(err, <-stopped, s.Close(ctx), cache.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// bumpy is the way to the real service with faults on it: a stream breaks after
// some answers, and some rows are held back and told to be tried later.
type bumpy struct {
	grpc.ClientConnInterface
	mu sync.Mutex
	// breaks are after how many answers each stream breaks, in turn; then none does.
	breaks []int
	// busy are the external ids of rows that are given back once: until somebody was told
	// so, for a stream may break before.
	busy    map[string]bool
	streams int
}

func (b *bumpy) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := b.ClientConnInterface.NewStream(ctx, desc, method, opts...)
	if !strings.HasSuffix(method, "ImportResponses") || err != nil {
		return s, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streams++
	out := &bumpyStream{ClientStream: s, road: b, left: -1}
	if len(b.breaks) > 0 {
		out.left, b.breaks = b.breaks[0], b.breaks[1:]
	}
	return out, nil
}

type bumpyStream struct {
	grpc.ClientStream
	road *bumpy
	left int
	mu   sync.Mutex
	held [][]held // rows held back of each chunk under way
}

// held is a row that is held back.
type held struct {
	line int64
	id   string
}

func (s *bumpyStream) SendMsg(m any) error {
	in := m.(*surveyv1.ImportResponsesRequest)
	out := &surveyv1.ImportResponsesRequest{Brand: in.GetBrand()}
	var back []held
	s.road.mu.Lock()
	for _, row := range in.GetRows() {
		if id := row.GetResponse().GetExternalId(); s.road.busy[id] {
			back = append(back, held{row.GetLine(), id})
			continue
		}
		out.Rows = append(out.Rows, row)
	}
	s.road.mu.Unlock()
	s.mu.Lock()
	s.held = append(s.held, back)
	s.mu.Unlock()
	return s.ClientStream.SendMsg(out)
}

func (s *bumpyStream) RecvMsg(m any) error {
	if s.left == 0 {
		return status.Error(codes.Unavailable, "the road is broken")
	}
	s.left--
	if err := s.ClientStream.RecvMsg(m); err != nil {
		return err
	}
	out := m.(*surveyv1.ImportResponsesResponse)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.road.mu.Lock()
	defer s.road.mu.Unlock()
	for _, one := range s.held[0] {
		delete(s.road.busy, one.id)
		full := fault.Exhausted("QUEUE_FULL", time.Minute, "the queue is full")
		out.Rejections = append(out.Rejections, &surveyv1.ImportRejection{Line: one.line, Error: fault.Status(full)})
	}
	s.held = s.held[1:]
	return nil
}

// folder writes files and gives the mapping among them, mapping.yaml.
func folder(t *testing.T, files map[string]string) (*mapping.Mapping, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := mapping.Load(filepath.Join(dir, "mapping.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return m, dir
}

// score asks for a metric over everything.
func score(t *testing.T, c surveyv1.SurveyServiceClient, brand, metric string, scope *surveyv1.Scope) *surveyv1.Score {
	t.Helper()
	resp, err := c.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: metric, Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetTotal()
}
