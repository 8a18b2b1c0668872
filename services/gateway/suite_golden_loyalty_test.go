package gateway_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// club is a programme as a program without gRPC writes it.
const club = `"titles": {"en": "Club"}, "lifetime": {"expireMonths": 12}, "fromJourney": true, "effectiveFrom": "2026-01-01T00:00:00Z",
		"earning": [{"name": "all", "points": "1", "perMinorUnits": "100", "withTier": true}, {"name": "skin", "categories": ["skin"], "points": "1", "perMinorUnits": "50", "capPerPurchase": "10"}],
		"tiers": {"basis": "BASIS_SPENT", "tiers": [{"name": "insider"}, {"name": "vip", "threshold": "35000", "multiplierBp": 12500}]}`

// pointCalls are a life of a programme and its members.
var pointCalls = []call{
	{rpc: "CreateProgramme", method: "POST", path: "/v1/demo/programmes", body: `{"id": "club", ` + club + `}`},
	{rpc: "UpdateProgramme", method: "PUT", path: "/v1/demo/programmes/club", body: `{"version": 1, "spending": {"pointValue": "1", "minPoints": "10"}, ` + club + `}`},
	{rpc: "GetProgramme", method: "GET", path: "/v1/demo/programmes/club"},
	{rpc: "ListProgrammes", method: "GET", path: "/v1/demo/programmes"},
	{rpc: "Earn", method: "POST", path: "/v1/demo/programmes/club/points:earn", body: `{"requestId": "e1", "customer": {"id": "7"}, "points": "500", "spent": "50000",
		"origin": {"orderId": "a1", "lineId": "1", "channel": "CHANNEL_WEB"}, "occurredAt": "2026-02-20T09:00:00Z"}`},
	{rpc: "Redeem", method: "POST", path: "/v1/demo/programmes/club/points:redeem", body: `{"requestId": "r1", "customer": {"id": "7"}, "points": "100", "origin": {"orderId": "a2"}}`},
	{rpc: "Hold", method: "POST", path: "/v1/demo/programmes/club/points:hold", body: `{"requestId": "h1", "customer": {"id": "7"}, "points": "50", "seconds": 600}`},
	{rpc: "ListHolds", method: "GET", path: "/v1/demo/customers/7/holds"},
	{rpc: "Capture", method: "POST", path: "/v1/demo/holds/{hold}:capture", body: `{"requestId": "c1", "points": "20"}`},
	{rpc: "Void", method: "POST", path: "/v1/demo/holds/{hold}:void", body: `{"requestId": "v1"}`},
	{rpc: "Reverse", method: "POST", path: "/v1/demo/programmes/club/points:reverse", body: `{"requestId": "b1", "customer": {"id": "7"}, "origin": {"orderId": "a1", "lineId": "1"}, "keepEarned": "450"}`},
	{rpc: "Adjust", method: "POST", path: "/v1/demo/programmes/club/points:adjust", body: `{"requestId": "j1", "customer": {"id": "7"}, "points": "25", "reason": "the till was down"}`},
	{rpc: "Transfer", method: "POST", path: "/v1/demo/programmes/club/points:transfer", body: `{"requestId": "t1", "from": {"id": "7"}, "to": {"id": "8"}, "points": "40"}`},
	{rpc: "Activate", method: "POST", path: "/v1/demo/programmes/club/points:activate", body: `{"requestId": "a1", "customer": {"id": "7"}, "origin": {"orderId": "a1"}}`},
	{rpc: "Expire", method: "POST", path: "/v1/demo/points:expire", body: `{}`},
	{rpc: "BatchPost", method: "POST", path: "/v1/points:post", lines: 1, body: `{"brand": "demo", "items": [
		{"earn": {"requestId": "p1", "programmeId": "club", "customer": {"id": "8"}, "points": "10"}},
		{"redeem": {"requestId": "p2", "programmeId": "club", "customer": {"id": "9"}, "points": "10"}}]}`},
	{rpc: "GetBalance", method: "GET", path: "/v1/demo/programmes/club/balances/7"},
	{rpc: "ListEntries", method: "GET", path: "/v1/demo/customers/8/entries?pageSize=1"},
	{rpc: "WatchEntries", method: "GET", path: "/v1/demo/entries:watch", lines: 1},
	{rpc: "ExamineEarn", method: "POST", path: "/v1/demo/programmes/club/earnings:examine", body: `{"customer": {"id": "7"}, "channel": "CHANNEL_STORE",
		"lines": [{"category": "skin", "amount": "1990"}, {"amount": "250"}]}`},
	{rpc: "ExplainTier", method: "GET", path: "/v1/demo/programmes/club/tiers/7"},
	{rpc: "GetAccount", method: "GET", path: "/v1/demo/programmes/club/accounts/7"},
	{rpc: "ListUnmatchedReturns", method: "GET", path: "/v1/demo/unmatched-returns"},
}

func TestEveryRPCOfLoyaltyInJSON(t *testing.T) {
	s := newSuite(t, nil)
	s.golden(t, loyaltyv1.LoyaltyService_ServiceDesc, slices.Concat(pointCalls, rateCalls, rewardCalls), func(rpc string) {
		switch rpc {
		case "ListUnmatchedReturns":
			s.broughtBack(t)
		case "GetLoyaltyImpact":
			s.receipts(t)
		}
	}, nil)
}

// broughtBack lets customer 7 bring something back that nobody bought, and waits until
// that is known: returns follow Journey's log.
func (s *suite) broughtBack(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := s.RecordEvents(ctx, &journeyv1.RecordEventsRequest{Brand: brand, Events: []*journeyv1.Event{{
		Source: "till", ExternalId: "1", Kind: "return", OccurredAt: timestamppb.New(time.Date(2026, 2, 20, 9, 0, 0, 0, time.UTC)),
		Actor: &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 7}}},
		Lines: []*journeyv1.Line{{Sku: "tea", QuantityMilli: 2000, Amount: &commonv1.Money{Currency: "RUB", MinorUnits: 29900}}},
	}}})
	for err == nil {
		var got *loyaltyv1.ListUnmatchedReturnsResponse
		got, err = s.ListUnmatchedReturns(ctx, &loyaltyv1.ListUnmatchedReturnsRequest{Brand: brand})
		if len(got.GetReturns()) > 0 {
			return
		}
	}
	t.Fatal(err)
}
