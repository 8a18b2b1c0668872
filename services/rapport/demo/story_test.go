package demo

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

func (w *World) told(until time.Time) []*journeyv1.Event {
	return slices.Collect(w.Events(time.Time{}, until))
}

// bodies are the events by their key.
func bodies(t *testing.T, all []*journeyv1.Event) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, e := range all {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if out[e.GetExternalId()] != "" {
			t.Fatalf("%s is given twice", e.GetExternalId())
		}
		out[e.GetExternalId()] = string(b)
	}
	return out
}

func TestSameSeedSameEvents(t *testing.T) {
	end := anchor.Add(20 * time.Hour)
	first := bodies(t, world(7, 30, 400, 30).told(end))
	if diff := cmp.Diff(first, bodies(t, world(7, 30, 400, 30).told(end))); diff != "" {
		t.Error("another run differs")
	}
	if cmp.Equal(first, bodies(t, world(8, 30, 400, 30).told(end))) {
		t.Error("another seed is the same")
	}
	w := world(7, 30, 400, 30)
	pieces := map[string]string{}
	var from time.Time
	for _, cut := range []time.Time{anchor.AddDate(0, 0, -33), anchor.AddDate(0, 0, -9).Add(13*time.Hour + 7*time.Second), anchor, end} {
		for id, b := range bodies(t, slices.Collect(w.Events(from, cut))) {
			if pieces[id] != "" {
				t.Fatalf("%s is in two pieces", id)
			}
			pieces[id] = b
		}
		from = cut
	}
	if diff := cmp.Diff(first, pieces); diff != "" {
		t.Error("the pieces differ from the whole")
	}
}

// sameFacts tells whether an event and a response are about one customer and one
// channel, the subjects rated among those of the event.
func sameFacts(e *journeyv1.Event, r *surveyv1.Response) bool {
	for _, s := range r.GetSubjects() {
		if !slices.ContainsFunc(e.GetSubjects(), func(have *commonv1.SubjectRef) bool { return proto.Equal(have, s) }) {
			return false
		}
	}
	return e.GetChannel() == r.GetChannel() && proto.Equal(e.GetCustomer(), r.GetCustomer())
}

// Each response has the receipt of its own moment, and each that names an order the
// whole way of that order, of the same customer, in the same channel and place.
func TestResponsesFollowEvents(t *testing.T) {
	w := world(4, 60, 2500, 60)
	receipts := map[string]*journeyv1.Event{}
	orders := map[string]map[string]*journeyv1.Event{}
	for _, e := range w.told(anchor) {
		number, _, _ := strings.Cut(e.GetExternalId(), ".")
		if e.GetKind() == kindPurchase {
			receipts[number] = e
		}
		if id := e.GetOrderId(); id != "" && strings.HasPrefix(e.GetKind(), "order.") {
			if orders[id] == nil {
				orders[id] = map[string]*journeyv1.Event{}
			}
			orders[id][e.GetKind()] = e
		}
	}
	all := w.all(anchor)
	if len(receipts) < 2*len(all) {
		t.Errorf("%d receipts for %d answers", len(receipts), len(all))
	}
	for _, r := range all {
		receipt := receipts[r.GetExternalId()]
		if receipt == nil || !sameFacts(receipt, r) || !proto.Equal(receipt.GetOccurredAt(), r.GetExperiencedAt()) ||
			receipt.GetOrderId() != r.GetOrderId() || len(receipt.GetLines()) == 0 {
			t.Fatalf("%v\nhas the receipt\n%v", r, receipt)
		}
		if r.GetOrderId() == "" {
			continue
		}
		steps := orders[r.GetOrderId()]
		want := []string{kindPlaced, kindApproved, kindShipped, kindDelivered}
		if r.GetSurveyId() == surveyPickup {
			want[3] = kindCollected
		}
		if r.GetChannel() == commonv1.Channel_CHANNEL_IN_STORE_ORDER {
			want = want[:1] // it is asked about the shop, and may still be on its way
		}
		at := time.Time{}
		for _, kind := range want {
			e := steps[kind]
			if e == nil || !sameFacts(e, r) || e.GetOccurredAt().AsTime().Before(at) {
				t.Fatalf("%v\nhas of %s\n%v", r, kind, e)
			}
			at = e.GetOccurredAt().AsTime()
		}
		if !at.Equal(r.GetExperiencedAt().AsTime()) {
			t.Fatalf("order %s ended at %s, rated of %s", r.GetOrderId(), at, r.GetExperiencedAt().AsTime())
		}
	}
}

func demoBrand(t *testing.T) *config.Brand {
	t.Helper()
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	brand, err := brands.Get("demo")
	if err != nil {
		t.Fatal(err)
	}
	return brand
}

// What the world calls late is late by the brand's norms, and what it calls in time
// is not; who waited scores lower and calls more often.
func TestLateByTheNorms(t *testing.T) {
	brand := demoBrand(t)
	w := world(6, 60, 6000, 60)
	calls, deliveries := map[bool]int{}, map[bool]int{}
	var in, late []*surveyv1.Response
	for day := w.first; day.Before(anchor); day = day.AddDate(0, 0, 1) {
		for key, e := range w.on(day) {
			if e.courier == nil || e.outcome != fulfilled {
				continue
			}
			deliveries[e.late]++
			var promised, arrived time.Time
			for _, ev := range w.story(Source, key, e, time.Time{}, anchor.AddDate(1, 0, 0)) {
				switch ev.GetKind() {
				case kindPlaced:
					promised = ev.GetPromisedAt().AsTime().In(moscow)
					if promised.Before(ev.GetOccurredAt().AsTime()) {
						t.Fatalf("order %s was promised for before it was placed", e.order)
					}
				case kindDelivered:
					arrived = ev.GetOccurredAt().AsTime().In(moscow)
				case kindCall, kindChat:
					calls[e.late]++
				}
			}
			norm := brand.Norms.For(strings.TrimPrefix(e.channel.id.String(), "CHANNEL_"))
			isLate := arrived.After(promised.Add(norm.Grace))
			if norm.Late == config.LateDay {
				isLate = arrived.YearDay() > promised.YearDay()
			}
			if isLate != e.late {
				t.Fatalf("order %s by %s: promised %s, arrived %s", e.order, e.channel.id, promised, arrived)
			}
			if !e.answers {
				continue
			}
			if r := w.respond(w.chance(ofAnswer, key), e); e.late {
				late = append(late, r)
			} else {
				in = append(in, r)
			}
		}
	}
	if nps(late) > nps(in)-30 {
		t.Errorf("NPS of late orders %.1f (%d), of others %.1f (%d)", nps(late), len(late), nps(in), len(in))
	}
	if l, i := float64(calls[true])/float64(deliveries[true]), float64(calls[false])/float64(deliveries[false]); l < 3*i {
		t.Errorf("%.3f contacts a late order, %.3f another", l, i)
	}
}

// Every kind is named, every kind and every ending happens, and what the map counts
// is there to be counted.
func TestKindsAndMap(t *testing.T) {
	w := world(9, 60, 4000, 60)
	seen, endings, about := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, e := range w.told(anchor) {
		seen[e.GetKind()]++
		if e.GetReason() != "" {
			endings[e.GetKind()]++
		}
		if e.GetTouchpoint() != "" {
			about[e.GetTouchpoint()] = true
		}
	}
	named := map[string]bool{}
	for _, k := range Kinds() {
		named[k.GetKind()] = true
		if seen[k.GetKind()] == 0 || k.GetTitles()["ru"] == "" || k.GetTitles()["en"] == "" {
			t.Errorf("%s happened %d times, is called %v", k.GetKind(), seen[k.GetKind()], k.GetTitles())
		}
	}
	for kind, n := range seen {
		if !named[kind] {
			t.Errorf("%s happened %d times and has no name", kind, n)
		}
	}
	for _, kind := range []string{kindFailed, kindCancelledShop, kindCancelledCustomer, kindNotCollected, kindCall, kindChat, kindReturn} {
		if endings[kind] != seen[kind] {
			t.Errorf("%s: %d of %d with a reason", kind, endings[kind], seen[kind])
		}
	}
	for _, st := range Map().GetDraft().GetStages() {
		for _, p := range st.GetTouchpoints() {
			delete(about, p.GetId())
			for _, kind := range p.GetEventKinds() {
				if !named[kind] {
					t.Errorf("touchpoint %s counts %s, which never happens", p.GetId(), kind)
				}
			}
		}
	}
	if len(about) > 0 {
		t.Errorf("contacts are about %v, which the map has not", about)
	}
}

// No identity belongs to two rows, each customer has one at least, and whoever buys
// is known by one of them.
func TestCustomersAreToldApart(t *testing.T) {
	w := world(5, 40, 3000, 60)
	row := map[string]int64{}
	var ids []int64
	for c := range w.Customers() {
		ids = append(ids, int64(len(ids)+1))
		if len(c.GetIdentities()) == 0 || c.GetZone() == "" {
			t.Fatalf("customer %v", c)
		}
		for _, id := range c.GetIdentities() {
			if row[id.GetValue()] != 0 {
				t.Fatalf("%s is given twice", id.GetValue())
			}
			row[id.GetValue()] = ids[len(ids)-1]
		}
	}
	for _, e := range w.told(anchor) {
		if e.GetActor() != nil && row[e.GetCustomer().GetIdentity().GetValue()] == 0 {
			t.Fatalf("%v is of nobody", e)
		}
	}
	pairs := w.pairs(ids)
	two := len(ids) - int(w.people)
	if len(pairs) == 0 || len(pairs) >= two {
		t.Errorf("%d customers, %d with two rows, %d of them noticed", int(w.people), two, len(pairs))
	}
	for _, p := range pairs {
		if p[0] != p[1]+1 || !w.isTwo(ofRow(w, p[1])) {
			t.Errorf("%v are not two halves", p)
		}
	}
}

// ofRow is the customer whose first row has a number.
func ofRow(w *World, row int64) int64 {
	at := int64(1)
	for n := int64(1); ; n++ {
		if at >= row {
			return n
		}
		at++
		if w.isTwo(n) {
			at++
		}
	}
}

// Receipts are such that each of the brand's occasions is found.
func TestReceiptsHaveOccasions(t *testing.T) {
	w := world(2, 40, 1500, 30)
	brand := demoBrand(t)
	found := map[string]int{}
	for _, e := range w.told(anchor) {
		if e.GetKind() != kindPurchase {
			continue
		}
		items := 0
		for _, l := range e.GetLines() {
			items += int(l.GetQuantityMilli() / piece)
		}
		at, party := e.GetOccurredAt().AsTime().In(moscow), int(e.GetPartySize())
		for _, rule := range brand.Receipts {
			within := func(n, low, high int) bool { return n >= low && (high == 0 || n <= high) }
			if rule.At(at.Weekday(), at.Hour()*60+at.Minute()) && within(items, rule.MinItems, rule.MaxItems) && within(party, rule.MinParty, rule.MaxParty) {
				found[rule.Occasion]++
			}
		}
	}
	for _, rule := range brand.Receipts {
		if found[rule.Occasion] < 20 {
			t.Errorf("%s is found %d times", rule.Occasion, found[rule.Occasion])
		}
	}
}

// What happens live is over, and the answer is about it.
func TestLiveAgrees(t *testing.T) {
	w := world(3, 40, 1000, 30)
	answers := 0
	for n := range uint64(400) {
		now := anchor.Add(time.Duration(n) * 13 * time.Minute)
		events, r := w.Live(n, now)
		var receipt *journeyv1.Event
		for _, e := range events {
			if e.GetOccurredAt().AsTime().After(now) {
				t.Fatalf("%v has yet to happen at %s", e, now)
			}
			if e.GetKind() == kindPurchase {
				receipt = e
			}
		}
		if r == nil {
			continue
		}
		answers++
		if receipt == nil || !sameFacts(receipt, r) || !proto.Equal(receipt.GetOccurredAt(), r.GetExperiencedAt()) || receipt.GetOrderId() != r.GetOrderId() {
			t.Fatalf("%v\nhas the receipt\n%v", r, receipt)
		}
	}
	if answers < 60 || answers > 140 {
		t.Errorf("%d of 400 answer", answers)
	}
}
