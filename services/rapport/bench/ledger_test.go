package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// servePoints serves Loyalty as `rapport serve loyalty` does. With BENCH_PROFILE=PATH it
// leaves profiles in PATH.PID and PATH.PID.heap.
func servePoints(ctx context.Context) error {
	if path := os.Getenv("BENCH_PROFILE"); path != "" {
		stop, err := profile(fmt.Sprintf("%s.%d", path, os.Getpid()))
		if err != nil {
			return err
		}
		defer stop()
	}
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
	cfg := floor.Config{DB: os.Getenv("BENCH_DB"), Data: os.Getenv("BENCH_DATA"), FoldMemory: 256 << 20}
	app.Memory(int64(cfg.FoldMemory))
	a, err := app.New(app.Config{GRPC: os.Getenv("BENCH_LISTEN"), MaxMessage: 16 << 20, MaxStreams: 1024, Deadline: deadline, Grace: deadline}, guard, tel)
	if err != nil {
		return err
	}
	// BENCH_SWEEP, such as -1s, says how often what is due is posted by itself,
	// BENCH_TOGETHER how many entries share a transaction.
	settings := loyalty.Config{SweepEvery: duration("BENCH_SWEEP", time.Second), Together: size("BENCH_TOGETHER", 0)}
	_, service, err := loyalty.Bind(ctx, cfg, settings, brands, guard, tel, loyalty.Neighbours{})
	if err != nil {
		return err
	}
	a.Bind(service)
	return a.Run(ctx)
}

// BenchmarkLedger compares earning and spending in turn, on many accounts and on one, and
// reads of balances, with an echo (E), with the same work in a transaction per call, and
// with a plain one: entry, account and lot, neither orders nor totals nor rates, by hand.
func BenchmarkLedger(b *testing.B) {
	e := launch(b, "echo")
	members := int64(size("BENCH_MEMBERS", 100_000))
	all := []*scenario{empty(b, "E: echo, 64 callers", 64, e)}
	var pairs []pair
	for _, engine := range []string{"PostgreSQL", "SQLite"} {
		if only := os.Getenv("BENCH_ENGINE"); only != "" && only != engine {
			continue
		}
		data := b.TempDir()
		where, other, bare := "BENCH_DB=", "BENCH_DB=", "BENCH_DB=sqlite:"+data+"/bare.db"
		if engine == "PostgreSQL" {
			where, other, bare = "BENCH_DB="+sqldbtest.PostgresDurable(b), "BENCH_DB="+sqldbtest.PostgresDurable(b), "BENCH_DB="+sqldbtest.PostgresDurable(b)
		}
		suite, plain := launch(b, "points", where, "BENCH_DATA="+data), launch(b, "plainpoints", bare)
		stock(b, suite, members)
		apart, few := launch(b, "points", other, "BENCH_DATA="+b.TempDir(), "BENCH_TOGETHER=1"), min(members, 10_000)
		stock(b, apart, few)
		for _, hot := range []bool{false, true} {
			what := map[bool]string{false: fmt.Sprintf("%d accounts", members), true: "one account"}[hot]
			all = append(all,
				plainly(b, fmt.Sprintf("%s: plain, one transaction per call, %s, 64", engine, what), plain, members, hot),
				points(b, fmt.Sprintf("%s: the same, one transaction per call, %s, 64", engine, what), 64, apart, few, hot),
				points(b, fmt.Sprintf("%s: Earn and Redeem, %s, 64", engine, what), 64, suite, members, hot))
		}
		spread := points(b, fmt.Sprintf("%s: Earn and Redeem, %d accounts, 200", engine, members), 200, suite, members, false)
		hot := points(b, fmt.Sprintf("%s: Earn and Redeem, one account, 200", engine), 200, suite, members, true)
		pairs = append(pairs, pair{engine, hot, spread})
		all = append(all,
			points(b, fmt.Sprintf("%s: Earn and Redeem, %d accounts, 1", engine, members), 1, suite, members, false), spread, hot,
			balances(b, fmt.Sprintf("%s: GetBalance, %d accounts, 64", engine, members), suite, members))
	}
	for b.Loop() {
		measure(b, all)
	}
	table("points", all)
	for _, p := range pairs {
		p.report(b)
	}
}

// pair is the same work on one account and on many.
type pair struct {
	engine      string
	hot, spread *scenario
}

// report tells how fast the one account is beside the many, round by round.
func (p pair) report(b *testing.B) {
	var ratio []float64
	for i := range p.hot.rounds {
		ratio = append(ratio, p.hot.rounds[i].perSecond/p.spread.rounds[i].perSecond)
	}
	b.ReportMetric(median(ratio), p.engine+"-hot/spread")
	fmt.Printf("%s: one account is %.2f (%s) times as fast as many, 200 callers\n", p.engine, median(ratio), spread(ratio))
}

// stock makes a programme, and gives every member points to begin with.
func stock(b *testing.B, p *process, members int64) {
	b.Helper()
	c, ctx := loyaltyv1.NewLoyaltyServiceClient(p.dial(b, 1)[0]), context.Background()
	_, err := c.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{
		Brand: "demo", Programme: &loyaltyv1.Programme{Id: "club", Lifetime: &loyaltyv1.Lifetime{ExpireMonths: 12}},
	})
	if err != nil {
		b.Fatal(err)
	}
	stream, err := c.BatchPost(ctx)
	if err != nil {
		b.Fatal(err)
	}
	for from := int64(1); from <= members; from += 1000 {
		in := &loyaltyv1.BatchPostRequest{Brand: "demo"}
		for id := from; id < min(from+1000, members+1); id++ {
			in.Items = append(in.Items, &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{
				RequestId: fmt.Sprintf("stock-%d", id), ProgrammeId: "club", Customer: member(id), Points: 100_000,
			}}})
		}
		if err := stream.Send(in); err != nil {
			b.Fatal(err)
		}
		out, err := stream.Recv()
		if err != nil || out.GetResults()[0].GetReason() != "" {
			b.Fatal(out, err)
		}
	}
}

func member(id int64) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
}

// pick is whose turn the n-th call is.
func pick(n, members int64, hot bool) int64 {
	if hot {
		return 1
	}
	return 1 + int64(uint64(n/2)*0x9E3779B97F4A7C15>>20%uint64(members))
}

// points earns ten points, and spends ten of the soonest.
func points(b *testing.B, name string, callers int, p *process, members int64, hot bool) *scenario {
	return &scenario{name: name, callers: callers, servers: []*process{p}, conns: p.dial(b, min(callers, connections)),
		do: func(ctx context.Context, c *grpc.ClientConn, n int64) error {
			who, key := member(pick(n, members, hot)), fmt.Sprintf("bench-%d", n)
			origin := &loyaltyv1.Origin{OrderId: fmt.Sprintf("order-%d", n), Channel: commonv1.Channel_CHANNEL_STORE}
			var err error
			if n%2 == 0 {
				_, err = loyaltyv1.NewLoyaltyServiceClient(c).Earn(ctx, &loyaltyv1.EarnRequest{
					Brand: "demo", RequestId: key, ProgrammeId: "club", Customer: who, Points: 10, Origin: origin, Spent: 1000,
				})
			} else {
				_, err = loyaltyv1.NewLoyaltyServiceClient(c).Redeem(ctx, &loyaltyv1.RedeemRequest{
					Brand: "demo", RequestId: key, ProgrammeId: "club", Customer: who, Points: 10, Origin: origin,
				})
			}
			return err
		}}
}

// balances reads what random members have.
func balances(b *testing.B, name string, p *process, members int64) *scenario {
	return &scenario{name: name, callers: 64, servers: []*process{p}, conns: p.dial(b, connections),
		do: func(ctx context.Context, c *grpc.ClientConn, n int64) error {
			_, err := loyaltyv1.NewLoyaltyServiceClient(c).GetBalance(ctx, &loyaltyv1.GetBalanceRequest{
				Brand: "demo", ProgrammeId: "club", Customer: member(pick(2*n, members, false)),
			})
			return err
		}}
}
