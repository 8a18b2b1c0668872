package survey_test

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
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
