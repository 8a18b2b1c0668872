package loyalty_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Several rates at once are those told alone; what is wrong with one is told in its place.
func TestBatchGetRedemptionRates(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		earned(t, r, "a", 1, 100, "o1")
		if _, err := redeem(t, r, "b", 1, 30, "o2"); err != nil {
			t.Fatal(err)
		}
		of := &loyaltyv1.RateScope{ProgrammeId: club}
		in := []*loyaltyv1.GetRedemptionRateRequest{
			{Scope: of}, {Brand: brand, Scope: of, Split: loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL},
			{Scope: &loyaltyv1.RateScope{ProgrammeId: club, Dates: &commonv1.DateRange{Start: "2020-01-01", End: "2020-02-01"}}},
			{Scope: &loyaltyv1.RateScope{ProgrammeId: "none"}}, {Scope: &loyaltyv1.RateScope{ProgrammeId: club, Tiers: []string{"gold"}}}, {},
		}
		got, err := r.BatchGetRedemptionRates(t.Context(), &loyaltyv1.BatchGetRedemptionRatesRequest{Brand: brand, Requests: in})
		if err != nil {
			t.Fatal(err)
		}
		for i, one := range in {
			one = proto.CloneOf(one)
			one.Brand = brand
			want, err := r.GetRedemptionRate(t.Context(), one)
			have := got.GetResults()[i]
			if err == nil != (i < 3) || err == nil && !proto.Equal(want, have.GetRate()) || codes.Code(have.GetError().GetCode()) != fault.Code(err) {
				t.Errorf("%v: %v, alone %v (%v)", one, have, want, err)
			}
		}
		if total := got.GetResults()[0].GetRate().GetTotal(); total.GetSpent() != 30 || total.GetIssued() != 100 || got.GetAsOf() == nil {
			t.Errorf("%v as of %v", total, got.GetAsOf())
		}
		if _, err := r.CreateProgramme(t.Context(), &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: &loyaltyv1.Programme{Id: "also"}}); err != nil {
			t.Fatal(err)
		}
		each := []*loyaltyv1.GetRedemptionRateRequest{{}, {Split: loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL}}
		got, err = r.BatchGetRedemptionRates(t.Context(), &loyaltyv1.BatchGetRedemptionRatesRequest{Brand: brand, Requests: each, EachProgramme: true})
		if err != nil || len(got.GetResults()) != 4 {
			t.Fatal(got, err)
		}
		for i, have := range got.GetResults() {
			of := []string{"also", club}[i%2]
			want, err := r.GetRedemptionRate(t.Context(), &loyaltyv1.GetRedemptionRateRequest{Brand: brand, Scope: &loyaltyv1.RateScope{ProgrammeId: of}, Split: each[i/2].GetSplit()})
			if err != nil || have.GetProgrammeId() != of || !proto.Equal(want, have.GetRate()) {
				t.Errorf("%v, alone %v (%v)", have, want, err)
			}
		}
		_, err = r.BatchGetRedemptionRates(t.Context(), &loyaltyv1.BatchGetRedemptionRatesRequest{Brand: brand, Requests: in, EachProgramme: true})
		if e := fault.From(err); e == nil || len(e.Fields) != 5 || e.Fields[0].Path != "requests[0].scope.programme_id" {
			t.Error("programmes are named:", err)
		}
		_, err = r.BatchGetRedemptionRates(t.Context(), &loyaltyv1.BatchGetRedemptionRatesRequest{Brand: brand})
		if fault.Code(err) != codes.InvalidArgument {
			t.Error("nothing is asked:", err)
		}
	})
}
