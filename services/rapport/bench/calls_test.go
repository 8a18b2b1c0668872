package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// timed is the way from the gateway to the services. It measures each call: what a report
// waits for, on the machine that is as busy as the report makes it.
type timed struct {
	grpc.ClientConnInterface
	mu   sync.Mutex
	took map[string][]time.Duration
	// profiled ends the profile, which begins when calls are asked for first.
	profiled func()
}

// Invoke makes a call and keeps what it took.
func (c *timed) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	began := time.Now()
	err := c.ClientConnInterface.Invoke(ctx, method, in, out, opts...)
	took := time.Since(began)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.took == nil {
		c.took = map[string][]time.Duration{}
	}
	name := path.Base(method)
	c.took[name] = append(c.took[name], took)
	return err
}

// spent is what the calls of one method took within reports.
type spent struct {
	Calls int
	P50   time.Duration
}

// take tells of the calls since it was asked last.
func (c *timed) take() map[string]spent {
	c.mu.Lock()
	defer c.mu.Unlock()
	if path := os.Getenv("BENCH_PROFILE"); path != "" && c.profiled == nil {
		var err error
		if c.profiled, err = profile(path); err != nil {
			fmt.Fprintln(os.Stderr, "profile:", err)
		}
	}
	out := map[string]spent{}
	for name, all := range c.took {
		slices.Sort(all)
		out[name] = spent{len(all), all[len(all)/2]}
	}
	c.took = nil
	return out
}

// stop ends the profile, if there is one.
func (c *timed) stop() {
	if c.profiled != nil {
		c.profiled()
	}
}

// service tells it to who loads the process.
func (c *timed) service() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "bench.Calls", HandlerType: (*any)(nil), Metadata: "bench.proto",
		Methods: []grpc.MethodDesc{{MethodName: "Take", Handler: func(_ any, _ context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			if err := read(&emptypb.Empty{}); err != nil {
				return nil, err
			}
			text, err := json.Marshal(c.take())
			return wrapperspb.Bytes(text), err
		}}},
	}
}

// taken are the calls of a process since it was asked last.
func (p *process) taken(ctx context.Context, c *grpc.ClientConn) (map[string]spent, error) {
	text := &wrapperspb.BytesValue{}
	if err := c.Invoke(ctx, "/bench.Calls/Take", &emptypb.Empty{}, text); err != nil {
		return nil, err
	}
	out := map[string]spent{}
	return out, json.Unmarshal(text.GetValue(), &out)
}

// watched lets a scenario keep which calls each of its rounds was made of.
func watched(s *scenario) *scenario {
	s.inside = func(ctx context.Context) map[string]spent {
		out, err := s.servers[0].taken(ctx, s.conns[0])
		if err != nil {
			fmt.Fprintln(os.Stderr, "calls:", err)
		}
		return out
	}
	return s
}

// slowest is the call with the highest median.
func slowest(of map[string]spent) (name string, p50 time.Duration) {
	for n, one := range of {
		if one.P50 > p50 {
			name, p50 = n, one.P50
		}
	}
	return name, p50
}

// besides prints what calls took within the rounds of a scenario, and how its 99th
// percentile stands to the median of the slowest of them, round by round.
func besides(s *scenario) {
	var ratio []float64
	calls, p50 := map[string][]float64{}, map[string][]float64{}
	for _, r := range s.rounds {
		_, most := slowest(r.inside)
		ratio = append(ratio, micros(r.p99)/micros(most))
		for name, one := range r.inside {
			calls[name] = append(calls[name], float64(one.Calls)/float64(r.calls))
			p50[name] = append(p50[name], micros(one.P50))
		}
	}
	var names []string
	for name := range p50 {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int { return strings.Compare(x, y) })
	fmt.Printf("%s: p99 is %.2f (%s) times the slowest call's p50\n", s.name, median(ratio), spread(ratio))
	for _, name := range names {
		fmt.Printf("  %-22s %5.2f a report, p50 %.3f ms (%s µs)\n", name, median(calls[name]), median(p50[name])/1000, spread(p50[name]))
	}
}
