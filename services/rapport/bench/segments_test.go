package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// crowd is a million customers with attributes and what they bought in the last year.
type crowd struct {
	customers, purchases, answers, segments int
}

// BenchmarkSegments holds 500 segments over a million customers: how soon a purchase
// is reflected at 1,000 facts a second, on a quiet day and while a midnight rolls
// windows; how long a new segment takes; what a person's memberships and a panel
// take; and what all of it weighs.
func BenchmarkSegments(b *testing.B) {
	c := crowd{customers: size("BENCH_PEOPLE", 1_000_000), purchases: size("BENCH_PURCHASES", 1_000_000),
		answers: size("BENCH_PANEL_ANSWERS", 1_000_000), segments: size("BENCH_SEGMENTS", 500)}
	for _, k := range engines(b) {
		b.Run(k.engine, func(b *testing.B) {
			for b.Loop() {
				p := launch(b, "people", k.env...)
				s := segmentationv1.NewSegmentationServiceClient(p.dial(b, 1)[0])
				c.fill(b, p, s)
				fmt.Printf("%s, %d customers: %d MiB resident, %d MiB of files\n", k.engine, c.customers, p.resident(), folder(k.data)>>20)
				c.creates(b, s)
				c.reads(b, k.engine, p)
				c.reflects(b, p, s, "quiet day", func() {})
				c.reflects(b, p, s, "midnight rolls", func() {
					if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
						b.Fatal(err)
					}
				})
				fmt.Printf("%s: %d MiB resident at the end\n", k.engine, p.resident())
				p.stop()
			}
		})
	}
}

// folder is the size of all files in a folder.
func folder(path string) (bytes int64) {
	_ = filepath.WalkDir(path, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}

// fill brings segments, customers, purchases and answers in, in this order: the
// segments follow the customers and purchases as they come, which is quicker than to
// look for members 500 times.
func (c crowd) fill(b *testing.B, p *process, s segmentationv1.SegmentationServiceClient) {
	b.Helper()
	if _, err := s.DeclareAttributes(b.Context(), &segmentationv1.DeclareAttributesRequest{Brand: "demo", Attributes: attributes}); err != nil {
		b.Fatal(err)
	}
	c.define(b, s)
	start := time.Now()
	c.customersIn(b, s)
	sent := time.Since(start)
	settle(p)
	fmt.Printf("%d customers in %v, in %d segments after %v\n", c.customers, sent.Round(time.Second), c.segments, time.Since(start).Round(time.Second))
	start = time.Now()
	c.purchasesIn(b, p)
	sent = time.Since(start)
	settle(p)
	fmt.Printf("%d purchases in %v, followed after %v\n", c.purchases, sent.Round(time.Second), time.Since(start).Round(time.Second))
	chain(b, p)
	start = time.Now()
	c.answersIn(b, p)
	settle(p)
	fmt.Printf("%d answers in %v\n", c.answers, time.Since(start).Round(time.Second))
}

var attributes = []*segmentationv1.Attribute{
	{Name: "state", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT}, {Name: "children", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT},
	{Name: "problem", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT}, {Name: "factor.price", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER},
	{Name: "factor.speed", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER}, {Name: "age", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER},
}

func word(s string) *segmentationv1.AttributeValue {
	return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Text{Text: s}}
}

func count(n uint64) *segmentationv1.AttributeValue {
	return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Number{Number: float64(n)}}
}

// customer is what is known of one, by number.
func (c crowd) customer(n int) *segmentationv1.Customer {
	h := mix(uint64(n))
	return &segmentationv1.Customer{Identities: []*commonv1.Identity{email(n)}, Attributes: map[string]*segmentationv1.AttributeValue{
		"state": word(fmt.Sprint("state", h%27)), "children": word([]string{"none", "baby", "toddler", "school"}[h>>8%4]),
		"problem": word(fmt.Sprint("problem", h>>16%8)), "factor.price": count(1 + h>>24%5), "factor.speed": count(1 + h>>32%5), "age": count(18 + h>>40%60),
	}}
}

func (c crowd) customersIn(b *testing.B, s segmentationv1.SegmentationServiceClient) {
	b.Helper()
	stream, err := s.UpsertCustomers(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		for from := 0; from < c.customers; from += chunkRows {
			in := &segmentationv1.UpsertCustomersRequest{Brand: "demo"}
			for n := from; n < min(from+chunkRows, c.customers); n++ {
				in.Rows = append(in.Rows, &segmentationv1.CustomerRow{Line: int64(n), Customer: c.customer(n)})
			}
			if err := stream.Send(in); err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	for {
		out, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(out.GetRejections()) > 0 {
			b.Fatal(err, out.GetRejections())
		}
	}
	if err := <-sent; err != nil {
		b.Fatal(err)
	}
}

// rule is the nth segment's: most read windows of purchases, some attributes, some
// are lists or made of others.
func (c crowd) rule(n int) *segmentationv1.SegmentRule {
	text := func(format string, args ...any) *segmentationv1.SegmentRule {
		return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: fmt.Sprintf(format, args...)}}
	}
	switch n % 10 {
	case 0:
		return text("attributes.state == 'state%d' && attributes.children == '%s'", n%27, []string{"none", "baby", "toddler", "school"}[n/10%4])
	case 1:
		return text("purchases.spent_90d > %d && purchases.count_30d < 5", 1000*n)
	case 2:
		return text("purchases.days_since_last > %d && purchases.count >= 2", n)
	case 3:
		return text("attributes.state == 'state%d' && purchases.spent_365d > %d", n%27, 500*n)
	case 4:
		return text("'COURIER' in purchases.channels_%dd", []int{7, 30, 90, 365}[n/10%4])
	case 5:
		return text("purchases.average_check_365d > %d", 200*n)
	case 6:
		return text("purchases.count_365d == %d", 1+n/10%6)
	case 7:
		ids := make([]int64, 0, 1000)
		for i := range 1000 {
			ids = append(ids, int64(1+mix(uint64(n*1000+i))%uint64(c.customers)))
		}
		return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_List{List: &segmentationv1.CustomerList{Ids: ids}}}
	case 8:
		return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Algebra{Algebra: &segmentationv1.SegmentAlgebra{
			Operation: segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION, SegmentIds: []string{fmt.Sprint("s", n-8), fmt.Sprint("s", n-4)}}}}
	default:
		return text("attributes.age >= %d.0 && attributes.age < %d.0 && purchases.count_90d > 0", 18+n/10, 28+n/10)
	}
}

func (c crowd) define(b *testing.B, s segmentationv1.SegmentationServiceClient) {
	b.Helper()
	for n := range c.segments {
		makeSegment(b, s, fmt.Sprint("s", n), c.rule(n))
	}
	// Every purchase of somebody who did not buy lately shows in this one.
	makeSegment(b, s, "lately", &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: "purchases.count_7d >= 1"}})
}

func makeSegment(b *testing.B, s segmentationv1.SegmentationServiceClient, id string, rule *segmentationv1.SegmentRule) {
	b.Helper()
	_, err := s.CreateSegment(b.Context(), &segmentationv1.CreateSegmentRequest{Brand: "demo", Segment: &segmentationv1.Segment{Id: id, Rule: rule}})
	if err != nil {
		b.Fatal(id, err)
	}
}

// purchase is the nth: of the last year, but of the last nine days, so that purchases
// of the benchmark are news.
func (c crowd) purchase(n int, now time.Time) *journeyv1.Event {
	h := mix(uint64(n) + 1<<41)
	return bought("past", n, int64(1+mix(uint64(n))%uint64(c.customers)), now.AddDate(0, 0, -10-int(h%355)))
}

func bought(source string, n int, who int64, at time.Time) *journeyv1.Event {
	h := mix(uint64(n) + 1<<42)
	return &journeyv1.Event{Source: source, ExternalId: fmt.Sprint(n), Kind: "purchase", OccurredAt: timestamppb.New(at),
		Actor:   &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: who}}},
		Channel: commonv1.Channel(1 + h%8), Lines: []*journeyv1.Line{
			{Category: fmt.Sprint("category", h>>8%20), QuantityMilli: 1000, Amount: &commonv1.Money{Currency: "RUB", MinorUnits: int64(100 + h>>16%200_000)}},
		}}
}

func (c crowd) purchasesIn(b *testing.B, p *process) {
	b.Helper()
	stream, err := journeyv1.NewJourneyServiceClient(p.dial(b, 1)[0]).ImportEvents(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	sent, now := make(chan error, 1), time.Now()
	go func() {
		for from := 0; from < c.purchases; from += chunkRows {
			in := &journeyv1.ImportEventsRequest{Brand: "demo"}
			for n := from; n < min(from+chunkRows, c.purchases); n++ {
				in.Rows = append(in.Rows, &journeyv1.EventRow{Line: int64(n), Event: c.purchase(n, now)})
			}
			if err := stream.Send(in); err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	for {
		out, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(out.GetRejections()) > 0 {
			b.Fatal(err, out.GetRejections())
		}
	}
	if err := <-sent; err != nil {
		b.Fatal(err)
	}
}

// answersIn imports answers of known customers.
func (c crowd) answersIn(b *testing.B, p *process) {
	b.Helper()
	stream, err := surveyv1.NewSurveyServiceClient(p.dial(b, 1)[0]).ImportResponses(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	sent, now := make(chan error, 1), time.Now()
	go func() {
		for from := 0; from < c.answers; from += chunkRows {
			in := &surveyv1.ImportResponsesRequest{Brand: "demo"}
			for n := from; n < min(from+chunkRows, c.answers); n++ {
				r := answer(int64(n), now.AddDate(0, 0, -n*90/c.answers))
				r.Source, r.ExternalId = "panel", fmt.Sprint(n)
				r.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: int64(1 + mix(uint64(n)+1<<43)%uint64(c.customers))}}
				in.Rows = append(in.Rows, &surveyv1.ImportRow{Line: int64(n), Response: r})
			}
			if err := stream.Send(in); err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	for {
		out, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(out.GetRejections()) > 0 {
			b.Fatal(err, out.GetRejections())
		}
	}
	if err := <-sent; err != nil {
		b.Fatal(err)
	}
}

// creates makes new segments over everybody.
func (c crowd) creates(b *testing.B, s segmentationv1.SegmentationServiceClient) {
	b.Helper()
	var took []float64
	for n, rule := range []string{"attributes.state == 'state3' && purchases.spent_90d > 50000", "purchases.weeks_in_row >= 2", "attributes.children == 'toddler'",
		"purchases.category_count_365d >= 3 && 'COURIER' in purchases.channels_365d", "attributes.age > 30.0 && purchases.days_since_last > 100"} {
		start := time.Now()
		makeSegment(b, s, fmt.Sprint("new", n), &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: rule}})
		took = append(took, time.Since(start).Seconds())
	}
	fmt.Printf("new segments over %d customers: s %.2f\n", c.customers, took)
	b.ReportMetric(median(took), "s/new-segment")
}

// reads asks for memberships of one person and for a panel.
func (c crowd) reads(b *testing.B, engine string, p *process) {
	b.Helper()
	conns := p.dial(b, 1)
	looks := []*scenario{
		empty(b, "E: empty call behind the same steps", 1, p),
		{name: "GetMemberships of a random person", callers: 1, servers: []*process{p}, conns: conns,
			do: func(ctx context.Context, conn *grpc.ClientConn, n int64) error {
				_, err := segmentationv1.NewSegmentationServiceClient(conn).GetMemberships(ctx, &segmentationv1.GetMembershipsRequest{
					Brand: "demo", CustomerId: int64(1 + mix(uint64(n))%uint64(c.customers))})
				return err
			}},
		{name: "QueryPanel, 4 filters, 6 distributions, 2 metrics", callers: 1, servers: []*process{p}, conns: conns, do: askPanel},
	}
	measure(b, looks)
	table(fmt.Sprintf("%s, %d customers, %d segments, 1 caller", engine, c.customers, c.segments), looks)
}

// askPanel asks about another age each time, so that no answer is remembered.
func askPanel(ctx context.Context, conn *grpc.ClientConn, n int64) error {
	least := float64(18 + n%40)
	is := func(field string, values ...string) *segmentationv1.PanelFilter {
		return &segmentationv1.PanelFilter{Filter: &segmentationv1.PanelFilter_Field{Field: &segmentationv1.FieldFilter{Field: field, Values: values}}}
	}
	in := &segmentationv1.QueryPanelRequest{Brand: "demo", Metrics: []string{"nps.network", "csat.visit"}, Filters: []*segmentationv1.PanelFilter{
		is("attributes.children", "toddler", "baby"), is("purchases.channels_365d", "COURIER"),
		{Filter: &segmentationv1.PanelFilter_SegmentId{SegmentId: "s6"}, Not: true},
		{Filter: &segmentationv1.PanelFilter_Field{Field: &segmentationv1.FieldFilter{Field: "attributes.age", AtLeast: &least}}},
	}}
	for _, f := range []string{"attributes.state", "attributes.problem", "attributes.factor.price", "attributes.factor.speed", "purchases.channels_365d", "purchases.count_365d"} {
		in.Distributions = append(in.Distributions, &segmentationv1.DistributionQuery{Field: f})
	}
	out, err := segmentationv1.NewSegmentationServiceClient(conn).QueryPanel(ctx, in)
	if err == nil && (out.GetChosen().GetPersons() == 0 || out.GetChosen().GetScores()[0].GetScore().GetN() == 0) {
		return fmt.Errorf("an empty panel: %v", out.GetChosen())
	}
	return err
}
