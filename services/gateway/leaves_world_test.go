package gateway_test

import (
	"fmt"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// address is the e-mail of a customer of the small world.
func address(i int) string { return fmt.Sprintf("customer%d@example.com", i) }

// customersMade is how many customers the small world has.
const customersMade = 40

// live fills a suite with a small world: customers who order over half a year, come
// back or do not, wait too long, call and answer. It returns their numbers.
func (s *suite) live(t *testing.T) []int64 {
	t.Helper()
	define(t, s.world)
	ids := s.people(t)
	var events []*journeyv1.Event
	for i, id := range ids {
		for visit := range 1 + i%3 {
			at := noon.AddDate(0, 0, -7*(i%24)-31*visit).Add(-time.Duration(i) * time.Minute)
			if at.Before(noon.AddDate(-1, 0, 0)) {
				continue
			}
			events = append(events, order(id, fmt.Sprintf("%d-%d", i, visit), at, i+visit)...)
		}
	}
	s.record(t, events)
	s.judged(t, 30)
	for i, id := range ids[:20] {
		r := response(fmt.Sprint(101+i%4), 3+i%20, int32([]int{9, 10, 2, 9}[i%4]), said[i%len(said)])
		r.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
		r.Channel = []commonv1.Channel{commonv1.Channel_CHANNEL_WEB, commonv1.Channel_CHANNEL_COURIER}[i%2]
		s.submit(t, fmt.Sprint("r", i), r)
	}
	s.chart(t)
	return ids
}

func (s *suite) people(t *testing.T) []int64 {
	t.Helper()
	stream, err := s.UpsertCustomers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := &segmentationv1.UpsertCustomersRequest{Brand: brand}
	for i := range customersMade {
		in.Rows = append(in.Rows, &segmentationv1.CustomerRow{Line: int64(i), Customer: &segmentationv1.Customer{Identities: []*commonv1.Identity{
			{Kind: commonv1.Identity_KIND_EMAIL, Value: address(i)},
			{Kind: commonv1.Identity_KIND_CARD, Value: fmt.Sprintf("7700%04d", i)},
			{Kind: commonv1.Identity_KIND_EXTERNAL, Namespace: "shop", Value: fmt.Sprintf("c-%d", i)},
		}}})
	}
	if err := stream.Send(in); err != nil {
		t.Fatal(err)
	}
	got, err := stream.Recv()
	if err != nil || len(got.GetRejections()) > 0 {
		t.Fatal(got, err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	return got.GetIds()
}

// order is one order of a customer: the chosen one of a few ways it may go.
func order(id int64, key string, at time.Time, way int) []*journeyv1.Event {
	channel := []commonv1.Channel{commonv1.Channel_CHANNEL_WEB, commonv1.Channel_CHANNEL_APP}[way%2]
	var out []*journeyv1.Event
	add := func(kind string, after time.Duration) *journeyv1.Event {
		e := &journeyv1.Event{
			Source: "shop", ExternalId: key + "/" + kind, Kind: kind, Channel: channel, OrderId: key, OccurredAt: stamp(at.Add(after)),
			Actor: &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}},
		}
		out = append(out, e)
		return e
	}
	add("visit", -time.Hour)
	add("order.placed", 0).PromisedAt = stamp(at.Add(72 * time.Hour))
	bought := add("purchase", time.Minute)
	bought.Amount = &commonv1.Money{Currency: "RUB", MinorUnits: 123_450 + int64(way)*1000}
	switch way % 7 {
	case 5:
		add("order.cancelled.shop", 20*time.Hour)
		return out
	case 6:
		add("contact.call", 30*time.Hour).Reason = "where is my order"
	}
	add("order.shipped", 24*time.Hour)
	add("order.delivered", time.Duration(48+12*(way%5))*time.Hour).Touchpoint = "door"
	return out
}

// record records events in calls of at most 100; those of the future are left out.
func (s *suite) record(t *testing.T, events []*journeyv1.Event) {
	t.Helper()
	for len(events) > 0 {
		n := min(100, len(events))
		in := &journeyv1.RecordEventsRequest{Brand: brand}
		for _, e := range events[:n] {
			if !e.GetOccurredAt().AsTime().After(noon) {
				in.Events = append(in.Events, e)
			}
		}
		events = events[n:]
		got, err := s.RecordEvents(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got.GetResults() {
			if r.GetError() != nil {
				t.Fatal(r.GetError())
			}
		}
	}
}

// chart publishes a map of an order.
func (s *suite) chart(t *testing.T) {
	t.Helper()
	point := func(id, en, ru string, at, emotion int32, kinds ...string) *journeyv1.Touchpoint {
		return &journeyv1.Touchpoint{Id: id, Titles: map[string]string{"en": en, "ru": ru}, At: at, Emotion: emotion, EventKinds: kinds}
	}
	look := point("site", "The site", "Сайт", 0, 1, "visit")
	look.Owner, look.Channel, look.Metric = "Web team", commonv1.Channel_CHANNEL_UNSPECIFIED, "nps.network"
	buy := point("checkout", "Checkout", "Оформление", 0, 0, "order.placed")
	buy.Metric, buy.Channel, buy.Quotes = "csi.visit", commonv1.Channel_CHANNEL_WEB, []string{"Three clicks, and it was mine."}
	wait := point("wait", "Waiting", "Ожидание", 1, -2, "order.shipped")
	wait.Barriers, wait.Influencers = []string{"Nobody says where the parcel is."}, []string{"Neighbours"}
	door := point("door", "At the door", "У двери", 2, 2, "order.delivered")
	door.Offline, door.Metric, door.Channel, door.Owner = true, "csi.visit", commonv1.Channel_CHANNEL_UNSPECIFIED, "Delivery"
	call := point("call", "A call to us", "Звонок нам", 2, -1, "contact")
	stage := func(id, en, ru, goal string, points ...*journeyv1.Touchpoint) *journeyv1.Stage {
		return &journeyv1.Stage{Id: id, Titles: map[string]string{"en": en, "ru": ru}, Goal: goal, Touchpoints: points}
	}
	content := &journeyv1.MapContent{
		Titles: map[string]string{"en": "An order from the web shop", "ru": "Заказ в интернет-магазине"}, TimeAxis: []string{"Day 1", "Day 2", "Day 3"},
		Stages: []*journeyv1.Stage{
			stage("choose", "Choosing", "Выбор", "To find the right size", look, buy),
			stage("wait", "Waiting", "Ожидание", "", wait), stage("get", "Getting it", "Получение", "To have it in time", door, call),
		},
	}
	for id, c := range map[string]*journeyv1.MapContent{"order": content, "draft": content} {
		if _, err := s.CreateMap(t.Context(), &journeyv1.CreateMapRequest{Brand: brand, Map: &journeyv1.JourneyMap{Id: id, Draft: c}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.PublishMap(t.Context(), &journeyv1.PublishMapRequest{Brand: brand, MapId: "order"}); err != nil {
		t.Fatal(err)
	}
}
