package suite

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// Days of the two worlds: in one of them mail:2 is merged into mail:1 for a week.
const (
	mergeDay   = 3
	unmergeDay = 10
	lastDay    = 14
)

// TestUnmergeIsAsIfNothingHadBeen lets two worlds see the same facts for a fortnight.
// In one of them two customers are one person for a week; afterwards no service
// answers anything differently.
func TestUnmergeIsAsIfNothingHadBeen(t *testing.T) {
	onEach(t, func(t *testing.T, url func(testing.TB) string) {
		for _, sealed := range []int{0, 6} {
			t.Run(fmt.Sprint("sealed on day ", sealed), func(t *testing.T) {
				t.Parallel()
				plain, joined := newWorld(t, url), newWorld(t, url)
				for _, w := range []*world{plain, joined} {
					w.settle()
				}
				for day := 1; day <= lastDay; day++ {
					for _, w := range []*world{plain, joined} {
						w.clock.set(monday.AddDate(0, 0, day))
						w.live(day)
						if day == sealed {
							w.drain()
							w.seal()
						}
					}
					switch day {
					case mergeDay:
						must[*segmentationv1.MergeCustomersResponse](t)(joined.segmentation.MergeCustomers(t.Context(),
							&segmentationv1.MergeCustomersRequest{Brand: brand, FromId: 2, IntoId: 1}))
					case unmergeDay:
						must[*segmentationv1.UnmergeCustomersResponse](t)(joined.segmentation.UnmergeCustomers(t.Context(),
							&segmentationv1.UnmergeCustomersRequest{Brand: brand, FromId: 2}))
					}
					if day == mergeDay || day == sealed || day == unmergeDay-1 {
						oneIsTwo(t, plain, joined)
					}
					if day == 1 || day == unmergeDay || day == lastDay {
						same(t, day, plain, joined)
					}
				}
				plain.drain()
				plain.seal()
				joined.drain()
				joined.seal()
				same(t, lastDay+1, plain, joined)
			})
		}
	})
}

// same holds all answers of two worlds against each other.
func same(t *testing.T, day int, plain, joined *world) {
	t.Helper()
	plain.drain()
	joined.drain()
	want, got := plain.answers(1, 2, 3), joined.answers(1, 2, 3)
	for name := range want {
		if diff := cmp.Diff(want[name], got[name], apart...); diff != "" {
			t.Errorf("day %d, %s: %s", day, name, diff)
		}
	}
}

// oneIsTwo holds a world in which 1 and 2 are one person against one where they are
// not: everything of the two is of either, and counts of people are smaller by one.
func oneIsTwo(t *testing.T, plain, joined *world) {
	t.Helper()
	plain.drain()
	joined.drain()
	apartFrom, together := plain.answers(1, 2, 3), joined.answers(1, 2, 3)
	customer := func(in map[string]proto.Message, id int) *segmentationv1.Customer {
		return in[fmt.Sprint("customer of ", id)].(*segmentationv1.GetCustomerResponse).GetCustomer()
	}
	one, two := customer(together, 1), customer(together, 2)
	if one.GetPersonId() != 1 || two.GetPersonId() != 1 || cmp.Diff([]int64{1, 2}, two.GetMemberIds()) != "" {
		t.Errorf("persons %d and %d of members %v", one.GetPersonId(), two.GetPersonId(), two.GetMemberIds())
	}
	if diff := cmp.Diff(one.GetPurchases(), two.GetPurchases(), apart...); diff != "" {
		t.Errorf("purchases: %s", diff)
	}
	sum := customer(apartFrom, 1).GetPurchases().GetPurchases() + customer(apartFrom, 2).GetPurchases().GetPurchases()
	if one.GetPurchases().GetPurchases() != sum {
		t.Errorf("%d purchases, want %d", one.GetPurchases().GetPurchases(), sum)
	}
	for _, what := range []string{"journey", "responses", "survey", "service"} {
		if diff := cmp.Diff(together[what+" of 1"], together[what+" of 2"], apart...); diff != "" {
			t.Errorf("%s of 1 and 2 differ: %s", what, diff)
		}
	}
	events := func(in map[string]proto.Message, id int) int {
		return len(in[fmt.Sprint("journey of ", id)].(*journeyv1.ListJourneyResponse).GetEvents())
	}
	if events(together, 2) != events(apartFrom, 1)+events(apartFrom, 2) {
		t.Errorf("%d events, of two persons %d and %d", events(together, 2), events(apartFrom, 1), events(apartFrom, 2))
	}
	people := func(in map[string]proto.Message) (n [4]int64) {
		n[0] = in["customers"].(*segmentationv1.ListCustomersResponse).GetPersons()
		n[1] = in["funnel"].(*journeyv1.GetFunnelResponse).GetTotal().GetSteps()[0].GetUnits()
		n[2] = in["paths"].(*journeyv1.GetPathsResponse).GetUnits()
		n[3] = in["map"].(*journeyv1.GetMapScoresResponse).GetTouchpoints()[0].GetPeople()
		return n
	}
	if a, b := people(apartFrom), people(together); a != [4]int64{3, 3, 3, 3} || b != [4]int64{2, 2, 2, 2} {
		t.Errorf("persons, in the funnel, in paths, on the map: %v apart, %v together", a, b)
	}
	for name, diff := range map[string]string{
		"metric":       cmp.Diff(apartFrom["metric"], together["metric"], apart...),
		"success":      cmp.Diff(apartFrom["success"], together["success"], apart...),
		"contact rate": cmp.Diff(apartFrom["contact rate"], together["contact rate"], apart...),
		"customer 3":   cmp.Diff(apartFrom["customer of 3"], together["customer of 3"], apart...),
	} {
		if diff != "" {
			t.Errorf("%s moved with the merge: %s", name, diff)
		}
	}
}

// settle brings three customers, with numbers in order, and a map.
func (w *world) settle() {
	w.t.Helper()
	ctx := w.t.Context()
	for i := range 3 {
		out := must[*segmentationv1.ResolveCustomersResponse](w.t)(w.segmentation.ResolveCustomers(ctx, &segmentationv1.ResolveCustomersRequest{
			Brand: brand, Identities: []*commonv1.Identity{whom(fmt.Sprint("mail:", i+1))}}))
		if id := out.GetResults()[0].GetId(); id != int64(i+1) {
			w.t.Fatalf("mail:%d is number %d", i+1, id)
		}
	}
	must[*journeyv1.CreateMapResponse](w.t)(w.journey.CreateMap(ctx, &journeyv1.CreateMapRequest{Brand: brand, Map: &journeyv1.JourneyMap{
		Id: "way", Draft: &journeyv1.MapContent{Titles: map[string]string{"en": "Way"}, Stages: []*journeyv1.Stage{{Id: "all", Touchpoints: []*journeyv1.Touchpoint{
			{Id: "look", EventKinds: []string{"visit"}, Metric: metric}, {Id: "buy", EventKinds: []string{"purchase"}, Metric: metric},
		}}}}}}))
	must[*journeyv1.PublishMapResponse](w.t)(w.journey.PublishMap(ctx, &journeyv1.PublishMapRequest{Brand: brand, MapId: "way"}))
}

// live is one day of three customers: most facts come by their identities, some of
// them tell of days before, and leave to contact that either world gives.
func (w *world) live(day int) {
	w.t.Helper()
	now := monday.AddDate(0, 0, day)
	var events []*journeyv1.Event
	for who := 1; who <= 3; who++ {
		name, id := fmt.Sprint("mail:", who), fmt.Sprint(who, " on ", day)
		at := now.Add(-time.Duration(who*day%7) * time.Hour)
		events = append(events, happened("visit "+id, "visit", name, at.Add(-time.Hour)))
		if (day+who)%3 > 0 {
			events = append(events, sold("bought "+id, "purchase", name, at.AddDate(0, 0, -(day*who%5)*9), int64(day*who)))
		}
		if (day+who)%4 == 0 {
			asked := happened("asked "+id, "contact.call", name, at.Add(time.Minute))
			asked.Reason = "late"
			events = append(events, asked)
		}
		k := 100*day + who
		placed := happened("placed "+id, "order.placed", name, at)
		placed.OrderId, placed.PromisedAt = orderName(k), stamp(at.Add(48*time.Hour))
		events = append(events, placed)
		if day > 4 {
			events = append(events, ended(k-400, name, monday.AddDate(0, 0, day-4)))
		}
		// Which case a low answer opens depends on whether its customer is known at
		// once, so these come by number.
		low := answered("answer "+id, name, orderName(k), at, int32(k*7%11))
		low.Customer = byNumber(int64(who))
		w.submit(low, answered("praise "+id, name, orderName(k), at, int32(7+k%4)))
	}
	w.record(events...)
	row := []*segmentationv1.CustomerRow{{Line: 1, Customer: upserted("mail:2", fmt.Sprint("nick ", day), day)}}
	stream := must[segmentationv1.SegmentationService_UpsertCustomersClient](w.t)(w.segmentation.UpsertCustomers(w.t.Context()))
	if err := stream.Send(&segmentationv1.UpsertCustomersRequest{Brand: brand, Rows: row}); err != nil {
		w.t.Fatal(err)
	}
	must[*segmentationv1.UpsertCustomersResponse](w.t)(stream.Recv())
	if err := stream.CloseSend(); err != nil {
		w.t.Fatal(err)
	}
	switch day {
	case 2:
		w.reserve(1, "survey")
	case 5:
		w.reserve(2, "service")
	case 12:
		w.reserve(2, "survey")
	}
}

// reserve asks for leave that must be given.
func (w *world) reserve(id int64, purpose string) {
	w.t.Helper()
	out := must[*segmentationv1.ReserveContactResponse](w.t)(w.segmentation.ReserveContact(w.t.Context(), &segmentationv1.ReserveContactRequest{
		Brand: brand, RequestId: fmt.Sprint(id, purpose),
		Contact: &segmentationv1.ContactRequest{Customer: byNumber(id), Purpose: purpose, Mode: commonv1.ContactMode_CONTACT_MODE_EMAIL},
	}))
	if !out.GetAllowed() {
		w.t.Fatalf("%s to %d: %v", purpose, id, out.GetVerdict())
	}
}

// seal writes the lake.
func (w *world) seal() {
	w.t.Helper()
	out := must[*journeyv1.SealLakeResponse](w.t)(w.journey.SealLake(w.t.Context(), &journeyv1.SealLakeRequest{Brand: brand}))
	if out.GetEvents() == 0 {
		w.t.Error("nothing was sealed")
	}
}
