package loyalty

import (
	"context"
	"fmt"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/several"
)

// BatchGetRedemptionRates reads several rates in one call.
func (s *Server) BatchGetRedemptionRates(ctx context.Context, in *loyaltyv1.BatchGetRedemptionRatesRequest) (*loyaltyv1.BatchGetRedemptionRatesResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	out := &loyaltyv1.BatchGetRedemptionRatesResponse{}
	err = several.AnswerOf(ctx, in.GetBrand(), in.GetRequests(), func(asked []*loyaltyv1.GetRedemptionRateRequest) (_ []*loyaltyv1.GetRedemptionRateRequest, err error) {
		if in.GetEachProgramme() {
			asked, err = ofEach(b.defined.Load().programmes.List(), asked)
		}
		for _, one := range asked {
			out.Results = append(out.Results, &loyaltyv1.BatchedRedemptionRate{ProgrammeId: one.GetScope().GetProgrammeId()})
		}
		return asked, err
	}, s.GetRedemptionRate, func(i int, got *loyaltyv1.GetRedemptionRateResponse, why *spb.Status) {
		out.Results[i].Rate, out.Results[i].Error = got, why
	})
	if err != nil {
		return nil, err
	}
	for _, one := range out.GetResults() {
		out.AsOf = several.Earliest(out.GetAsOf(), one.GetRate().GetAsOf())
	}
	return out, nil
}

// ofEach asks each question about every programme.
func ofEach(programmes []*loyaltyv1.Programme, asked []*loyaltyv1.GetRedemptionRateRequest) ([]*loyaltyv1.GetRedemptionRateRequest, error) {
	f := fault.Invalid()
	var out []*loyaltyv1.GetRedemptionRateRequest
	for i, one := range asked {
		if one.GetScope().GetProgrammeId() != "" {
			f.Field(fmt.Sprintf("requests[%d].scope.programme_id", i), "must be empty where each programme is asked about")
		}
		for _, p := range programmes {
			question := proto.CloneOf(one) // requests are shared
			if question.GetScope() == nil {
				question.Scope = &loyaltyv1.RateScope{}
			}
			question.Scope.ProgrammeId = p.GetId()
			out = append(out, question)
		}
	}
	return out, f.Err()
}
