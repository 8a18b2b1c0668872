package mapping

import (
	"errors"
	"io"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

func TestOlistCustomers(t *testing.T) {
	m, d := open(t, "olist/customers.yaml", "olist")
	customers := read[*segmentationv1.Customer](t, d, m.Customers)
	people, states := map[string]bool{}, map[string]int{}
	for _, c := range customers {
		people[c.GetIdentities()[0].GetValue()] = true
		states[c.GetAttributes()["state"].GetText()]++
	}
	if len(customers) != 8016 || len(people) != 8016 || len(states) != 27 {
		t.Errorf("%d customers with %d identities in %d states, want 8016, 8016 and 27", len(customers), len(people), len(states))
	}
}

// order is what the events of one order tell.
type order struct{ placed, purchase, approved, shipped, delivered, cancelled *journeyv1.Event }

func orders(t *testing.T, events []*journeyv1.Event) map[string]*order {
	t.Helper()
	out, keys := map[string]*order{}, map[string]bool{}
	for _, e := range events {
		if keys[e.GetExternalId()] {
			t.Fatalf("%s stands twice", e.GetExternalId())
		}
		keys[e.GetExternalId()] = true
		o := out[e.GetOrderId()]
		if o == nil {
			o = &order{}
			out[e.GetOrderId()] = o
		}
		switch e.GetKind() {
		case "order.placed":
			o.placed = e
		case "purchase":
			o.purchase = e
		case "order.approved":
			o.approved = e
		case "order.shipped":
			o.shipped = e
		case "order.delivered":
			o.delivered = e
		case "order.cancelled.shop", "order.cancelled.customer":
			o.cancelled = e
		default:
			t.Fatal(e.GetKind())
		}
	}
	return out
}

// late tells how the order stands against its promise; ok is false if it did not
// arrive.
func (o *order) late(byDay bool, loc *time.Location) (late, ok bool) {
	if o.delivered == nil {
		return false, false
	}
	at, until := o.delivered.GetOccurredAt().AsTime(), o.placed.GetPromisedAt().AsTime()
	if byDay {
		return at.In(loc).Format(time.DateOnly) > until.In(loc).Format(time.DateOnly), true
	}
	return at.After(until), true
}

func TestOlistOrders(t *testing.T) {
	m, d := open(t, "olist/orders.yaml", "olist")
	events := read[*journeyv1.Event](t, d, m.Events)
	loc, err := time.LoadLocation("America/Fortaleza")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, e := range events {
		kinds[e.GetKind()]++
	}
	if diff := cmp.Diff(map[string]int{"order.placed": 8135, "purchase": 8135, "order.approved": 7989, "order.shipped": 6353,
		"order.delivered": 5164, "order.cancelled.customer": 625, "order.cancelled.shop": 609}, kinds); diff != "" {
		t.Error(diff)
	}
	all := orders(t, events)
	got := map[string]int{}
	var approval, road []time.Duration
	var paid int64
	for _, o := range all {
		if late, ok := o.late(false, loc); ok && late {
			got["late by the second"]++
		}
		if late, ok := o.late(true, loc); ok && late {
			got["late by the day"]++
		}
		got["lines"] += len(o.purchase.GetLines())
		for _, line := range o.purchase.GetLines() {
			if line.GetCategory() == "" {
				got["lines without a category"]++
			}
		}
		paid += o.purchase.GetAmount().GetMinorUnits()
		if o.approved != nil {
			approval = append(approval, o.approved.GetOccurredAt().AsTime().Sub(o.placed.GetOccurredAt().AsTime()))
		}
		if o.delivered != nil {
			road = append(road, o.delivered.GetOccurredAt().AsTime().Sub(o.shipped.GetOccurredAt().AsTime()))
		}
	}
	if diff := cmp.Diff(map[string]int{"late by the second": 414, "late by the day": 342, "lines": 8365, "lines without a category": 158}, got); diff != "" {
		t.Error(diff)
	}
	if len(all) != 8135 || paid != 142860281 {
		t.Errorf("%d orders, %d centavos, want 8135 and 142860281", len(all), paid)
	}
	near(t, "hours to the approval", median(approval).Hours()*100, 34.47)
	near(t, "hours from the carrier", median(road).Hours(), 171.5917)
	reviewsByLateness(t, d.dir, all)
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}

// The reviews by what the events say of their order.
func reviewsByLateness(t *testing.T, dir string, all map[string]*order) {
	t.Helper()
	m, err := Load(root + "deploy/examples/olist/reviews.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Data(dir, nil, func(r *Reject) { t.Error(r) })
	if err != nil {
		t.Fatal(err)
	}
	if facets := m.Surveys[0].GetDraft().GetFacets(); !slices.Contains(facets, "order.late") {
		t.Errorf("facets %v", facets)
	}
	sums, counts := map[string]int{}, map[string]int{}
	for _, r := range read[*surveyv1.Response](t, d, m.Responses) {
		word := "absent"
		if late, ok := all[r.GetOrderId()].late(false, time.UTC); ok {
			word = map[bool]string{true: "late", false: "in time"}[late]
		}
		counts[word]++
		sums[word] += int(r.GetAnswers()[0].GetScore())
	}
	if diff := cmp.Diff(map[string]int{"late": 418, "in time": 4814, "absent": 2993}, counts); diff != "" {
		t.Error(diff)
	}
	near(t, "mean of the late", float64(sums["late"])/float64(counts["late"]), 2.4976)
	near(t, "mean of those in time", float64(sums["in time"])/float64(counts["in time"]), 4.2796)
}

// One order to the letter: two items of two sellers and two payments.
func TestOlistOrder(t *testing.T) {
	m, d := open(t, "olist/orders.yaml", "olist")
	for _, e := range read[*journeyv1.Event](t, d, m.Events) {
		if e.GetKind() != "purchase" || len(e.GetLines()) != 2 || len(e.GetSubjects()) != 3 {
			continue
		}
		sum := int64(0)
		for _, line := range e.GetLines() {
			sum += line.GetAmount().GetMinorUnits()
			if line.GetQuantityMilli() != 1000 || line.GetAmount().GetCurrency() != "BRL" || len(line.GetSku()) != 32 {
				t.Errorf("%v", line)
			}
		}
		if sum <= 0 || e.GetAmount().GetMinorUnits() <= sum || e.GetChannel() != commonv1.Channel_CHANNEL_MARKETPLACE {
			t.Errorf("%v", e)
		}
		return
	}
	t.Error("no order of two sellers")
}

func TestOnlineRetail(t *testing.T) {
	m, d := open(t, "online_retail/purchases.yaml", "online_retail")
	events := read[*journeyv1.Event](t, d, m.Events)
	loc, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	months := map[string]map[string]bool{}
	for _, e := range events {
		got[e.GetKind()]++
		got[e.GetKind()+" lines"] += int64(len(e.GetLines()))
		for _, line := range e.GetLines() {
			got[e.GetKind()+" pence"] += line.GetAmount().GetMinorUnits()
			if line.GetQuantityMilli() <= 0 || line.GetAmount().GetMinorUnits() < 0 {
				t.Fatalf("%v", e)
			}
		}
		if e.GetKind() != "purchase" {
			continue
		}
		who := e.GetCustomer().GetIdentity().GetValue()
		if strings.Contains(who, ".") {
			t.Fatal(who)
		}
		if months[who] == nil {
			months[who] = map[string]bool{}
		}
		months[who][e.GetOccurredAt().AsTime().In(loc).Format("2006-01")] = true
	}
	if diff := cmp.Diff(map[string]int64{"purchase": 18532, "purchase lines": 397884, "purchase pence": 891140790,
		"return": 3654, "return lines": 8905, "return pence": 61134209}, got); diff != "" {
		t.Error(diff)
	}
	if len(months) != 4338 {
		t.Errorf("%d customers, want 4338", len(months))
	}
	if diff := cmp.Diff([]int{885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235}, cohort(months, "2010-12")); diff != "" {
		t.Error(diff)
	}
}

// cohort counts, month by month, the customers of a first month.
func cohort(months map[string]map[string]bool, first string) []int {
	count := map[string]int{}
	for _, active := range months {
		if slices.Min(slices.Collect(maps.Keys(active))) != first {
			continue
		}
		for month := range active {
			count[month]++
		}
	}
	var out []int
	for _, month := range slices.Sorted(maps.Keys(count)) {
		out = append(out, count[month])
	}
	return out
}

func TestReceiptLog(t *testing.T) {
	m, d := open(t, "eventlog/receipt.yaml", "eventlog")
	events := read[*journeyv1.Event](t, d, m.Events)
	cases := map[string][]*journeyv1.Event{}
	for _, e := range events {
		cases[e.GetOrderId()] = append(cases[e.GetOrderId()], e)
		if e.GetEmployee() == "" {
			t.Fatalf("%v", e)
		}
	}
	variants := map[string]int{}
	for _, list := range cases {
		sort.SliceStable(list, func(i, j int) bool {
			if a, b := list[i].GetOccurredAt().AsTime(), list[j].GetOccurredAt().AsTime(); !a.Equal(b) {
				return a.Before(b)
			}
			return list[i].GetSequence() < list[j].GetSequence()
		})
		var path []string
		for _, e := range list {
			path = append(path, e.GetKind())
		}
		variants[strings.Join(path, "|")]++
	}
	top := slices.Max(slices.Collect(maps.Values(variants)))
	if len(events) != 8577 || len(cases) != 1434 || len(variants) != 116 || top != 713 {
		t.Errorf("%d events, %d cases, %d variants, the commonest %d; want 8577, 1434, 116, 713", len(events), len(cases), len(variants), top)
	}
}

// The mapping must not be what an import waits for.
func BenchmarkEvents(b *testing.B) {
	for _, file := range []string{"online_retail/purchases.yaml", "olist/orders.yaml", "eventlog/receipt.yaml"} {
		b.Run(file, func(b *testing.B) {
			folder, _, _ := strings.Cut(file, "/")
			dir := realData(b, folder)
			m, err := Load(root + "deploy/examples/" + file)
			if err != nil {
				b.Fatal(err)
			}
			rows, events := 0, 0
			for b.Loop() {
				r, e := readThrough(b, m, dir)
				rows, events = rows+r, events+e
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// readThrough counts the rows that were skipped or became a line, and the events.
func readThrough(b *testing.B, m *Mapping, dir string) (rows, events int) {
	b.Helper()
	d, err := m.Data(dir, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	in, err := d.Open(m.Events[0], func() proto.Message { return &journeyv1.Event{} })
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	for {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			return rows, events
		}
		if err != nil {
			b.Fatal(err)
		}
		rows++
		if e, ok := row.Message.(*journeyv1.Event); ok {
			events++
			rows += max(len(e.GetLines())-1, 0)
		}
	}
}
