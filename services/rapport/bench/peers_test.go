// Package bench measures the suite beside its peers in one run: an empty gRPC
// echo, the same behind the suite's steps, and bare statements behind an echo.
// It has benchmarks only: `make bench`.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/survey"
)

// roleEnv makes this binary one of the servers instead of the benchmark, so that
// client and server never share a process.
const roleEnv = "BENCH_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := roles[role](ctx); err != nil {
		fmt.Fprintln(os.Stderr, role+":", err)
		os.Exit(1)
	}
}

var roles = map[string]func(context.Context) error{
	"echo":  func(ctx context.Context) error { return servePeer(ctx, func(context.Context) error { return nil }) },
	"bare":  serveBare,
	"suite": serveSuite,
	// Segmentation and Journey.
	"customers": serveCustomers,
	// These and Survey.
	"people": servePeople,
	// Loyalty, and the same work without it.
	"points":      servePoints,
	"plainpoints": servePlainPoints,
	// All services and the gateway.
	"all": serveAll,
}

// echo is the empty call: nothing in, nothing out.
func echo(do func(context.Context) error) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "bench.Echo", HandlerType: (*any)(nil), Metadata: "bench.proto",
		Methods: []grpc.MethodDesc{{MethodName: "Call", Handler: func(_ any, ctx context.Context, dec func(any) error, step grpc.UnaryServerInterceptor) (any, error) {
			in := &wrapperspb.StringValue{}
			if err := dec(in); err != nil {
				return nil, err
			}
			ctx = context.WithValue(ctx, askedKey{}, in.GetValue())
			call := func(ctx context.Context, _ any) (any, error) { return &emptypb.Empty{}, do(ctx) }
			if step == nil {
				return call(ctx, in)
			}
			return step(ctx, in, &grpc.UnaryServerInfo{FullMethod: "/bench.Echo/Call"}, call)
		}}},
	}
}

// servePeer serves the echo on a plain gRPC server.
func servePeer(ctx context.Context, do func(context.Context) error) error {
	s := grpc.NewServer()
	s.RegisterService(echo(do), nil)
	l, err := net.Listen("tcp", os.Getenv("BENCH_LISTEN"))
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, s.Stop)
	return s.Serve(l)
}

// serveBare writes one row of a response's size in a transaction of its own per
// call, as a service without group commit would.
func serveBare(ctx context.Context) error {
	db, err := sqldb.Open(ctx, os.Getenv("BENCH_DB"))
	if err != nil {
		return err
	}
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS bare (brand TEXT NOT NULL, seq BIGINT NOT NULL, key BYTEA NOT NULL UNIQUE, body BYTEA NOT NULL, PRIMARY KEY (brand, seq))")
		return err
	})
	if err != nil {
		return err
	}
	body := make([]byte, 200)
	var seq sequence
	return errors.Join(servePeer(ctx, func(ctx context.Context) error {
		n := seq.next()
		return db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO bare (brand, seq, key, body) VALUES ($1, $2, $3, $4)", "demo", n, fmt.Appendf(nil, "%016d", n), body)
			return err
		})
	}), db.Close())
}

// serveSuite serves Survey as `rapport serve survey` does, and the echo behind
// the same steps.
func serveSuite(ctx context.Context) error {
	brands, err := config.LoadBrands("")
	if err != nil {
		return err
	}
	guard, err := access.New(access.Config{}, brands, true)
	if err != nil {
		return err
	}
	tel, err := telemetry.New(ctx, telemetry.Config{}, "rapport", "bench", io.Discard)
	if err != nil {
		return err
	}
	tel.Install()
	cfg := floor.Config{DB: os.Getenv("BENCH_DB"), Data: os.Getenv("BENCH_DATA"), Redis: os.Getenv("BENCH_REDIS"),
		FoldMemory: 1 << 30, NoNear: os.Getenv("BENCH_NO_NEAR") != "", NoResults: os.Getenv("BENCH_NO_RESULTS") != "", NoSlabs: os.Getenv("BENCH_NO_SLABS") != ""}
	app.Memory(int64(cfg.FoldMemory))
	a, err := app.New(app.Config{GRPC: os.Getenv("BENCH_LISTEN"), MaxMessage: 16 << 20, MaxStreams: 1024, Deadline: deadline, Grace: deadline}, guard, tel)
	if err != nil {
		return err
	}
	_, service, err := survey.Bind(ctx, cfg, brands, guard, tel, survey.Neighbours{})
	if err != nil {
		return err
	}
	a.Bind(service, app.Service{Name: "echo", Register: func(r grpc.ServiceRegistrar) {
		r.RegisterService(echo(func(context.Context) error { return nil }), nil)
	}})
	return a.Run(ctx)
}
