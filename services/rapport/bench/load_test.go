package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc"
)

// scenario is one row of the table.
type scenario struct {
	name    string
	callers int
	servers []*process
	conns   []*grpc.ClientConn
	// do makes one call; its number is unique in the run.
	do func(ctx context.Context, c *grpc.ClientConn, n int64) error

	// inside tells of the calls that the server made since it was asked last; nil: none
	// are measured.
	inside func(ctx context.Context) map[string]spent

	// meanwhile goes on beside the calls until ctx ends; nil: nothing does.
	meanwhile func(ctx context.Context) error

	rounds []round
}

// round is what one round of a scenario came to.
type round struct {
	perSecond float64
	cpu       usage // per call
	p50, p99  time.Duration
	failed    int64
	calls     int
	// inside are the calls that the server made meanwhile.
	inside map[string]spent
}

var calls sequence

// run loads the scenario for a while: every caller waits for its answer before
// it asks again, so latencies are those of a closed loop.
func (s *scenario) run(length time.Duration) round {
	ctx, stop := context.WithTimeout(context.Background(), length+deadline)
	defer stop()
	defer s.begin(ctx)()
	var wg sync.WaitGroup
	var failed atomic.Int64
	took := make([][]time.Duration, s.callers)
	if s.inside != nil {
		s.inside(ctx)
	}
	before, start := cpu(s.servers...), time.Now()
	end := start.Add(length)
	for i := range s.callers {
		c := s.conns[i%len(s.conns)]
		wg.Go(func() {
			for at := time.Now(); at.Before(end); {
				if err := s.do(ctx, c, calls.next()); err != nil {
					if failed.Add(1) == 1 {
						fmt.Fprintf(os.Stderr, "%s: first failure: %v\n", s.name, err)
					}
				}
				now := time.Now()
				took[i] = append(took[i], now.Sub(at))
				at = now
			}
		})
	}
	wg.Wait()
	elapsed, after := time.Since(start), cpu(s.servers...)
	var inside map[string]spent
	if s.inside != nil {
		inside = s.inside(ctx)
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	n := len(all)
	return round{
		perSecond: float64(n) / elapsed.Seconds(), cpu: after.since(before, n),
		p50: all[n/2], p99: all[n*99/100], failed: failed.Load(), calls: n, inside: inside,
	}
}

// begin lets happen what goes on meanwhile; the function it returns ends that.
func (s *scenario) begin(ctx context.Context) (end func()) {
	if s.meanwhile == nil {
		return func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.meanwhile(ctx) }()
	return func() {
		stop()
		if err := <-done; err != nil {
			fmt.Fprintf(os.Stderr, "%s, meanwhile: %v\n", s.name, err)
		}
	}
}

// measure runs all scenarios in turn, five rounds after one to warm up, so that
// a busy moment of the machine falls on all of them alike.
func measure(b *testing.B, scenarios []*scenario) {
	b.Helper()
	length := duration("BENCH_ROUND", 2*time.Second)
	for _, s := range scenarios {
		s.run(length / 2)
	}
	for range 5 {
		for _, s := range scenarios {
			s.rounds = append(s.rounds, s.run(length))
		}
	}
}

func duration(env string, usual time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv(env)); err == nil {
		return d
	}
	return usual
}

// table prints medians and, behind them, the least and most of the rounds, each
// beside the first scenario, round by round.
func table(title string, scenarios []*scenario) {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 2, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\tcalls/s\t× E\tspread\tCPU µs\tclient/server/db\t× E\tspread\tp50\tp99\tfailed\n", title)
	base := scenarios[0]
	for _, s := range scenarios {
		var rate, ratio, cost, costs, p50, p99 []float64
		var client, server, database []float64
		var failed int64
		for i, r := range s.rounds {
			e := base.rounds[i]
			rate, cost = append(rate, r.perSecond), append(cost, micros(r.cpu.total()))
			ratio, costs = append(ratio, r.perSecond/e.perSecond), append(costs, micros(r.cpu.total())/micros(e.cpu.total()))
			p50, p99 = append(p50, micros(r.p50)), append(p99, micros(r.p99))
			client, server = append(client, micros(r.cpu.client)), append(server, micros(r.cpu.server))
			database = append(database, micros(r.cpu.database))
			failed += r.failed
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%s\t%.0f\t%.0f/%.0f/%.0f\t%.2f\t%s\t%.2f ms\t%.2f ms\t%d\n", s.name, median(rate), median(ratio), spread(ratio),
			median(cost), median(client), median(server), median(database), median(costs), spread(costs), median(p50)/1000, median(p99)/1000, failed)
	}
	_ = w.Flush()
	fmt.Println(out.String())
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func spread(v []float64) string {
	return fmt.Sprintf("%.2f–%.2f", slices.Min(v), slices.Max(v))
}
