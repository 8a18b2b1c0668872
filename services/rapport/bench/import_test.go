package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// perDay is the daily volume of the chain: more responses mean more days.
const perDay = 10_000

// lastDay is the newest day of imported history.
var lastDay = time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)

// BenchmarkImport streams a million responses into each engine.
func BenchmarkImport(b *testing.B) {
	n := size("BENCH_IMPORT", 1_000_000)
	for _, engine := range []struct{ name, db string }{{"SQLite", ""}, {"PostgreSQL", sqldbtest.PostgresDurable(b)}} {
		b.Run(engine.name, func(b *testing.B) {
			for b.Loop() {
				p := launch(b, "suite", "BENCH_DB="+engine.db, "BENCH_DATA="+b.TempDir())
				chain(b, p)
				before := cpu(p)
				rate, most := fill(b, p, n)
				b.ReportMetric(rate, "responses/s")
				b.ReportMetric(micros(cpu(p).since(before, n).total()), "CPU-µs/response")
				b.ReportMetric(float64(most), "MiB-resident")
			}
		})
	}
}

func size(env string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(env)); err == nil {
		return n
	}
	return usual
}

// fill imports n responses over as many days as the daily volume needs, and
// returns the rate and the most memory the server held.
func fill(b *testing.B, p *process, n int) (rate float64, most int64) {
	b.Helper()
	stream, err := surveyv1.NewSurveyServiceClient(p.dial(b, 1)[0]).ImportResponses(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	sent := make(chan error, 1)
	go func() { sent <- send(stream, n) }()
	recorded := 0
	for {
		out, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		if len(out.GetRejections()) > 0 {
			b.Fatal(out.GetRejections()[0])
		}
		recorded += int(out.GetRecorded())
		most = max(most, p.resident())
	}
	if err := <-sent; err != nil {
		b.Fatal(err)
	}
	if recorded != n {
		b.Fatalf("%d of %d recorded", recorded, n)
	}
	return float64(n) / time.Since(start).Seconds(), most
}

const chunkRows = 1000

func send(stream surveyv1.SurveyService_ImportResponsesClient, n int) error {
	days := max(1, n/perDay)
	for from := 0; from < n; from += chunkRows {
		in := &surveyv1.ImportResponsesRequest{Brand: "demo"}
		for i := from; i < min(from+chunkRows, n); i++ {
			at := lastDay.AddDate(0, 0, -(days - 1 - i/perDay)).Add(time.Duration(i%perDay) * 3 * time.Second)
			r := answer(int64(i), at)
			r.Source, r.ExternalId = "history", fmt.Sprint(i)
			in.Rows = append(in.Rows, &surveyv1.ImportRow{Line: int64(i), Response: r})
		}
		if err := stream.Send(in); err != nil {
			return err
		}
	}
	return stream.CloseSend()
}
