package bench

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// BenchmarkExpiry compares how long Redeem takes while BENCH_LOTS lots (1,000,000) are
// posted as expired with how long it takes while nothing is. Lots that are past their
// expiry and not posted lie there in both.
func BenchmarkExpiry(b *testing.B) {
	members, lots := int64(size("BENCH_MEMBERS", 100_000)), int64(size("BENCH_LOTS", 1_000_000))
	for _, engine := range []string{"PostgreSQL", "SQLite"} {
		if only := os.Getenv("BENCH_ENGINE"); only != "" && only != engine {
			continue
		}
		b.Run(engine, func(b *testing.B) { expiring(b, engine, members, lots) })
	}
}

// expiring measures one engine.
func expiring(b *testing.B, engine string, members, lots int64) {
	data, where := b.TempDir(), "BENCH_DB="
	if engine == "PostgreSQL" {
		where = "BENCH_DB=" + sqldbtest.PostgresDurable(b)
	}
	p := launch(b, "points", where, "BENCH_DATA="+data, "BENCH_SWEEP=-1s")
	stock(b, p, members)
	expired(b, p, members, lots)
	idle, busy := redeems(b, engine+": Redeem, nothing is posted", p, members), redeems(b, engine+": Redeem, lots are posted", p, members)
	for b.Loop() {
		length := duration("BENCH_ROUND", 2*time.Second)
		idle.run(length)
		for range 5 {
			idle.rounds = append(idle.rounds, idle.run(length))
		}
		done := sweeping(b, p)
		for range 5 {
			busy.rounds = append(busy.rounds, busy.run(length))
		}
		n, took, all := done()
		fmt.Printf("%s: %d of %d lots posted in %s, %.0f a second, all while serving: %t\n", engine, n, lots, took.Round(time.Millisecond),
			float64(n)/took.Seconds(), !all)
	}
	table("expiry", []*scenario{idle, busy})
	var ratio []float64
	for i := range busy.rounds {
		ratio = append(ratio, micros(busy.rounds[i].p99)/micros(idle.rounds[i].p99))
	}
	b.ReportMetric(median(ratio), "p99-busy/idle")
	fmt.Printf("%s: p99 of Redeem is %.2f (%s) times that of idle\n", engine, median(ratio), spread(ratio))
}

// expired gives members lots that expired before they came.
func expired(b *testing.B, p *process, members, lots int64) {
	b.Helper()
	stream, err := loyaltyv1.NewLoyaltyServiceClient(p.dial(b, 1)[0]).BatchPost(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	past := time.Now().Add(-24 * time.Hour)
	for from := int64(0); from < lots; from += 1000 {
		in := &loyaltyv1.BatchPostRequest{Brand: "demo"}
		for n := from; n < min(from+1000, lots); n++ {
			in.Items = append(in.Items, &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{
				RequestId: fmt.Sprintf("gone-%d", n), ProgrammeId: "club", Customer: member(1 + n%members), Points: 10,
				OccurredAt: timestamppb.New(past), ExpiresAt: timestamppb.New(past.Add(time.Duration(n%3600) * time.Second)),
			}}})
		}
		if err := stream.Send(in); err != nil {
			b.Fatal(err)
		}
		if out, err := stream.Recv(); err != nil || out.GetResults()[0].GetReason() != "" {
			b.Fatal(out, err)
		}
	}
}

// redeems spends one point of random members.
func redeems(b *testing.B, name string, p *process, members int64) *scenario {
	return &scenario{name: name, callers: 64, servers: []*process{p}, conns: p.dial(b, connections),
		do: func(ctx context.Context, c *grpc.ClientConn, n int64) error {
			_, err := loyaltyv1.NewLoyaltyServiceClient(c).Redeem(ctx, &loyaltyv1.RedeemRequest{
				Brand: "demo", RequestId: fmt.Sprintf("spend-%d", n), ProgrammeId: "club", Customer: member(pick(2*n, members, false)), Points: 1,
			})
			return err
		}}
}

// sweeping posts what is due in the pieces in which the service does so by itself, until the
// function returned is called: that tells how many lots it were, for how long, and whether
// all were done before.
func sweeping(b *testing.B, p *process) func() (int64, time.Duration, bool) {
	ctx, stop := context.WithCancel(context.Background())
	c := loyaltyv1.NewLoyaltyServiceClient(p.dial(b, 1)[0])
	var lots int64
	var took time.Duration
	all := false
	var wg sync.WaitGroup
	wg.Go(func() {
		begin := time.Now()
		for ctx.Err() == nil && !all {
			out, err := c.Expire(ctx, &loyaltyv1.ExpireRequest{Brand: "demo", Limit: 200})
			if err != nil {
				if ctx.Err() == nil {
					b.Error(err)
				}
				break
			}
			lots, all = lots+out.GetLots(), !out.GetMore()
		}
		took = time.Since(begin)
	})
	return func() (int64, time.Duration, bool) {
		stop()
		wg.Wait()
		return lots, took, all
	}
}
