package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// guest is a customer of the marketer's world, as the test knows it.
type guest struct {
	youngest, problem, city string
	born                    float64
	channel                 string
	paid                    int64
	nps                     int32
}

// guests are how many there are: enough of parents of toddlers who buy by courier
// for a conclusion.
const guestsMade = 480

func guests() []guest {
	out := make([]guest, guestsMade)
	for i := range out {
		g := guest{
			youngest: []string{"toddler", "none", "toddler", "school"}[i%4], problem: []string{"prices", "time", "distance"}[i%3],
			city: []string{"Омск", "Тверь", "Псков", "Орёл", "Тула"}[i%5], born: float64(1960 + i%40),
			channel: "COURIER", paid: 100_00 + int64(i), nps: []int32{10, 9, 3, 8, 10, 6, 9}[i%7],
		}
		if i%4 == 2 && i%12 != 2 {
			g.problem = "time"
		}
		if i%3 == 2 {
			g.channel = "WEB"
		}
		out[i] = g
	}
	return out
}

// audience fills a suite with guests who bought once and said what they thought, two
// segments and a run of RFM.
func (s *suite) audience(t *testing.T) []guest {
	t.Helper()
	define(t, s.world)
	all := guests()
	s.declare(t)
	ids := s.welcome(t, all)
	var events []*journeyv1.Event
	for i, g := range all {
		at := noon.AddDate(0, 0, -i%60)
		events = append(events, &journeyv1.Event{
			Source: "till", ExternalId: fmt.Sprint(i), Kind: "purchase", OccurredAt: stamp(at), Channel: commonv1.Channel(commonv1.Channel_value["CHANNEL_"+g.channel]),
			Actor:  &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: ids[i]}}},
			Amount: &commonv1.Money{Currency: "RUB", MinorUnits: g.paid},
		})
		r := response(fmt.Sprint(101+i%4), 1+i%20, g.nps, "")
		r.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: ids[i]}}
		s.submit(t, fmt.Sprint("guest", i), r)
	}
	s.record(t, events)
	s.counted(t, guestsMade)
	if _, err := s.ComputeRfm(t.Context(), &segmentationv1.ComputeRfmRequest{Brand: brand}); err != nil {
		t.Fatal(err)
	}
	for id, rule := range map[string]string{"toddlers": `attributes.family.youngest == "toddler"`, "omsk": `attributes.city == "Омск"`} {
		_, err := s.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: &segmentationv1.Segment{
			Id: id, Titles: map[string]string{"en": "The " + id}, Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: rule}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func (s *suite) declare(t *testing.T) {
	t.Helper()
	const text, number = segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT, segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER
	_, err := s.DeclareAttributes(t.Context(), &segmentationv1.DeclareAttributesRequest{Brand: brand, Attributes: []*segmentationv1.Attribute{
		{Name: "city", Type: text, Title: "City"}, {Name: "family.youngest", Type: text, Personal: true, Title: "Youngest child"},
		{Name: "problem", Type: text, Title: "Main problem"}, {Name: "born", Type: number, Personal: true, Title: "Year of birth"},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *suite) welcome(t *testing.T, all []guest) []int64 {
	t.Helper()
	stream, err := s.UpsertCustomers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := &segmentationv1.UpsertCustomersRequest{Brand: brand}
	word := func(v string) *segmentationv1.AttributeValue {
		return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Text{Text: v}}
	}
	for i, g := range all {
		in.Rows = append(in.Rows, &segmentationv1.CustomerRow{Line: int64(i), Customer: &segmentationv1.Customer{
			Identities: []*commonv1.Identity{{Kind: commonv1.Identity_KIND_EMAIL, Value: address(i)}},
			Attributes: map[string]*segmentationv1.AttributeValue{
				"family.youngest": word(g.youngest), "problem": word(g.problem), "city": word(g.city),
				"born": {Value: &segmentationv1.AttributeValue_Number{Number: g.born}},
			},
		}})
	}
	if err := stream.Send(in); err != nil {
		t.Fatal(err)
	}
	got, err := stream.Recv()
	if err != nil || len(got.GetRejections()) > 0 {
		t.Fatal(got, err)
	}
	return got.GetIds()
}

// counted waits until so many purchases are known, and answers can be told of
// persons: both follow logs.
func (s *suite) counted(t *testing.T, n int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		got, err := s.GetSegmentValue(ctx, &segmentationv1.GetSegmentValueRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		if got.GetTotal().GetValue().GetPurchases() == n {
			return
		}
	}
}

// portrait is what the test itself finds of some guests.
type portrait struct {
	n          int
	nps, check float64
	problem    string
	share      float64
}

func paint(all []guest) (p portrait) {
	problems := map[string]int{}
	var up, down int
	var paid int64
	for _, g := range all {
		p.n++
		paid += g.paid
		problems[g.problem]++
		if g.nps >= 9 {
			up++
		}
		if g.nps <= 6 {
			down++
		}
	}
	p.nps, p.check = float64(up-down)/float64(p.n)*100, float64(paid)/float64(p.n)/100
	for _, name := range []string{"distance", "prices", "time"} {
		if problems[name] > problems[p.problem] {
			p.problem = name
		}
	}
	p.share = float64(problems[p.problem]) / float64(p.n) * 100
	return p
}

// parted are the guests that something holds for, and the others.
func parted(all []guest, holds func(guest) bool) (yes, no []guest) {
	yes = slices.DeleteFunc(slices.Clone(all), func(g guest) bool { return !holds(g) })
	no = slices.DeleteFunc(slices.Clone(all), holds)
	return yes, no
}
