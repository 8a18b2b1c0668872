package segmentation_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// BenchmarkReserveContact is 64 callers, for 200 customers in turn.
func BenchmarkReserveContact(b *testing.B) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		b.Run(engine.name, func(b *testing.B) {
			r := newReplica(b, engine.url(b), "", time.Now)
			numbered(b, r, 200)
			var n atomic.Int64
			b.SetParallelism(32)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					reserve(b, r, fmt.Sprint("r", i), surveyOf(1+i%200))
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
