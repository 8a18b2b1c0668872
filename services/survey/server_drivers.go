package survey

import (
	"context"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey/sight"
)

// GetDrivers tells which parameters move a score.
func (s *Server) GetDrivers(ctx context.Context, in *surveyv1.GetDriversRequest) (*surveyv1.GetDriversResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Read)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if in, err = see.Drivers(in); err != nil {
		return nil, err
	}
	if err := s.ofPeople(ctx, b, in.GetScope()); err != nil {
		return nil, err
	}
	out, err := b.asked.GetDrivers(ctx, in, s.clock())
	if err != nil {
		return nil, floor.Lost("read drivers", err)
	}
	side := &surveyv1.MetricSide{Window: in.GetWindow(), Scope: in.GetScope()}
	few, err := s.fewOf(ctx, b, see, in.GetMetric(), 0, side, out.GetN())
	if err != nil || !few {
		return out, err
	}
	return &surveyv1.GetDriversResponse{Score: sight.Hidden(), Metric: out.GetMetric(), AsOf: out.GetAsOf()}, nil
}
