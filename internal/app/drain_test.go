package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rapport-cx/rapport/internal/fault"
)

func TestDrainLetsCallsFinishAndRefusesNewOnes(t *testing.T) {
	var closed atomic.Bool
	r := start(t, "", func(_ *App, _ *Config, s *Service) {
		s.Close = func(context.Context) error { closed.Store(true); return nil }
	})
	inside := r.inside(t)
	// The call in flight still needs its neighbour when it goes on.
	r.probe.neighbour = func(ctx context.Context) error {
		_, err := say(inside, "hello")
		return err
	}
	conn := r.dial(t)
	health, err := healthpb.NewHealthClient(r.dial(t)).Watch(context.Background(), &healthpb.HealthCheckRequest{Service: "probe"})
	if err != nil {
		t.Fatal(err)
	}
	expectHealth(t, health, healthpb.HealthCheckResponse_SERVING)

	inFlight := make(chan error, 1)
	go func() {
		_, err := say(conn, "wait")
		inFlight <- err
	}()
	<-r.probe.entered
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop() }()
	expectHealth(t, health, healthpb.HealthCheckResponse_NOT_SERVING)
	<-r.steps.draining.Done()
	if _, err := say(conn, "late"); status.Code(err) != codes.Unavailable || !fault.Retryable(err) {
		t.Errorf("a late call: %v", err)
	}
	if closed.Load() {
		t.Error("closed under a call in flight")
	}
	close(r.probe.release)
	if err := <-inFlight; err != nil {
		t.Errorf("the call in flight: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if !closed.Load() {
		t.Error("not closed")
	}
	if _, err := say(inside, "after"); status.Code(err) != codes.Unavailable {
		t.Errorf("after the end: %v", err)
	}
}

func expectHealth(t *testing.T, s healthpb.Health_WatchClient, want healthpb.HealthCheckResponse_ServingStatus) {
	t.Helper()
	got, err := s.Recv()
	if err != nil || got.GetStatus() != want {
		t.Fatalf("health %v, %v; want %v", got.GetStatus(), err, want)
	}
}

func TestDrainEndsWatchesAndLetsUploadsFinish(t *testing.T) {
	r := start(t, "", nil)
	conn := r.dial(t)
	watching := open(t, conn, watch, true, false)
	watching.SendMsg(wrapperspb.String("x"))
	watching.CloseSend()
	if err := watching.RecvMsg(new(wrapperspb.StringValue)); err != nil {
		t.Fatal(err)
	}
	pushing := open(t, conn, push, false, true)
	<-r.probe.entered
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop() }()
	if err := watching.RecvMsg(new(wrapperspb.StringValue)); !fault.Is(err, ReasonShuttingDown) || status.Code(err) != codes.Unavailable {
		t.Errorf("the watch: %v", err)
	}
	for range 3 {
		if err := pushing.SendMsg(ask(1)); err != nil {
			t.Fatal(err)
		}
	}
	pushing.CloseSend()
	n := new(wrapperspb.Int64Value)
	if err := pushing.RecvMsg(n); err != nil || n.GetValue() != 3 {
		t.Errorf("the upload: %d, %v", n.GetValue(), err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestGraceIsBounded(t *testing.T) {
	r := start(t, "", func(_ *App, c *Config, _ *Service) { c.Grace = 10 * time.Millisecond })
	conn := r.dial(t)
	inFlight := make(chan error, 1)
	go func() {
		_, err := say(conn, "hang")
		inFlight <- err
	}()
	<-r.probe.entered
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	if err := <-inFlight; status.Code(err) != codes.Unavailable {
		t.Errorf("a call cut off: %v", err)
	}
}

func TestServicesCloseLastBoundFirst(t *testing.T) {
	var order []string
	closing := func(name string) Service {
		return Service{Name: name, Register: newNothing, Close: func(context.Context) error {
			order = append(order, name)
			return nil
		}}
	}
	r := start(t, "", func(a *App, _ *Config, _ *Service) {
		if a != nil {
			a.Bind(closing("survey"), closing("gateway"))
		}
	})
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"gateway", "survey"}; !slices.Equal(order, want) {
		t.Errorf("got %v", order)
	}
}

func TestHealthFollowsReady(t *testing.T) {
	var down atomic.Bool
	r := start(t, "", func(a *App, _ *Config, s *Service) {
		if a != nil {
			a.pollEvery = time.Millisecond
		}
		s.Ready = func(context.Context) error {
			if down.Load() {
				return errors.New("the database is away")
			}
			return nil
		}
	})
	for _, name := range []string{"", "probe", "rapport.test.v1.Probe"} {
		down.Store(false)
		health, err := healthpb.NewHealthClient(r.dial(t)).Watch(context.Background(), &healthpb.HealthCheckRequest{Service: name})
		if err != nil {
			t.Fatal(err)
		}
		await(t, health, healthpb.HealthCheckResponse_SERVING)
		down.Store(true)
		await(t, health, healthpb.HealthCheckResponse_NOT_SERVING)
	}
}

func await(t *testing.T, s healthpb.Health_WatchClient, want healthpb.HealthCheckResponse_ServingStatus) {
	t.Helper()
	for {
		got, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if got.GetStatus() == want {
			return
		}
	}
}

func TestRunEndsWithItsContextAndWithABrokenListener(t *testing.T) {
	r := start(t, "", nil)
	taken := r.GRPCAddr().String()
	other, err := New(Config{GRPC: taken, MaxMessage: 1 << 20, MaxStreams: 10, Deadline: time.Second, Grace: time.Second}, r.guard, r.tel)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Run(context.Background()); err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("a taken port: %v", err)
	}
	third, err := New(Config{MaxMessage: 1 << 20, MaxStreams: 10, Deadline: time.Second, Grace: time.Second}, r.guard, r.tel)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := third.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestHTTP(t *testing.T) {
	page := func(a *App, _ *Config, _ *Service) {
		if a != nil {
			a.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "page") }))
		}
	}
	open, closed := start(t, "", page), start(t, "s3cret", page)
	for _, c := range []struct {
		name   string
		on     *running
		method string
		path   string
		header [2]string
		code   int
		text   string
	}{
		{"page", open, "GET", "/", [2]string{}, 200, "page"},
		{"health", open, "GET", "/healthz", [2]string{}, 200, `{"services":{"probe":"SERVING"}}`},
		{"metrics", open, "GET", "/metrics", [2]string{}, 200, "rapport_rpc_in_flight"},
		{"a page elsewhere writes", open, "POST", "/", [2]string{"Origin", "https://evil.example"}, 403, ""},
		{"a program writes", open, "POST", "/", [2]string{}, 200, "page"},
		{"a stranger", closed, "GET", "/", [2]string{}, 401, ""},
		{"a stranger asks for health", closed, "GET", "/healthz", [2]string{}, 200, "SERVING"},
		{"a stranger asks for metrics", closed, "GET", "/metrics", [2]string{}, 401, ""},
		{"a program", closed, "GET", "/", [2]string{"Authorization", "Bearer s3cret"}, 200, "page"},
		{"a browser", closed, "GET", "/", [2]string{"Authorization", "Basic eDpzM2NyZXQ="}, 200, "page"},
		{"a wrong password", closed, "GET", "/", [2]string{"Authorization", "Basic eDp4"}, 401, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, "http://"+c.on.HTTPAddr().String()+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.header[0] != "" {
				req.Header.Set(c.header[0], c.header[1])
			}
			got, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Body.Close()
			text, _ := io.ReadAll(got.Body)
			if got.StatusCode != c.code || !strings.Contains(string(text), c.text) {
				t.Errorf("got %d %s", got.StatusCode, text)
			}
		})
	}
}

func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"": true, "127.0.0.1:80": true, "localhost:0": true, "[::1]:80": true,
		":80": false, "0.0.0.0:80": false, "10.0.0.1:80": false, "[::]:80": false, "example.com:80": false, "127.0.0.1": false,
	} {
		if got := (Config{GRPC: address}).Loopback(); got != want {
			t.Errorf("gRPC on %q: %v", address, got)
		}
		if got := (Config{HTTP: address}).Loopback(); got != want {
			t.Errorf("HTTP on %q: %v", address, got)
		}
	}
}

func TestDrainLetsPagesFinishOverTheirNeighbours(t *testing.T) {
	var conn *grpc.ClientConn
	entered, release := make(chan struct{}), make(chan struct{})
	r := start(t, "", func(a *App, _ *Config, _ *Service) {
		if a == nil {
			return
		}
		a.Handle("/slow", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(entered)
			<-release
			text, err := say(conn, "hello")
			if err != nil {
				text = err.Error()
			}
			io.WriteString(w, text)
		}))
		a.Handle("/live", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			<-a.Draining()
			io.WriteString(w, "bye")
		}))
	})
	conn = r.inside(t)
	get := func(path string) chan string {
		text := make(chan string, 1)
		go func() {
			got, err := http.Get("http://" + r.HTTPAddr().String() + path)
			if err != nil {
				text <- err.Error()
				return
			}
			defer got.Body.Close()
			all, _ := io.ReadAll(got.Body)
			text <- string(all)
		}()
		return text
	}
	live, err := http.Get("http://" + r.HTTPAddr().String() + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	slow := get("/slow")
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop() }()
	if text, _ := io.ReadAll(live.Body); string(text) != "bye" {
		t.Errorf("the live page: %q", text)
	}
	close(release)
	if text := <-slow; text != "hello" {
		t.Errorf("the slow page: %q", text)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestACallerThatLeavesEndsTheWork(t *testing.T) {
	r := start(t, "", nil)
	ctx, leave := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() { gone <- r.dial(t).Invoke(ctx, echo, wrapperspb.String("hang"), new(wrapperspb.StringValue)) }()
	<-r.probe.entered
	leave()
	<-r.probe.left
	if err := <-gone; status.Code(err) != codes.Canceled {
		t.Errorf("got %v", err)
	}
}
