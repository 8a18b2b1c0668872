package segmentation_test

import (
	"fmt"
	"testing"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// BenchmarkExperiments is to split 50,000 persons, to count what came of all arms in
// money and purchases, and to ask for one person's arm.
func BenchmarkExperiments(b *testing.B) {
	const n = 50_000
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		b.Run(engine.name, func(b *testing.B) {
			r := populated(b, engine.url(b), n)
			createSegment(b, r, expression("all", "customer.numbers > 0"))
			split := func(id string) {
				_, err := r.CreateExperiment(b.Context(), &segmentationv1.CreateExperimentRequest{Brand: brand,
					Experiment: &segmentationv1.Experiment{Id: id, SegmentId: "all", HoldOutBp: 1000, Arms: armsOf("a", "b", "c")}})
				if err != nil {
					b.Fatal(err)
				}
			}
			split("read")
			b.Run("split", func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					split(fmt.Sprint("e", b.N, "-", i))
				}
			})
			b.Run("results", func(b *testing.B) {
				for b.Loop() {
					if _, err := r.GetExperiment(b.Context(), &segmentationv1.GetExperimentRequest{Brand: brand, Id: "read"}); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("assignment", func(b *testing.B) {
				for b.Loop() {
					if _, err := r.GetAssignment(b.Context(), &segmentationv1.GetAssignmentRequest{Brand: brand, Id: "read", CustomerId: 77}); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
