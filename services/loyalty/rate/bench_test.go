package rate

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// spending is an entry as tills make them.
func spending() *loyaltyv1.EntryRecord {
	at := timestamppb.New(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	part := &loyaltyv1.LotPart{LotId: "12345.0", CustomerId: 777, Points: 30, EarnedAt: at, ExpiresAt: timestamppb.New(at.AsTime().AddDate(1, 0, 0))}
	return &loyaltyv1.EntryRecord{
		Movement: &loyaltyv1.Movement{
			ProgrammeId: "club", Kind: loyaltyv1.MovementKind_MOVEMENT_KIND_REDEEM, CustomerId: 777, OccurredAt: at, Taken: []*loyaltyv1.LotPart{part},
			Postings: []*loyaltyv1.Posting{
				{Account: loyaltyv1.AccountKind_ACCOUNT_KIND_AVAILABLE, CustomerId: 777, Points: -30},
				{Account: loyaltyv1.AccountKind_ACCOUNT_KIND_REDEEMED, Points: 30},
			},
		},
		Request: &loyaltyv1.EntryRecord_Redeem{Redeem: &loyaltyv1.RedeemRequest{Points: 30, Origin: &loyaltyv1.Origin{OrderId: "o1", Channel: 3}}},
	}
}

// BenchmarkPack is what counting adds to writing an entry.
func BenchmarkPack(b *testing.B) {
	zone, err := calendar.Load("Europe/Moscow")
	if err != nil {
		b.Fatal(err)
	}
	r := spending()
	b.ReportAllocs()
	for b.Loop() {
		Pack(r, zone)
	}
}

// BenchmarkApply is what an entry costs in all slabs of its day that are in memory.
func BenchmarkApply(b *testing.B) {
	zone, err := calendar.Load("Europe/Moscow")
	if err != nil {
		b.Fatal(err)
	}
	f := &feed.Fact{Kind: record.Movement, Data: Pack(spending(), zone)}
	slabs := map[string]interface{ Apply(int32, *Fact) }{}
	for _, m := range measuresOf("club") {
		slabs[m] = New(m)
	}
	var into []string
	b.ReportAllocs()
	for b.Loop() {
		fact, _, err := Decode("demo", f)
		if err != nil {
			b.Fatal(err)
		}
		into = Measures(fact, 0, into[:0])
		for _, m := range into {
			slabs[m].Apply(0, fact)
		}
	}
}
