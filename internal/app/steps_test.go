package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

func TestWhatWentWrongInsideStaysInside(t *testing.T) {
	r := start(t, "", nil)
	ids := map[string]bool{}
	for name, conn := range map[string]*grpc.ClientConn{"tcp": r.dial(t), "memory": r.inside(t)} {
		for _, text := range []string{"panic", "secret", "nil"} {
			_, err := say(conn, text)
			s := status.Convert(err)
			if s.Code() != codes.Internal || s.Message() != "internal error" || strings.Contains(s.Proto().String(), "secret") {
				t.Errorf("%s %s: got %v", name, text, s)
			}
			for _, d := range s.Details() {
				if info, ok := d.(*errdetails.RequestInfo); ok {
					ids[info.GetRequestId()] = true
				}
			}
		}
	}
	for _, line := range r.lines(t) {
		if !ids[line["trace_id"].(string)] || line["level"] != "ERROR" || line["cause"] == "" {
			t.Errorf("the log does not tell what the caller can ask for: %v", line)
		}
	}
	if len(ids) != 6 {
		t.Errorf("%d ids", len(ids))
	}
}

func TestOneLinePerCall(t *testing.T) {
	r := start(t, "", nil)
	conn := r.dial(t)
	say(conn, "hello")
	say(conn, "refuse")
	say(conn, "panic")
	stream := open(t, conn, watch, true, false)
	stream.SendMsg(wrapperspb.String("panic"))
	stream.CloseSend()
	if err := stream.RecvMsg(new(wrapperspb.StringValue)); status.Code(err) != codes.Internal {
		t.Errorf("a stream that panics: %v", err)
	}
	health := healthpb.NewHealthClient(conn)
	if _, err := health.Check(context.Background(), &healthpb.HealthCheckRequest{}); err != nil {
		t.Error(err)
	}
	var got []string
	for _, line := range r.lines(t) {
		got = append(got, strings.TrimPrefix(line["method"].(string), "rapport.test.v1.")+" "+line["code"].(string))
	}
	want := "Probe/Echo OK, Probe/Echo NotFound, Probe/Echo Internal, Probe/Watch Internal"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s", strings.Join(got, ", "))
	}
}

func open(t *testing.T, conn *grpc.ClientConn, method string, server, client bool) grpc.ClientStream {
	t.Helper()
	s, err := conn.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: server, ClientStreams: client}, method)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReasonReachesTheClient(t *testing.T) {
	r := start(t, "", nil)
	_, err := say(r.dial(t), "refuse")
	if e := fault.From(err); e.Code != codes.NotFound || e.Reason != "SUBJECT_UNKNOWN" || e.Text != `store "17"` {
		t.Errorf("got %+v", e)
	}
}

func TestDeadlineByDefaultAndByCaller(t *testing.T) {
	r := start(t, "", nil)
	conn := r.dial(t)
	if got, err := say(conn, "deadline"); err != nil || got != "30s" {
		t.Errorf("by default: %s, %v", got, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	out := new(wrapperspb.StringValue)
	if err := conn.Invoke(ctx, echo, wrapperspb.String("deadline"), out); err != nil || out.GetValue() != "1h0m0s" {
		t.Errorf("the caller's: %s, %v", out.GetValue(), err)
	}
}

func TestDeadlineThatPassed(t *testing.T) {
	r := start(t, "", func(_ *App, c *Config, _ *Service) { c.Deadline = time.Millisecond })
	if _, err := say(r.dial(t), "expire"); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}

func TestRulesOfTheProtoFile(t *testing.T) {
	r := start(t, "", nil)
	conn := r.dial(t)
	if err := conn.Invoke(context.Background(), ruled, ask(10), ask(0)); err != nil {
		t.Error(err)
	}
	err := conn.Invoke(context.Background(), ruled, ask(11), ask(0))
	e := fault.From(err)
	if e.Code != codes.InvalidArgument || e.Reason != fault.ReasonInvalid || len(e.Fields) != 1 || e.Fields[0].Path != "score" {
		t.Errorf("got %+v", e)
	}
	s := open(t, conn, push, false, true)
	for _, score := range []int32{1, 2, 11} {
		if err := s.SendMsg(ask(score)); err != nil {
			t.Fatal(err)
		}
	}
	s.CloseSend()
	if e := fault.From(s.RecvMsg(new(wrapperspb.Int64Value))); e == nil || e.Code != codes.InvalidArgument || len(e.Fields) != 1 {
		t.Errorf("in a stream: %+v", e)
	}
}

func TestOversizeIsRefusedWhole(t *testing.T) {
	r := start(t, "", func(_ *App, c *Config, _ *Service) { c.MaxMessage = 1 << 10 })
	conn := r.dial(t)
	if _, err := say(conn, strings.Repeat("x", 2<<10)); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v", err)
	}
	if got, err := say(conn, "still here"); err != nil || got != "still here" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTokenWhereOthersReachUs(t *testing.T) {
	r := start(t, "s3cret", nil)
	conn := r.dial(t)
	if _, err := say(conn, "who"); status.Code(err) != codes.Unauthenticated {
		t.Errorf("a stranger: %v", err)
	}
	for token, code := range map[string]codes.Code{"s3cret": codes.OK, "s3cre": codes.Unauthenticated} {
		ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
		out := new(wrapperspb.StringValue)
		if err := conn.Invoke(ctx, echo, wrapperspb.String("who"), out); status.Code(err) != code || code == codes.OK && out.GetValue() != "service" {
			t.Errorf("%s: %q, %v", token, out.GetValue(), err)
		}
	}
	if got, err := say(r.inside(t), "who"); err != nil || got != "service" {
		t.Errorf("a neighbour: %q, %v", got, err)
	}
	neighbour, err := r.DialService(r.GRPCAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer neighbour.Close()
	if got, err := say(neighbour, "who"); err != nil || got != "service" {
		t.Errorf("a neighbour in another process: %q, %v", got, err)
	}
	if _, err := healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{}); err != nil {
		t.Errorf("health: %v", err)
	}
	s := open(t, conn, watch, true, false)
	s.SendMsg(wrapperspb.String("x"))
	if err := s.RecvMsg(new(wrapperspb.StringValue)); status.Code(err) != codes.Unauthenticated {
		t.Errorf("a stranger's stream: %v", err)
	}
}

func TestReflectionListsTheServices(t *testing.T) {
	r := start(t, "", nil)
	s, err := reflectpb.NewServerReflectionClient(r.dial(t)).ServerReflectionInfo(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(&reflectpb.ServerReflectionRequest{MessageRequest: &reflectpb.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Recv()
	if err != nil || !strings.Contains(got.String(), "rapport.test.v1.Probe") || !strings.Contains(got.String(), "grpc.health.v1.Health") {
		t.Errorf("got %v, %v", got, err)
	}
	s.CloseSend()
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestTraceOfTheCallerIsInTheLog(t *testing.T) {
	r := start(t, "", nil)
	id := "4bf92f3577b34da6a3ce929d0e0e4736"
	ctx := metadata.AppendToOutgoingContext(context.Background(), "traceparent", "00-"+id+"-00f067aa0ba902b7-01")
	if err := r.dial(t).Invoke(ctx, echo, wrapperspb.String("hello"), new(wrapperspb.StringValue)); err != nil {
		t.Fatal(err)
	}
	if lines := r.lines(t); len(lines) != 1 || lines[0]["trace_id"] != id {
		t.Errorf("got %v", lines)
	}
}

func TestUsualLineIsTheHandlersOwn(t *testing.T) {
	r := start(t, "", nil)
	for _, brand := range []string{"", "demo", "a-b_1", `q"uote`, "<tag>", "ключ", "new\nline"} {
		c := call{method: r.steps.methods.get(echo), start: time.Now(), brand: brand}
		c.start = c.start.Add(-1500 * time.Microsecond)
		r.tel.Lines.Flush()
		r.out.mu.Lock()
		from := r.out.text.Len()
		r.out.mu.Unlock()
		r.steps.line(context.Background(), &c, codes.OK, 1500*time.Microsecond, nil, "")
		rec := slog.NewRecord(c.start.Add(1500*time.Microsecond), slog.LevelInfo, "call", 0)
		rec.AddAttrs(c.method.attr, slog.String("code", "OK"), slog.Int64("micros", 1500))
		if brand != "" {
			rec.AddAttrs(slog.String("brand", brand))
		}
		r.steps.log.Handle(context.Background(), rec)
		r.tel.Lines.Flush()
		r.out.mu.Lock()
		ours, handlers, _ := strings.Cut(strings.TrimSuffix(r.out.text.String()[from:], "\n"), "\n")
		r.out.mu.Unlock()
		if ours != handlers {
			t.Errorf("got  %s\nwant %s", ours, handlers)
		}
	}
}

// The reasons of the floor are strings, so that it does not depend on the
// contract; they must be the contract's all the same.
func TestReasonsAreInTheContract(t *testing.T) {
	for _, reason := range []string{
		ReasonShuttingDown, fault.ReasonInvalid, config.ReasonBrandUnknown,
		access.ReasonTokenMissing, access.ReasonTokenInvalid, access.ReasonDenied,
	} {
		if _, ok := commonv1.Reason_value["REASON_"+reason]; !ok {
			t.Errorf("%s is not in reason.proto", reason)
		}
	}
}

func TestSettingsOfTheFloorBind(t *testing.T) {
	var cfg struct {
		App    Config
		Access access.Config
		Tell   telemetry.Config
	}
	set, flags := config.New([]string{"RAPPORT_MAX_MESSAGE=1MiB", "RAPPORT_LOG_LEVEL=WARN"}), pflag.NewFlagSet("serve", pflag.ContinueOnError)
	set.Bind(flags, &cfg)
	if err := set.Load(flags); err != nil {
		t.Fatal(err)
	}
	if cfg.App.MaxMessage != 1<<20 || cfg.App.Deadline != 30*time.Second || !cfg.App.Loopback() || cfg.Tell.LogLevel != slog.LevelWarn {
		t.Errorf("got %+v", cfg)
	}
}

func TestCompressedUploadIsBoundedUnpacked(t *testing.T) {
	r := start(t, "", func(_ *App, c *Config, _ *Service) { c.MaxMessage = 1 << 10 })
	conn := r.dial(t, grpc.WithDefaultCallOptions(grpc.UseCompressor("gzip")))
	if got, err := say(conn, strings.Repeat("x", 100)); err != nil || len(got) != 100 {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := say(conn, strings.Repeat("x", 2<<10)); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v", err)
	}
}
