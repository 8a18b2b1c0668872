package app

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// BenchmarkCall compares an empty call through the steps with the same call to a
// bare server, 64 callers on 4 connections. Look at cpu-ns/op: client and server
// share the process, and time depends on what else the machine does.
func BenchmarkCall(b *testing.B) {
	p := newProbe()
	bare := grpc.NewServer()
	p.register(bare)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go bare.Serve(l)
	defer bare.Stop()
	r := start(b, "", nil)
	r.out.discard.Store(true)
	for range 3 { // side by side, as the machine is never quiet
		b.Run("bare", func(b *testing.B) { drive(b, l.Addr().String()) })
		b.Run("steps", func(b *testing.B) { drive(b, r.GRPCAddr().String()) })
		b.Run("memory", func(b *testing.B) { driveOver(b, r.inside) })
	}
}

func drive(b *testing.B, address string) {
	driveOver(b, func(b testing.TB) *grpc.ClientConn {
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		return conn
	})
}

func driveOver(b *testing.B, dial func(testing.TB) *grpc.ClientConn) {
	const callers, connections = 64, 4
	conns := make([]*grpc.ClientConn, connections)
	for i := range conns {
		conns[i] = dial(b)
		if _, err := say(conns[i], "warm"); err != nil {
			b.Fatal(err)
		}
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	before := cpu()
	for i := range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := say(conns[i%connections], "x"); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSteps is the steps alone, without transport.
func BenchmarkSteps(b *testing.B) {
	r := start(b, "", nil)
	r.out.discard.Store(true)
	d := &door{steps: r.steps, outside: true}
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs(":authority", "x", "content-type", "application/grpc", "user-agent", "grpc-go"))
	in := wrapperspb.String("x")
	info := &grpc.UnaryServerInfo{FullMethod: echo}
	handle := func(context.Context, any) (any, error) { return in, nil }
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.unary(ctx, in, info, handle); err != nil {
			b.Fatal(err)
		}
	}
}
