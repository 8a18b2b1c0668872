package gateway_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// rateCalls ask what the life of a programme came to.
var rateCalls = []call{
	{rpc: "BatchGetRedemptionRates", method: "POST", path: "/v1/demo/redemption-rates:batchGet", body: `{"requests": [{"scope": {"programmeId": "club"}, "split": "RATE_SPLIT_CHANNEL"}, {"scope": {"programmeId": "none"}}]}`},
	{rpc: "GetRedemptionRate", method: "GET", path: "/v1/demo/programmes/club/redemption-rate?split=RATE_SPLIT_CHANNEL&cohorts=true"},
	{rpc: "GetLiability", method: "GET", path: "/v1/demo/programmes/club/liability"},
	{rpc: "GetBreakage", method: "GET", path: "/v1/demo/programmes/club/breakage?dates.start=2026-01-01&dates.end=2026-04-01"},
	{rpc: "GetParticipation", method: "GET", path: "/v1/demo/programmes/club/participation?dates.start=2026-02-01&dates.end=2026-04-01&grain=GRAIN_MONTH"},
	{rpc: "GetTierFlow", method: "GET", path: "/v1/demo/programmes/club/tier-flow?from=2026-02-01"},
	{rpc: "GetLoyaltyImpact", method: "GET", path: "/v1/demo/programmes/club/impact"},
}

// bought lets two customers buy before there was a programme, and a member around joining,
// and waits until that is known: receipts follow Journey's log.
func (s *suite) receipts(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var events []*journeyv1.Event
	buy := func(who int64, day string, amount int64) {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, &journeyv1.Event{
			Source: "till", ExternalId: fmt.Sprint("b", len(events)), Kind: "purchase", OccurredAt: timestamppb.New(at.Add(9 * time.Hour)),
			Actor:  &journeyv1.Event_Customer{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: who}}},
			Amount: &commonv1.Money{Currency: "RUB", MinorUnits: amount},
		})
	}
	buy(21, "2025-09-03", 150000)
	buy(21, "2025-12-20", 90000)
	buy(22, "2025-12-21", 40000)
	buy(7, "2025-12-22", 100000)
	buy(7, "2026-02-19", 50000)
	buy(7, "2026-02-21", 70000)
	buy(8, "2025-12-30", 60000)
	_, err := s.RecordEvents(ctx, &journeyv1.RecordEventsRequest{Brand: brand, Events: events})
	for err == nil {
		var got *loyaltyv1.GetLoyaltyImpactResponse
		got, err = s.GetLoyaltyImpact(ctx, &loyaltyv1.GetLoyaltyImpactRequest{Brand: brand, ProgrammeId: "club"})
		if lines := got.GetAgainstOthers(); len(lines) > 1 && lines[1].GetNBase()+lines[1].GetN() == int64(len(events)) {
			return
		}
	}
	t.Fatal(err)
}
