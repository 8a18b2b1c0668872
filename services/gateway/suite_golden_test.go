package gateway_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// peopleCalls are a life of the customers of one brand.
var peopleCalls = []call{
	{rpc: "DeclareAttributes", method: "POST", path: "/v1/demo/attributes:declare", body: `{"attributes": [
		{"name": "city", "type": "ATTRIBUTE_TYPE_TEXT", "personal": true, "title": "City"}, {"name": "club", "type": "ATTRIBUTE_TYPE_BOOL"}]}`},
	{rpc: "ListAttributes", method: "GET", path: "/v1/demo/attributes"},
	{rpc: "ResolveCustomers", method: "POST", path: "/v1/demo/customers:resolve", body: `{"identities": [
		{"kind": "KIND_EMAIL", "value": "Anna@Example.com"}, {"kind": "KIND_EMAIL", "value": "anna@example.com"}, {"kind": "KIND_PHONE", "value": "call me"}]}`},
	{rpc: "UpsertCustomers", method: "POST", path: "/v1/customers:upsert", lines: 1, body: `{"brand": "demo", "rows": [
		{"line": 2, "customer": {"identities": [{"kind": "KIND_EMAIL", "value": "anna@example.com"}, {"kind": "KIND_PHONE", "value": "+7 495 123-45-67"}],
			"attributes": {"city": {"text": "Tver"}, "club": {"flag": true}}, "consents": [{"purpose": "marketing", "granted": true}]}},
		{"line": 3, "customer": {"identities": [{"kind": "KIND_CARD", "value": "770012"}]}},
		{"line": 4, "customer": {"attributes": {"city": {"text": "Omsk"}}}}]}`},
	{rpc: "GetCustomer", method: "GET", path: "/v1/demo/customers/1"},
	{rpc: "ListCustomers", method: "GET", path: "/v1/demo/customers?pageSize=1"},
	{rpc: "MergeCustomers", method: "POST", path: "/v1/demo/customers/2:merge", body: `{"intoId": "1", "reason": "the same card"}`},
	{rpc: "UnmergeCustomers", method: "POST", path: "/v1/demo/customers/2:unmerge", body: `{}`},
	{rpc: "WatchCustomers", method: "GET", path: "/v1/demo/customers:watch", lines: 1},
	{rpc: "ExamineContact", method: "POST", path: "/v1/demo/contacts:examine", body: `{"contact": {"customer": {"id": "2"}, "purpose": "marketing", "mode": "CONTACT_MODE_EMAIL"}}`},
	{rpc: "ReserveContact", method: "POST", path: "/v1/demo/contacts:reserve", body: `{"requestId": "c1", "contact": {"customer": {"id": "1"}, "purpose": "survey", "mode": "CONTACT_MODE_EMAIL"}}`},
	{rpc: "ReleaseContact", method: "POST", path: "/v1/demo/contacts/{reservationId}:release", body: `{}`},
	{rpc: "ComputeRfm", method: "POST", path: "/v1/demo/rfm:compute", body: `{"day": "2026-03-02"}`},
	{rpc: "ListRfmRuns", method: "GET", path: "/v1/demo/rfm/runs"},
	{rpc: "GetRfm", method: "GET", path: "/v1/demo/customers/1/rfm"},
	{rpc: "GetRfmGrid", method: "GET", path: "/v1/demo/rfm"},
	{rpc: "ListFields", method: "GET", path: "/v1/demo/segment-fields"},
	{rpc: "ListSegmentTemplates", method: "GET", path: "/v1/demo/segment-templates"},
	{rpc: "PreviewSegment", method: "POST", path: "/v1/demo/segments:preview", body: `{"rule": {"expression": "purchases.count_30d > 0"}}`},
	{rpc: "CreateSegment", method: "POST", path: "/v1/demo/segments", body: `{"id": "tver", "titles": {"en": "From Tver"}, "rule": {"expression": "attributes.city == 'Tver'"}}`},
	{rpc: "UpdateSegment", method: "PUT", path: "/v1/demo/segments/tver", body: `{"rule": {"expression": "attributes.city == 'Tver' && purchases.count > 0"}, "version": 1}`},
	{rpc: "GetSegment", method: "GET", path: "/v1/demo/segments/tver"},
	{rpc: "ListSegments", method: "GET", path: "/v1/demo/segments"},
	{rpc: "ListMembers", method: "GET", path: "/v1/demo/segments/tver/members"},
	{rpc: "GetMemberships", method: "GET", path: "/v1/demo/customers/1/segments"},
	{rpc: "ExplainMembership", method: "GET", path: "/v1/demo/segments/tver/members/1:explain"},
	{rpc: "GetSegmentBitmap", method: "GET", path: "/v1/demo/segments/tver/bitmap"},
	{rpc: "WatchMemberships", method: "GET", path: "/v1/demo/memberships:watch", lines: 1},
	{rpc: "ArchiveSegment", method: "POST", path: "/v1/demo/segments/tver:archive", body: `{}`},
	{rpc: "ExportCustomer", method: "GET", path: "/v1/demo/customers/2:export", lines: 1},
	{rpc: "EraseCustomer", method: "POST", path: "/v1/demo/customers/2:erase", body: `{}`},
	{rpc: "GetErasure", method: "GET", path: "/v1/demo/erasures/1"},
	{rpc: "ReportErasure", method: "POST", path: "/v1/demo/erasures/1:report", body: `{"service": "survey"}`},
}

// eventCalls are what happens in one brand, and what is asked of it.
var eventCalls = []call{
	{rpc: "RecordEvents", method: "POST", path: "/v1/demo/events", body: `{"events": [
		{"source": "shop", "externalId": "1", "kind": "order.placed", "customer": {"id": "7"}, "channel": "CHANNEL_WEB", "orderId": "a", "occurredAt": "2026-02-20T09:00:00Z", "promisedAt": "2026-02-22T09:00:00Z"},
		{"source": "shop", "externalId": "2", "kind": "purchase", "customer": {"id": "7"}, "channel": "CHANNEL_WEB", "orderId": "a", "occurredAt": "2026-02-20T09:01:00Z", "amount": {"currency": "RUB", "minorUnits": "159900"}},
		{"source": "shop", "externalId": "3", "kind": "order.delivered", "customer": {"id": "7"}, "orderId": "a", "occurredAt": "2026-02-21T09:00:00Z"},
		{"source": "shop", "externalId": "4", "kind": "purchase", "occurredAt": "1970-01-01T00:00:00Z"}]}`},
	{rpc: "ImportEvents", method: "POST", path: "/v1/events:import", lines: 1, body: `{"brand": "demo", "rows": [
		{"line": 2, "event": {"source": "calls", "externalId": "1", "kind": "contact.call", "customer": {"id": "7"}, "channel": "CHANNEL_CALL_CENTER", "touchpoint": "delivery", "reason": "where is it", "occurredAt": "2026-02-20T20:00:00Z"}},
		{"line": 3, "event": {"source": "calls", "externalId": "2", "kind": ""}}]}`},
	{rpc: "ListJourney", method: "GET", path: "/v1/demo/customers/7/journey?pageSize=2"},
	{rpc: "WatchEvents", method: "GET", path: "/v1/demo/events:watch", lines: 1},
	{rpc: "DescribeEventKinds", method: "POST", path: "/v1/demo/event-kinds:describe", body: `{"kinds": [{"kind": "contact.call", "titles": {"en": "A call", "ru": "Звонок"}}]}`},
	{rpc: "ListEventKinds", method: "GET", path: "/v1/demo/event-kinds"},
	{rpc: "CreateMap", method: "POST", path: "/v1/demo/maps", body: `{"id": "order", "draft": {"titles": {"en": "An order"}, "stages": [{"id": "buy", "touchpoints": [
		{"id": "site", "eventKinds": ["order.placed"], "channel": "CHANNEL_WEB"}, {"id": "delivery", "eventKinds": ["order.delivered"], "offline": true}]}]}}`},
	{rpc: "UpdateMap", method: "PUT", path: "/v1/demo/maps/order", body: `{"etag": "{etag}", "draft": {"titles": {"en": "An order", "ru": "Заказ"}, "stages": [{"id": "buy", "touchpoints": [
		{"id": "site", "eventKinds": ["order.placed"], "channel": "CHANNEL_WEB"}, {"id": "delivery", "eventKinds": ["order.delivered"], "offline": true}]}]}}`},
	{rpc: "PublishMap", method: "POST", path: "/v1/demo/maps/order:publish", body: `{}`},
	{rpc: "GetMap", method: "GET", path: "/v1/demo/maps/order"},
	{rpc: "ListMaps", method: "GET", path: "/v1/demo/maps"},
	{rpc: "GetMapScores", method: "GET", path: "/v1/demo/maps/order/scores?window.lastDays=30"},
	{rpc: "GetSuccessIndex", method: "GET", path: "/v1/demo/success-index?groupBy=MEASURE_GROUP_CHANNEL"},
	{rpc: "GetContactRate", method: "POST", path: "/v1/demo/contact-rate:get", body: `{"window": {"lastDays": 30}}`},
	{rpc: "BatchGetMeasures", method: "POST", path: "/v1/demo/measures:batchGet", body: `{"requests": [{"contactRate": {"window": {"lastDays": 30}}}, {"successIndex": {"filter": {"kinds": ["purchase"]}}}]}`},
	{rpc: "GetRetention", method: "GET", path: "/v1/demo/retention"},
	{rpc: "GetFunnel", method: "POST", path: "/v1/demo/funnels:get", body: `{"unit": "UNIT_ORDER", "steps": [{"filter": {"kinds": ["order.placed"]}}, {"filter": {"kinds": ["order.delivered"]}, "within": "172800s"}]}`},
	{rpc: "GetPaths", method: "POST", path: "/v1/demo/paths:get", body: `{"collapseRepeats": true}`},
	{rpc: "GetTransitions", method: "POST", path: "/v1/demo/transitions:get", body: `{"top": 2}`},
	{rpc: "GetStageDurations", method: "POST", path: "/v1/demo/durations:get", body: `{"unit": "UNIT_ORDER", "stages": [{"from": {"kinds": ["order.placed"]}, "to": {"kinds": ["order.delivered"]}}]}`},
	{rpc: "SealLake", method: "POST", path: "/v1/demo/lake:seal", body: `{"compact": true}`},
	{rpc: "ListLakeFiles", method: "GET", path: "/v1/demo/lake/files"},
}

func TestEveryRPCOfSegmentationInJSON(t *testing.T) {
	s := newSuite(t, nil)
	s.golden(t, segmentationv1.SegmentationService_ServiceDesc, tried(compared(paneled(peopleCalls))), func(rpc string) {
		switch rpc {
		case "ComputeRfm":
			s.bought(t)
		case "GetSegment":
			s.evaluated(t)
		case "CompareSegments":
			s.carded(t)
		case "GetErasure":
			s.erased(t)
		}
	}, nil)
}

// bought lets customer 1 buy something and waits until that is known: purchases follow
// Journey's log.
func (s *suite) bought(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := s.RecordEvents(ctx, &journeyv1.RecordEventsRequest{Brand: brand, Events: []*journeyv1.Event{{
		Source: "till", ExternalId: "1", Kind: "purchase", OccurredAt: timestamppb.New(time.Date(2026, 2, 20, 9, 0, 0, 0, time.UTC)),
		Actor:  &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 1}}},
		Amount: &commonv1.Money{Currency: "RUB", MinorUnits: 129900},
	}}})
	for err == nil {
		var got *segmentationv1.GetCustomerResponse
		got, err = s.GetCustomer(ctx, &segmentationv1.GetCustomerRequest{Brand: brand, Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 1}}})
		if got.GetCustomer().GetPurchases().GetPurchases() == 1 {
			return
		}
	}
	t.Fatal(err)
}

// evaluated waits until what is known of customers has had its effect on segments.
func (s *suite) evaluated(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		got, err := s.GetSegment(ctx, &segmentationv1.GetSegmentRequest{Brand: brand, SegmentId: "tver"})
		if err != nil {
			t.Fatal(err)
		}
		if got.GetAsOf() != nil {
			return
		}
	}
}

// erased waits until every service has erased its part: that follows the log.
func (s *suite) erased(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		got, err := s.GetErasure(ctx, &segmentationv1.GetErasureRequest{Brand: brand, Id: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got.GetErasure().GetComplete() {
			return
		}
	}
}

func TestEveryRPCOfJourneyInJSON(t *testing.T) {
	s := newSuite(t, nil)
	s.golden(t, journeyv1.JourneyService_ServiceDesc, eventCalls, func(rpc string) {
		if rpc == "ImportEvents" { // so that the outcome stands before it in the log
			s.judged(t, 1)
		}
	}, nil)
}

// judged waits until so many orders are judged: outcomes follow the log.
func (s *suite) judged(t *testing.T, n int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		got, err := s.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		if got.GetTotal().GetOrders() >= n {
			return
		}
	}
}
