package bench

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// BenchmarkImportEvents streams a million events into each engine, their customers
// named by number and by e-mail.
func BenchmarkImportEvents(b *testing.B) {
	n := size("BENCH_IMPORT_EVENTS", 1_000_000)
	for _, by := range []string{"number", "e-mail"} {
		for _, k := range engines(b) {
			b.Run(k.engine+"/by "+by, func(b *testing.B) {
				for b.Loop() {
					p := k.launch(b)
					told(b, history{events: n, identities: by == "e-mail"}, p)
					p.stop()
				}
			})
		}
	}
}

// told fills a server and reports what it took: for the events alone, and until what
// follows from them (outcomes of orders, purchases of customers) is there too.
func told(b *testing.B, h history, p *process) {
	b.Helper()
	before, start := cpu(p), time.Now()
	got := h.fill(b, p)
	b.ReportMetric(got.perSecond, "events/s")
	used := cpu(p).since(before, h.events)
	behind := settle(p)
	b.ReportMetric(float64(h.events)/(time.Since(start)-2*time.Second).Seconds(), "events/s-to-the-end")
	b.ReportMetric(micros(used.total()), "CPU-µs/event")
	b.ReportMetric(micros(cpu(p).since(before, h.events).total()), "CPU-µs/event-to-the-end")
	b.ReportMetric(float64(got.quarter), "MiB-first-quarter")
	b.ReportMetric(float64(max(got.most, p.resident())), "MiB-most")
	fmt.Printf("%d events: %.0f/s, client/server/db %.0f/%.0f/%.0f µs each, then %v until all followed; %d MiB in the first quarter, %d at most\n",
		h.events, got.perSecond, micros(used.client), micros(used.server), micros(used.database), behind.Round(time.Second), got.quarter, got.most)
}

// BenchmarkCustomers stores ten million events of a million customers and seals them.
// Then it asks for one customer's time line, whose a thousand known identities are, and
// for all of them in a funnel and in paths.
func BenchmarkCustomers(b *testing.B) {
	h := history{events: size("BENCH_EVENTS", 10_000_000), identities: true}
	peer := newPeer(b)
	for _, k := range engines(b) {
		b.Run(k.engine, func(b *testing.B) {
			for b.Loop() {
				p := k.launch(b)
				told(b, h, p)
				seal(b, p) // else the background does, while others are measured
				looks := []*scenario{
					empty(b, "E: empty call behind the same steps", 1, p),
					lists(b, "ListJourney of a random customer", p, h),
					resolves(b, "ResolveCustomers of 1,000 known e-mails", p, h),
				}
				measure(b, looks)
				table(fmt.Sprintf("%s, %d events, 1 caller", k.engine, h.events), looks)
				p.stop()
				analyses(b, k, peer)
			}
		})
	}
}

// lists reads the first page of a random customer's time line.
func lists(tb testing.TB, name string, p *process, h history) *scenario {
	return &scenario{name: name, callers: 1, servers: []*process{p}, conns: p.dial(tb, 1),
		do: func(ctx context.Context, c *grpc.ClientConn, n int64) error {
			who := 1 + int64(mix(uint64(n))%uint64(h.customers()))
			out, err := journeyv1.NewJourneyServiceClient(c).ListJourney(ctx, &journeyv1.ListJourneyRequest{Brand: "demo", CustomerId: who})
			if err == nil && len(out.GetEvents()) == 0 {
				return fmt.Errorf("customer %d has no events", who)
			}
			return err
		}}
}

// resolves asks for a thousand random known identities.
func resolves(tb testing.TB, name string, p *process, h history) *scenario {
	return &scenario{name: name, callers: 1, servers: []*process{p}, conns: p.dial(tb, 1),
		do: func(ctx context.Context, c *grpc.ClientConn, n int64) error {
			in := &segmentationv1.ResolveCustomersRequest{Brand: "demo", KnownOnly: true, Identities: make([]*commonv1.Identity, 1000)}
			for i := range in.Identities {
				in.Identities[i] = email(int(mix(uint64(n)*1000+uint64(i)) % uint64(h.customers())))
			}
			out, err := segmentationv1.NewSegmentationServiceClient(c).ResolveCustomers(ctx, in)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(out.GetResults(), func(r *segmentationv1.ResolvedCustomer) bool { return r.GetId() == 0 }) {
				return fmt.Errorf("an e-mail is not known")
			}
			return nil
		}}
}

// seal writes the lake.
func seal(b *testing.B, p *process) {
	b.Helper()
	before, start := cpu(p), time.Now()
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	out, err := journeyv1.NewJourneyServiceClient(p.dial(b, 1)[0]).SealLake(ctx, &journeyv1.SealLakeRequest{Brand: "demo", Compact: true})
	if err != nil {
		b.Fatal(err)
	}
	took := time.Since(start)
	b.ReportMetric(took.Seconds(), "s-to-seal")
	n := int(max(1, out.GetEvents()))
	fmt.Printf("sealed %d events in %d files in %v, %.1f CPU µs each, %d MiB resident\n", out.GetEvents(), out.GetFiles(),
		took.Round(time.Millisecond), micros(cpu(p).since(before, n).total()), p.resident())
}
