package segmentation_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// BenchmarkResolve is 1,000 known identities of 20,000, or of as many as
// RAPPORT_BENCH_CUSTOMERS says, through all steps.
func BenchmarkResolve(b *testing.B) {
	kinds := map[string]func(i int) *commonv1.Identity{
		"email": func(i int) *commonv1.Identity { return email(fmt.Sprintf("customer%d@example.org", i)) },
		"phone": func(i int) *commonv1.Identity { return phone(fmt.Sprintf("+7916%07d", i)) },
	}
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		for kind, make := range kinds {
			b.Run(engine.name+"/"+kind, func(b *testing.B) {
				r := newReplica(b, engine.url(b), "", time.Now)
				const batch = 1000
				all := 20_000
				if n, err := strconv.Atoi(os.Getenv("RAPPORT_BENCH_CUSTOMERS")); err == nil {
					all = n
				}
				var ids []*commonv1.Identity
				for i := range all {
					ids = append(ids, make(i))
				}
				for some := range slices.Chunk(ids, batch) {
					resolve(b, r, some...)
				}
				var took []time.Duration
				b.ResetTimer()
				for n := 0; b.Loop(); n++ {
					asked := &segmentationv1.ResolveCustomersRequest{Brand: brand}
					for i := range batch {
						asked.Identities = append(asked.Identities, ids[(n*7919+i*104_729)%all])
					}
					began := time.Now()
					if _, err := r.ResolveCustomers(b.Context(), asked); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			})
		}
	}
}
