package journey

import (
	"context"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/several"
)

// BatchGetMeasures reads several measures in one call.
func (s *Server) BatchGetMeasures(ctx context.Context, in *journeyv1.BatchGetMeasuresRequest) (*journeyv1.BatchGetMeasuresResponse, error) {
	if _, err := s.enter(ctx, in.GetBrand(), access.Read); err != nil {
		return nil, err
	}
	asked, brand := in.GetRequests(), in.GetBrand()
	out := &journeyv1.BatchGetMeasuresResponse{Results: make([]*journeyv1.BatchedMeasure, len(asked))}
	err := several.Each(ctx, brand, len(asked), func(i int) string {
		return asked[i].GetSuccessIndex().GetBrand() + asked[i].GetContactRate().GetBrand() // one is empty
	}, func(ctx context.Context, i int) (err error) {
		out.Results[i], err = s.batched(ctx, brand, asked[i])
		return err
	}, func(i int, why *spb.Status) {
		out.Results[i] = &journeyv1.BatchedMeasure{Measure: &journeyv1.BatchedMeasure_Error{Error: why}}
	})
	if err != nil {
		return nil, err
	}
	for _, one := range out.GetResults() {
		out.AsOf = several.Earliest(out.GetAsOf(), one.GetSuccessIndex().GetAsOf(), one.GetContactRate().GetAsOf())
	}
	return out, nil
}

// batched answers one question of several.
func (s *Server) batched(ctx context.Context, brand string, in *journeyv1.MeasureRequest) (*journeyv1.BatchedMeasure, error) {
	switch one := in.GetMeasure().(type) {
	case *journeyv1.MeasureRequest_SuccessIndex:
		got, err := several.Ask(ctx, brand, one.SuccessIndex, s.GetSuccessIndex)
		return &journeyv1.BatchedMeasure{Measure: &journeyv1.BatchedMeasure_SuccessIndex{SuccessIndex: got}}, err
	case *journeyv1.MeasureRequest_ContactRate:
		got, err := several.Ask(ctx, brand, one.ContactRate, s.GetContactRate)
		return &journeyv1.BatchedMeasure{Measure: &journeyv1.BatchedMeasure_ContactRate{ContactRate: got}}, err
	}
	return nil, fault.Invalid().Field("measure", "must be given").Err()
}
