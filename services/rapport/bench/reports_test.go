package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/gateway"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/loyalty"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// serveAll serves every service and the gateway in one process, as `rapport serve`
// does. With BENCH_PROFILE=PATH it leaves profiles in PATH and PATH.heap, of what is done
// from the first report on.
func serveAll(ctx context.Context) (err error) {
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
	kept := floor.Config{Data: os.Getenv("BENCH_DATA"), FoldMemory: 1 << 30}
	app.Memory(int64(kept.FoldMemory))
	cfg := app.Config{GRPC: os.Getenv("BENCH_LISTEN"), MaxMessage: 16 << 20, MaxStreams: 1024, Deadline: time.Hour, Grace: deadline}
	a, err := app.New(cfg, guard, tel)
	if err != nil {
		return err
	}
	inside, err := a.Dial()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inside.Close()) }()
	way := &timed{ClientConnInterface: inside}
	defer func() { way.stop() }()
	all, err := bindAll(ctx, kept, inside, brands, guard, tel)
	if err != nil {
		return err
	}
	a.Bind(append(all, app.Service{Name: "bench", Register: func(r grpc.ServiceRegistrar) {
		r.RegisterService(echo(func(context.Context) error { return nil }), nil)
		r.RegisterService(way.service(), nil)
	}})...)
	if err := gateway.Bind(ctx, a, cfg, kept, gateway.Settings{}, clients(way), brands, guard, tel); err != nil {
		return err
	}
	return a.Run(ctx)
}

func clients(way grpc.ClientConnInterface) gateway.Services {
	return gateway.Services{
		Survey: surveyv1.NewSurveyServiceClient(way), Segmentation: segmentationv1.NewSegmentationServiceClient(way),
		Journey: journeyv1.NewJourneyServiceClient(way), Loyalty: loyaltyv1.NewLoyaltyServiceClient(way),
	}
}

// bindAll opens the four services, each a neighbour of the others.
func bindAll(ctx context.Context, kept floor.Config, inside grpc.ClientConnInterface, brands *config.Brands, guard *access.Guard, tel *telemetry.Telemetry) ([]app.Service, error) {
	near := clients(inside)
	_, people, err := segmentation.Bind(ctx, kept, segmentation.Config{}, brands, guard, tel, segmentation.Neighbours{Survey: near.Survey, Journey: near.Journey, Loyalty: near.Loyalty})
	if err != nil {
		return nil, err
	}
	_, events, err := journey.Bind(ctx, kept, journey.Config{LakeMemory: 256 << 20}, brands, guard, tel, journey.Neighbours{Segmentation: near.Segmentation, Survey: near.Survey})
	if err != nil {
		return nil, err
	}
	_, answers, err := survey.Bind(ctx, kept, brands, guard, tel, survey.Neighbours{Segmentation: near.Segmentation, Journey: near.Journey})
	if err != nil {
		return nil, err
	}
	_, points, err := loyalty.Bind(ctx, kept, loyalty.Config{SweepEvery: time.Second}, brands, guard, tel, loyalty.Neighbours{Segmentation: near.Segmentation, Journey: near.Journey})
	return []app.Service{people, events, answers, points}, err
}

// BenchmarkReport asks for the omnichannel report of a brand of 1,000 stores and eight
// channels over 30 days, beside an echo and the calls that it is made of: alone, and as
// they are within the report.
func BenchmarkReport(b *testing.B) {
	// The one who asks shares the machine: its collector would be measured too.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	p := launch(b, "all", "BENCH_DATA="+b.TempDir())
	chain(b, p)
	answers := size("BENCH_REPORT_ANSWERS", 1_000_000)
	rate, most := fill(b, p, answers)
	fmt.Printf("responses imported at %.0f/s, at most %d MiB resident\n", rate, most)
	h := history{events: size("BENCH_REPORT_EVENTS", 200_000), identities: true}
	fmt.Printf("events imported at %.0f/s\n", h.fill(b, p).perSecond)
	bonus(b, p, size("BENCH_REPORT_MEMBERS", 20_000))
	sealed(b, p)
	fmt.Printf("all that follows from them is known after %v\n", settle(p))
	first(b, p)
	all := append([]*scenario{empty(b, "E: echo, 64 callers", 64, p)}, alone(b, p)...)
	var reports []*scenario
	for _, callers := range []int{1, 64} {
		reports = append(reports, watched(reading(b, fmt.Sprintf("GetOmnichannelReport, %d callers", callers), callers, p, reported(nil))),
			watched(reading(b, fmt.Sprintf("the same but for retention, %d callers", callers), callers, p, reported([]string{"scores", "responses", "orders", "contacts"}))))
	}
	reports = append(reports, watched(reading(b, "GetOmnichannelReport, other days each time, 1 caller", 1, p, reportedAnew(answers/perDay))))
	live := watched(reading(b, "GetOmnichannelReport while 1,000 answers a second come, 1 caller", 1, p, reported(nil)))
	live.meanwhile = answering(b, p)
	reports = append(reports, live)
	all = append(all, reports...)
	for b.Loop() {
		measure(b, all)
	}
	table("report of 30 days, 1,000 stores", all)
	for _, s := range reports {
		besides(s)
	}
	fmt.Printf("%d MiB resident\n", p.resident())
}

// answering sends answers of the last day, so that every report has other numbers than the
// one before: nobody looks at the same ones twice in a millisecond.
func answering(b *testing.B, p *process) func(context.Context) error {
	b.Helper()
	c := surveyv1.NewSurveyServiceClient(p.dial(b, 1)[0])
	return func(ctx context.Context) error {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
			n := calls.next()
			// What was begun ends, so that nothing of it is measured later.
			if _, err := c.SubmitResponse(context.WithoutCancel(ctx), &surveyv1.SubmitResponseRequest{
				Brand: "demo", RequestId: fmt.Sprintf("live-%d", n), Response: answer(n, lastDay.Add(time.Duration(n%int64(6*time.Hour/time.Second))*time.Second)),
			}); err != nil {
				return err
			}
		}
	}
}

// alone are calls that a report is made of, asked by themselves.
func alone(b *testing.B, p *process) []*scenario {
	b.Helper()
	days := month().GetDates()
	byChannel := journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL
	split := []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL}}
	return []*scenario{
		reading(b, "GetMetric by channel", 1, p, func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
			out, err := surveyv1.NewSurveyServiceClient(c).GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: "demo", Metric: "csi.visit", Window: month(), GroupBy: split})
			if n := len(out.GetSeries()); err == nil && n != 8 {
				return 0, fmt.Errorf("%d channels", n)
			}
			return out.GetTotal().GetN(), err
		}),
		reading(b, "GetSuccessIndex by channel", 1, p, func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
			out, err := journeyv1.NewJourneyServiceClient(c).GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: "demo", Window: ofEvents(days), GroupBy: byChannel})
			return out.GetTotal().GetOrders(), err
		}),
		reading(b, "GetContactRate by channel", 1, p, func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
			out, err := journeyv1.NewJourneyServiceClient(c).GetContactRate(ctx, &journeyv1.GetContactRateRequest{Brand: "demo", Window: ofEvents(days), GroupBy: byChannel})
			return out.GetTotal().GetReceipts(), err
		}),
		reading(b, "GetRedemptionRate by channel", 1, p, func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
			out, err := loyaltyv1.NewLoyaltyServiceClient(c).GetRedemptionRate(ctx, &loyaltyv1.GetRedemptionRateRequest{
				Brand: "demo", Split: loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL, Scope: &loyaltyv1.RateScope{ProgrammeId: "club", Dates: days}})
			return out.GetTotal().GetSpent(), err
		}),
		reading(b, "GetSegmentValue", 1, p, func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
			out, err := segmentationv1.NewSegmentationServiceClient(c).GetSegmentValue(ctx, &segmentationv1.GetSegmentValueRequest{Brand: "demo", Dates: days})
			return out.GetTotal().GetActive(), err
		}),
	}
}

// first asks for a report until it is whole, and for one of all days that reports are
// asked of: what was imported is folded by who asks first, and a report is not waited for
// longer than ten seconds.
func first(b *testing.B, p *process) {
	b.Helper()
	c := p.dial(b, 1)[0]
	for _, of := range []*surveyv1.Window{month(), stretch(lastDay.AddDate(0, 0, 1), lastEnds+longest)} {
		began := time.Now()
		for try := 1; ; try++ {
			_, err := report(context.Background(), c, of, nil)
			if err == nil {
				fmt.Printf("the first report of %v that was whole came after %v, asked for %d times\n", of.GetDates(), time.Since(began).Round(time.Millisecond), try)
				break
			}
			if time.Since(began) > 10*time.Minute {
				b.Fatal(err)
			}
		}
	}
}

// sealed does at once what the background would begin with while reports are measured: a
// year of events that came all at once goes into files.
func sealed(b *testing.B, p *process) {
	b.Helper()
	_, err := journeyv1.NewJourneyServiceClient(p.dial(b, 1)[0]).SealLake(context.Background(), &journeyv1.SealLakeRequest{Brand: "demo", Compact: true})
	if err != nil {
		b.Fatal(err)
	}
}

// bonus gives customers points all through the last year, of which they spend some, in
// all channels.
func bonus(b *testing.B, p *process, members int) {
	b.Helper()
	stock(b, p, 0)
	stream, err := loyaltyv1.NewLoyaltyServiceClient(p.dial(b, 1)[0]).BatchPost(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for from := 0; from < members; from += 500 {
		in := &loyaltyv1.BatchPostRequest{Brand: "demo"}
		for i := from; i < min(from+500, members); i++ {
			at := timestamppb.New(lastDay.AddDate(0, 0, -i%400))
			who, origin := member(int64(i)+1), &loyaltyv1.Origin{OrderId: fmt.Sprint("o", i), Channel: commonv1.Channel(1 + i%8)}
			in.Items = append(in.Items, &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{
				RequestId: fmt.Sprintf("earn-%d", i), ProgrammeId: "club", Customer: who, Points: 100, Origin: origin, OccurredAt: at, ExpiresAt: timestamppb.New(time.Now().AddDate(1, 0, 0)),
			}}}, &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Redeem{Redeem: &loyaltyv1.RedeemRequest{
				RequestId: fmt.Sprintf("redeem-%d", i), ProgrammeId: "club", Customer: who, Points: int64(1 + i%20), Origin: origin, OccurredAt: at,
			}}})
		}
		if err := stream.Send(in); err != nil {
			b.Fatal(err)
		}
		out, err := stream.Recv()
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range out.GetResults() {
			if r.GetReason() != "" {
				b.Fatal(r)
			}
		}
	}
}

func ofEvents(days *commonv1.DateRange) *journeyv1.Window {
	return &journeyv1.Window{Window: &journeyv1.Window_Dates{Dates: days}}
}

// reading repeats a call that must count something.
func reading(tb testing.TB, name string, callers int, p *process, ask func(context.Context, *grpc.ClientConn) (int64, error)) *scenario {
	return &scenario{name: name, callers: callers, servers: []*process{p}, conns: p.dial(tb, min(callers, connections)),
		do: func(ctx context.Context, c *grpc.ClientConn, _ int64) error {
			n, err := ask(ctx, c)
			if err == nil && n == 0 {
				return errors.New("nothing is counted")
			}
			return err
		}}
}

// lastEnds are the days that reports of other days each time end in, if that many have
// answers, and longest is the longest stretch that they are of.
const lastEnds, longest = 300, 45

// reportedAnew asks for the report of other days each time, 15 to 45 that end in the last
// three hundred, so that no service has the answer from before: there are 9,300 such
// stretches.
func reportedAnew(days int) func(context.Context, *grpc.ClientConn) (int64, error) {
	var asked atomic.Int64
	return func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
		n := int(asked.Add(1))
		end := lastDay.AddDate(0, 0, 1-n*7%max(1, min(lastEnds, days-longest)))
		return report(ctx, c, stretch(end, longest-n%31), nil)
	}
}

// stretch are so many days that end when a day begins.
func stretch(end time.Time, days int) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{
		Start: end.AddDate(0, 0, -days).Format(time.DateOnly), End: end.Format(time.DateOnly),
	}}}
}

// reported asks for a report, of which every section there is must be answered.
func reported(sections []string) func(context.Context, *grpc.ClientConn) (int64, error) {
	return func(ctx context.Context, c *grpc.ClientConn) (int64, error) { return report(ctx, c, month(), sections) }
}

func report(ctx context.Context, c *grpc.ClientConn, of *surveyv1.Window, sections []string) (int64, error) {
	out, err := reportv1.NewReportServiceClient(c).GetOmnichannelReport(ctx, &reportv1.GetOmnichannelReportRequest{Brand: "demo", Window: of, Sections: sections})
	for _, s := range out.GetSections() {
		if s.GetStatus() != reportv1.Section_STATUS_OK {
			return 0, fmt.Errorf("section %v", s)
		}
	}
	if n := len(out.GetChannels()); err == nil && n != 8 {
		return 0, fmt.Errorf("%d channels", n)
	}
	return out.GetTotal().GetResponses(), err
}
