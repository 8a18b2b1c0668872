package survey_test

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// BenchmarkSubmit is one durable submit through all steps, for profiles; `make
// bench` compares it with others.
func BenchmarkSubmit(b *testing.B) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		for _, callers := range []int{1, 128} {
			b.Run(fmt.Sprintf("%s/%d", engine.name, callers), func(b *testing.B) {
				r := newReplica(b, engine.url(b), "", time.Now)
				define(b, r)
				var n atomic.Int64
				b.SetParallelism(max(1, callers/2))
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						i := n.Add(1)
						in := response("n1", int32(i%11))
						in.AnsweredAt, in.ExperiencedAt = stamp(time.Now()), nil
						_, err := r.SubmitResponse(b.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: strconv.FormatInt(i, 10), Response: in})
						if err != nil {
							b.Fatal(err)
						}
					}
				})
			})
		}
	}
}

// BenchmarkSlabsFromRedis is one store's score over 30 days when nothing is in
// memory: 30 slabs of 3,000 answers, of 1,000 stores.
func BenchmarkSlabsFromRedis(b *testing.B) {
	url, redis := sqldbtest.SQLite(b), hottest.Redis(b)
	r := newReplicaOf(b, url, redis, time.Now, fold.Config{NoMemory: true, NoNear: true, NoShared: true})
	define(b, r)
	var subjects []*surveyv1.Subject
	for i := range 1000 {
		subjects = append(subjects, &surveyv1.Subject{Ref: store(fmt.Sprint("b", i)), Parents: below(north)})
	}
	if _, err := r.UpsertSubjects(b.Context(), &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: subjects}); err != nil {
		b.Fatal(err)
	}
	stream, err := r.ImportResponses(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	const n, days = 300_000, 30
	for from := 0; from < n; from += 1000 {
		in := &surveyv1.ImportResponsesRequest{Brand: brand}
		for i := from; i < from+1000; i++ {
			one := response(fmt.Sprint("b", i*7919%1000), int32(i*31%11))
			one.Channel = commonv1.Channel(1 + i%7)
			one.AnsweredAt, one.ExperiencedAt = stamp(start.AddDate(0, 0, -(i%days))), nil
			one.Source, one.ExternalId = "b", fmt.Sprint(i)
			in.Rows = append(in.Rows, &surveyv1.ImportRow{Response: one})
		}
		if err := stream.Send(in); err != nil {
			b.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			b.Fatal(err)
		}
	}
	ask := &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: in(store("b7")), Window: &surveyv1.Window{
		Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: "2026-02-01", End: "2026-03-03"}},
	}}
	for b.Loop() {
		out, err := r.GetMetric(b.Context(), ask)
		if err != nil || out.GetTotal().GetN() != 300 {
			b.Fatal(out, err)
		}
	}
}

// BenchmarkRepeated is a question whose answer lies in the near cache.
func BenchmarkRepeated(b *testing.B) {
	r := newReplica(b, sqldbtest.SQLite(b), "", time.Now)
	define(b, r)
	submit(b, r, "a", response("n1", 9))
	ask := &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: in(network), Window: &surveyv1.Window{
		Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: "2026-02-01", End: "2026-03-03"}},
	}}
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.GetMetric(b.Context(), ask); err != nil {
				b.Fatal(err)
			}
		}
	})
}
