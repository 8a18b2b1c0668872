package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
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
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// serveAll serves every service and the gateway in one process, as `rapport serve`
// does.
func serveAll(ctx context.Context) (err error) {
	if path := os.Getenv("BENCH_PROFILE"); path != "" {
		stop, err := profile(path)
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
	from := gateway.Services{Survey: surveyv1.NewSurveyServiceClient(inside), Segmentation: segmentationv1.NewSegmentationServiceClient(inside), Journey: journeyv1.NewJourneyServiceClient(inside)}
	_, people, err := segmentation.Bind(ctx, kept, segmentation.Config{}, brands, guard, tel, segmentation.Neighbours{Survey: from.Survey, Journey: from.Journey})
	if err != nil {
		return err
	}
	_, events, err := journey.Bind(ctx, kept, journey.Config{LakeMemory: 256 << 20}, brands, guard, tel, journey.Neighbours{Segmentation: from.Segmentation, Survey: from.Survey})
	if err != nil {
		return err
	}
	_, answers, err := survey.Bind(ctx, kept, brands, guard, tel, survey.Neighbours{Segmentation: from.Segmentation, Journey: from.Journey})
	if err != nil {
		return err
	}
	a.Bind(people, events, answers, app.Service{Name: "echo", Register: func(r grpc.ServiceRegistrar) {
		r.RegisterService(echo(func(context.Context) error { return nil }), nil)
	}})
	if err := gateway.Bind(ctx, a, cfg, kept, gateway.Settings{}, from, brands, guard, tel); err != nil {
		return err
	}
	return a.Run(ctx)
}

// BenchmarkReport asks for the omnichannel report of a brand of 1,000 stores over 30
// days, beside the calls that it is made of and an echo.
func BenchmarkReport(b *testing.B) {
	p := launch(b, "all", "BENCH_DATA="+b.TempDir())
	chain(b, p)
	rate, most := fill(b, p, size("BENCH_REPORT_ANSWERS", 1_000_000))
	fmt.Printf("responses imported at %.0f/s, at most %d MiB resident\n", rate, most)
	h := history{events: size("BENCH_REPORT_EVENTS", 200_000), identities: true}
	fmt.Printf("events imported at %.0f/s\n", h.fill(b, p).perSecond)
	fmt.Printf("all that follows from them is known after %v\n", settle(p))
	days := month().GetDates()
	split := []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL}}
	all := []*scenario{
		empty(b, "E: echo, 64 callers", 64, p),
		reading(b, "GetMetric by channel", 1, p, func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
			out, err := surveyv1.NewSurveyServiceClient(c).GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: "demo", Metric: "csi.visit", Window: month(), GroupBy: split})
			return out.GetTotal().GetN(), err
		}),
		reading(b, "GetSuccessIndex by channel", 1, p, func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
			out, err := journeyv1.NewJourneyServiceClient(c).GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: "demo", Window: ofEvents(days), GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL})
			return out.GetTotal().GetOrders(), err
		}),
		reading(b, "GetContactRate by channel", 1, p, func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
			out, err := journeyv1.NewJourneyServiceClient(c).GetContactRate(ctx, &journeyv1.GetContactRateRequest{Brand: "demo", Window: ofEvents(days), GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL})
			return out.GetTotal().GetReceipts(), err
		}),
		reading(b, "GetSegmentValue", 1, p, func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
			out, err := segmentationv1.NewSegmentationServiceClient(c).GetSegmentValue(ctx, &segmentationv1.GetSegmentValueRequest{Brand: "demo", Dates: days})
			return out.GetTotal().GetActive(), err
		}),
	}
	for _, callers := range []int{1, 64} {
		all = append(all, reading(b, fmt.Sprintf("GetOmnichannelReport, %d callers", callers), callers, p, reported(nil)),
			reading(b, fmt.Sprintf("the same but for retention, %d callers", callers), callers, p, reported([]string{"scores", "responses", "orders", "contacts"})))
	}
	for b.Loop() {
		measure(b, all)
	}
	table("report of 30 days, 1,000 stores", all)
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

// reported asks for a report, of which every section there is must be answered.
func reported(sections []string) func(context.Context, *grpc.ClientConn) (int64, error) {
	return func(ctx context.Context, c *grpc.ClientConn) (int64, error) {
		out, err := reportv1.NewReportServiceClient(c).GetOmnichannelReport(ctx, &reportv1.GetOmnichannelReportRequest{Brand: "demo", Window: month(), Sections: sections})
		for _, s := range out.GetSections() {
			if s.GetStatus() != reportv1.Section_STATUS_OK && s.GetName() != "loyalty" {
				return 0, fmt.Errorf("section %v", s)
			}
		}
		return out.GetTotal().GetResponses(), err
	}
}
