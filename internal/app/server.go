package app

import (
	"context"
	"math"
	"net"
	"runtime"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // uploads may come compressed; the bound is on what they unpack to
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// serverOptions are the same for the network and for the process itself, but for TLS.
func serverOptions(cfg Config, d *door) []grpc.ServerOption {
	line := insecure.NewCredentials()
	if secret := cfg.TLS.server(true); secret != nil && d.outside {
		line = credentials.NewTLS(secret)
	}
	return []grpc.ServerOption{
		grpc.Creds(line),
		grpc.UnaryInterceptor(d.unary),
		grpc.StreamInterceptor(d.stream),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(int(cfg.MaxMessage)),
		grpc.MaxConcurrentStreams(uint32(cfg.MaxStreams)),
		grpc.ConnectionTimeout(20 * time.Second),
		// A client may look for a dead connection every ten seconds, even when it
		// waits on a quiet Watch; we look every thirty.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 20 * time.Second}),
		// A tenth of the CPU of a small call each: goroutines that stay, with a stack
		// already grown, and windows that need no measuring of the line. The windows
		// also bound what an upload holds in memory before it is read.
		grpc.NumStreamWorkers(uint32(32 * runtime.GOMAXPROCS(0))),
		grpc.StaticStreamWindowSize(1 << 20),
		grpc.StaticConnWindowSize(4 << 20),
		// Stop returns once handlers have, so that no store is closed under one.
		grpc.WaitForHandlers(true),
	}
}

// Dial connects to the services of this process through the same steps as from
// outside, with the service token if there is one. Calls wait until Start.
func (a *App) Dial() (*grpc.ClientConn, error) {
	options := []grpc.DialOption{
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return a.memory.DialContext(ctx) }),
	}
	return grpc.NewClient("passthrough:///in-memory", append(options, a.clientOptions(nil)...)...)
}

// DialService connects to a service of another process, which lies on a private
// network. Calls are spread over all addresses that the target's name has.
func (a *App) DialService(target string) (*grpc.ClientConn, error) {
	return grpc.NewClient(target, append(a.clientOptions(a.cfg.TLS.Client()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))...)
}

func (a *App) clientOptions(secret credentials.TransportCredentials) []grpc.DialOption {
	line := insecure.NewCredentials()
	if secret != nil {
		line = secret
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(line),
		// The bound is the server's on requests; an answer may be a large bitmap.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 20 * time.Second}),
		// A neighbour that comes back is found within seconds, not after the two minutes
		// that strangers on the internet are given.
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: 5 * time.Second, Backoff: backoff.Config{
			BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second,
		}}),
		grpc.WithUnaryInterceptor(a.sendTraceUnary),
		grpc.WithStreamInterceptor(a.sendTraceStream),
	}
	if c := a.guard.Credential(secret != nil); c != nil {
		options = append(options, grpc.WithPerRPCCredentials(c))
	}
	return options
}

func (a *App) sendTraceUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoke(a.sendTrace(ctx), method, req, reply, cc, opts...)
}

func (a *App) sendTraceStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return open(a.sendTrace(ctx), desc, cc, method, opts...)
}

// sendTrace lets the neighbour's part of a call belong to the same trace.
func (a *App) sendTrace(ctx context.Context) context.Context {
	if !traced(ctx) {
		return ctx
	}
	var c sending
	a.tel.Propagator.Inject(ctx, &c)
	return metadata.AppendToOutgoingContext(ctx, c.pairs...)
}

// sending collects headers for an outgoing call.
type sending struct{ pairs []string }

func (s *sending) Get(string) string     { return "" }
func (s *sending) Set(key, value string) { s.pairs = append(s.pairs, key, value) }
func (s *sending) Keys() []string        { return nil }
