package loyalty

import (
	"context"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/several"
)

// BatchGetRedemptionRates reads several rates in one call.
func (s *Server) BatchGetRedemptionRates(ctx context.Context, in *loyaltyv1.BatchGetRedemptionRatesRequest) (*loyaltyv1.BatchGetRedemptionRatesResponse, error) {
	if _, err := s.enter(ctx, in.GetBrand(), access.Read); err != nil {
		return nil, err
	}
	out := &loyaltyv1.BatchGetRedemptionRatesResponse{Results: make([]*loyaltyv1.BatchedRedemptionRate, len(in.GetRequests()))}
	err := several.Answer(ctx, in.GetBrand(), in.GetRequests(), s.GetRedemptionRate, func(i int, got *loyaltyv1.GetRedemptionRateResponse, why *spb.Status) {
		out.Results[i] = &loyaltyv1.BatchedRedemptionRate{Rate: got, Error: why}
	})
	if err != nil {
		return nil, err
	}
	for _, one := range out.GetResults() {
		out.AsOf = several.Earliest(out.GetAsOf(), one.GetRate().GetAsOf())
	}
	return out, nil
}
