package journey_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/journey"
)

// usual is an event as shops send them, of one of many customers.
func usual(r *rand.Rand, i int) *journeyv1.Event {
	e := happened(fmt.Sprint(i), []string{"visit", "purchase", "contact", "order.placed", "order.delivered"}[r.IntN(5)],
		time.Duration(r.IntN(90*24*3600))*time.Second)
	e.Actor = byNumber(int64(1 + r.IntN(20_000)))
	e.Subjects = append(e.Subjects, &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: "north"})
	if e.GetKind()[0] == 'o' {
		e.OrderId = fmt.Sprint("o", r.IntN(1_000_000))
	}
	return e
}

// BenchmarkImport imports b.N events in chunks of 1,000, as its clients do.
func BenchmarkImport(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.PostgresDurable} {
		b.Run(name, func(b *testing.B) {
			c := &clock{now: start}
			rep := newReplica(b, url(b), c.Now, journey.Neighbours{})
			r := rand.New(rand.NewPCG(1, 2))
			var chunks [][]*journeyv1.Event
			for i := range b.N {
				if i%1000 == 0 {
					chunks = append(chunks, nil)
				}
				last := len(chunks) - 1
				chunks[last] = append(chunks[last], usual(r, i))
			}
			b.ResetTimer()
			recorded := int32(0)
			for _, answer := range imported(b, rep, chunks...) {
				recorded += answer.GetRecorded()
			}
			b.StopTimer()
			if int(recorded) != b.N {
				b.Fatalf("%d of %d recorded", recorded, b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkListJourney reads the first page of one of many customers.
func BenchmarkListJourney(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.PostgresDurable} {
		b.Run(name, func(b *testing.B) {
			c := &clock{now: start}
			rep := newReplica(b, url(b), c.Now, journey.Neighbours{})
			r := rand.New(rand.NewPCG(1, 2))
			for at := range 50 {
				var chunk []*journeyv1.Event
				for i := range 1000 {
					chunk = append(chunk, usual(r, at*1000+i))
				}
				imported(b, rep, chunk)
			}
			b.ResetTimer()
			for range b.N {
				if _, err := rep.ListJourney(b.Context(), &journeyv1.ListJourneyRequest{Brand: brand, CustomerId: int64(1 + r.IntN(20_000))}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOutcomes imports b.N steps of orders and waits until the outcome of the
// last one is told.
func BenchmarkOutcomes(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.PostgresDurable} {
		b.Run(name, func(b *testing.B) {
			c := &clock{now: start}
			rep := newReplica(b, url(b), c.Now, journey.Neighbours{})
			stream, err := rep.WatchEvents(b.Context(), &journeyv1.WatchEventsRequest{Brand: brand})
			if err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 2))
			var chunks [][]*journeyv1.Event
			for i := range b.N {
				if i%1000 == 0 {
					chunks = append(chunks, nil)
				}
				e := usual(r, i)
				e.Kind, e.OrderId = []string{"order.placed", "order.shipped", "order.delivered"}[r.IntN(3)], fmt.Sprint("o", r.IntN(b.N))
				chunks[len(chunks)-1] = append(chunks[len(chunks)-1], e)
			}
			b.ResetTimer()
			imported(b, rep, chunks...)
			put(b, rep, ofOrder("zz", "order.placed", 0))
			for last := false; !last; {
				got, err := stream.Recv()
				if err != nil {
					b.Fatal(err)
				}
				for _, f := range got.GetFacts() {
					last = last || f.GetOutcome().GetOrderId() == "zz"
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
